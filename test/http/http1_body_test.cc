#include "source/http/http1_body.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::http {
namespace {

using namespace std::string_view_literals;
using Kind = BodyFraming::Kind;

struct Outcome {
  ParseState state = ParseState::kNeedMore;
  std::string payload;
  size_t consumed = 0;
  Refusal refusal;
};

// Decodes `text` in parts of `step` bytes, the first of `first`.
Outcome Decode(const BodyFraming& framing, std::string_view text, size_t first, size_t step) {
  Http1BodyDecoder decoder(framing);
  Outcome outcome;
  for (size_t size = first; !text.empty(); size = step) {
    std::string_view part = text.substr(0, size);
    while (!part.empty()) {
      const auto piece = decoder.Decode(part);
      outcome.payload.append(piece.payload.begin(), piece.payload.end());
      outcome.consumed += piece.consumed;
      part.remove_prefix(piece.consumed);
      if (piece.state != ParseState::kNeedMore) {
        return {piece.state, outcome.payload, outcome.consumed, decoder.refusal()};
      }
    }
    text.remove_prefix(std::min(size, text.size()));
  }
  outcome.state = decoder.state();
  return outcome;
}

Outcome DecodeWhole(const BodyFraming& framing, std::string_view text) {
  return Decode(framing, text, text.size(), text.size());
}

constexpr BodyFraming kChunked{.kind = Kind::kChunked};

TEST(Http1BodyTest, NoBodyIsDoneAtOnce) {
  EXPECT_EQ(Http1BodyDecoder({}).state(), ParseState::kDone);
  EXPECT_EQ(Http1BodyDecoder({.kind = Kind::kContentLength, .length = 0}).state(),
            ParseState::kDone);
  const Outcome outcome = DecodeWhole({}, "next");
  EXPECT_EQ(outcome.consumed, 0);
}

TEST(Http1BodyTest, TakesContentLengthAndNoMore) {
  const Outcome outcome = DecodeWhole({.kind = Kind::kContentLength, .length = 5}, "helloGET /");
  EXPECT_EQ(outcome.state, ParseState::kDone);
  EXPECT_EQ(outcome.payload, "hello");
  EXPECT_EQ(outcome.consumed, 5);
}

TEST(Http1BodyTest, KnowsATruncatedBody) {
  Http1BodyDecoder by_length({.kind = Kind::kContentLength, .length = 5});
  by_length.Decode("hell"sv);
  EXPECT_FALSE(by_length.complete_at_end_of_stream());
  by_length.Decode("o"sv);
  EXPECT_TRUE(by_length.complete_at_end_of_stream());

  Http1BodyDecoder chunked(kChunked);
  chunked.Decode("0\r\n\r"sv);
  EXPECT_FALSE(chunked.complete_at_end_of_stream());
  chunked.Decode("\n"sv);
  EXPECT_TRUE(chunked.complete_at_end_of_stream());
}

TEST(Http1BodyTest, TakesEverythingUntilClose) {
  Http1BodyDecoder decoder({.kind = Kind::kUntilClose});
  const auto piece = decoder.Decode("any\r\n"sv);
  EXPECT_EQ(piece.state, ParseState::kNeedMore);
  EXPECT_EQ(piece.payload.size(), 5);
  EXPECT_EQ(piece.consumed, 5);
  EXPECT_TRUE(decoder.complete_at_end_of_stream());
}

TEST(Http1BodyTest, JoinsChunksAndDropsTrailers) {
  const std::string_view text =
      "5\r\nhello\r\n00A\r\n, chunked \r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\nGET";
  const Outcome whole = DecodeWhole(kChunked, text);
  EXPECT_EQ(whole.state, ParseState::kDone) << whole.refusal.reason;
  EXPECT_EQ(whole.payload, "hello, chunked ");
  EXPECT_EQ(whole.consumed, text.size() - 3);
}

TEST(Http1BodyTest, PayloadIsAViewOfTheInput) {
  const std::string_view text = "3\r\nabc\r\n0\r\n\r\n";
  Http1BodyDecoder decoder(kChunked);
  EXPECT_EQ(decoder.Decode(text).payload.data(), text.data() + 3);
}

TEST(Http1BodyTest, JoinsAnyNumberOfChunks) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "01\r\nx\r\n";
  const Outcome outcome = DecodeWhole(kChunked, text + "0\r\n\r\n");
  EXPECT_EQ(outcome.state, ParseState::kDone);
  EXPECT_EQ(outcome.payload, std::string(100, 'x'));
}

TEST(Http1BodyTest, AcceptsTheLargestChunkSize) {
  EXPECT_EQ(DecodeWhole(kChunked, "ffffffffffffffff\r\nabc").payload, "abc");
}

TEST(Http1BodyTest, RefusesBadChunks) {
  const struct {
    const char* name;
    std::string_view text;
  } kCases[] = {
      {"no size", "\r\nabc"},
      {"no hexadecimal digit", "g\r\n"},
      {"sign", "+5\r\nhello"},
      {"minus sign", "-5\r\nhello"},
      {"prefix", "0x5\r\nhello"},
      {"space before the size", " 5\r\nhello"},
      {"space behind the size", "5 \r\nhello"},
      {"tab behind the size", "5\t\r\nhello"},
      {"extension", "5;a=b\r\nhello"},
      {"extension after a space", "5 ;a=b\r\nhello"},
      {"empty extension", "5;\r\nhello"},
      {"extension on the last chunk", "0;a\r\n\r\n"},
      {"17 digits", "00000000000000005\r\nhello"},
      {"size over 2^64-1", "10000000000000000\r\n"},
      {"bare LF after the size", "5\nhello"},
      {"bare CR after the size", "5\rhello"},
      {"NUL in the size", "5\0\r\n"sv},
      {"payload longer than its size", "4\r\nhello\r\n"},
      {"LF after the payload", "5\r\nhello\n0\r\n\r\n"},
      {"CR alone after the payload", "5\r\nhello\r0\r\n\r\n"},
      {"nothing after the payload", "5\r\nhello0\r\n\r\n"},
      {"LF for the last empty line", "0\r\n\n"},
      {"trailer without colon", "0\r\nGET / HTTP/1.1\r\n\r\n"},
      {"folded trailer", "0\r\nA: b\r\n c\r\n\r\n"},
      {"space before the colon of a trailer", "0\r\nA : b\r\n\r\n"},
      {"NUL in a trailer", "0\r\nA: \0\r\n\r\n"sv},
      {"bare CR in a trailer", "0\r\nA: b\rc\r\n\r\n"},
  };
  for (const auto& test : kCases) {
    const Outcome outcome = DecodeWhole(kChunked, test.text);
    EXPECT_EQ(outcome.state, ParseState::kError) << test.name;
    EXPECT_EQ(outcome.refusal.status, 400) << test.name;
    EXPECT_FALSE(outcome.refusal.reason.empty()) << test.name;
  }
}

TEST(Http1BodyTest, LimitsTrailers) {
  std::string text = "0\r\n";
  while (text.size() < Http1BodyDecoder::kMaxTrailerSize + 100) text += "Name: value\r\n";
  const Outcome outcome = DecodeWhole(kChunked, text);
  EXPECT_EQ(outcome.state, ParseState::kError);
  EXPECT_EQ(outcome.refusal.status, 431);
}

TEST(Http1BodyTest, CutsOfTheInputChangeNothing) {
  const std::string_view kTexts[] = {
      "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\nnext",
      "0\r\n\r\n",
      "5\r\nhello\r\n5;x\r\nhello\r\n0\r\n\r\n",
      "5\r\nhellooo\r\n0\r\n\r\n",
  };
  for (std::string_view text : kTexts) {
    const Outcome whole = DecodeWhole(kChunked, text);
    for (size_t cut = 1; cut <= text.size(); ++cut) {
      // Two parts, and as many of one byte as there are.
      for (size_t step : {text.size(), size_t{1}}) {
        const Outcome outcome = Decode(kChunked, text, cut, step);
        EXPECT_EQ(outcome.state, whole.state) << text;
        EXPECT_EQ(outcome.payload, whole.payload) << text;
        EXPECT_EQ(outcome.consumed, whole.consumed) << text;
      }
    }
  }
}

}  // namespace
}  // namespace culvert::http
