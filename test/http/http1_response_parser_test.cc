#include "source/http/http1_response_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "test/http/head_text.h"

namespace culvert::http {
namespace {

using namespace std::string_view_literals;
using Kind = BodyFraming::Kind;

ResponseHead ParseGood(std::string_view text, std::string_view method = "GET") {
  Http1ResponseParser parser(method);
  const ParseResult result = parser.Feed(text);
  EXPECT_EQ(result.state, ParseState::kDone) << text << ": " << parser.refusal().reason;
  EXPECT_EQ(result.consumed, text.size());
  return parser.TakeHead();
}

TEST(Http1ResponseParserTest, ReadsEachPartOfAResponse) {
  const ResponseHead head =
      ParseGood("HTTP/1.1 404 Not  Found\r\nServer: x\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.reason, "Not  Found");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.Find("server"), "x");
  EXPECT_EQ(head.framing.kind, Kind::kContentLength);
  EXPECT_EQ(head.framing.length, 7);
  EXPECT_TRUE(head.keep_alive);
}

TEST(Http1ResponseParserTest, AcceptsAMissingReason) {
  EXPECT_EQ(ParseGood("HTTP/1.1 200\r\n\r\n").reason, "");
  EXPECT_EQ(ParseGood("HTTP/1.1 200 \r\n\r\n").reason, "");
}

TEST(Http1ResponseParserTest, ReadsFramingByRequestAndStatus) {
  const struct {
    const char* name;
    std::string_view method;
    std::string_view text;
    Kind kind;
  } kCases[] = {
      {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", Kind::kContentLength},
      {"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Kind::kChunked},
      {"neither", "GET", "HTTP/1.1 200 OK\r\n\r\n", Kind::kUntilClose},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", Kind::kNone},
      {"HEAD without length", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", Kind::kNone},
      {"100", "GET", "HTTP/1.1 100 Continue\r\n\r\n", Kind::kNone},
      {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", Kind::kNone},
      {"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\n", Kind::kNone},
      {"tunnel", "CONNECT", "HTTP/1.1 200 OK\r\n\r\n", Kind::kNone},
      {"tunnel with a length", "CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
       Kind::kNone},
      {"refused CONNECT", "CONNECT", "HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\n",
       Kind::kContentLength},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ParseGood(test.text, test.method).framing.kind, test.kind) << test.name;
  }
}

TEST(Http1ResponseParserTest, KeepsTheConnectionUnlessItEndsTheBody) {
  EXPECT_FALSE(ParseGood("HTTP/1.1 200 OK\r\n\r\n").keep_alive);
  EXPECT_FALSE(ParseGood("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
  EXPECT_FALSE(
      ParseGood("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n").keep_alive);
  EXPECT_TRUE(ParseGood("HTTP/1.1 204 No Content\r\n\r\n").keep_alive);
}

TEST(Http1ResponseParserTest, ReadsTheFinalResponseAfterInterimOnes) {
  std::string_view rest =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nnext";
  Http1ResponseParser parser("GET");
  for (int status : {100, 103, 200}) {
    const ParseResult result = parser.Feed(rest);
    ASSERT_EQ(result.state, ParseState::kDone);
    rest.remove_prefix(result.consumed);
    const ResponseHead head = parser.TakeHead();
    EXPECT_EQ(head.status, status);
    EXPECT_EQ(head.interim(), status < 200);
  }
  EXPECT_EQ(rest, "next");
  EXPECT_FALSE(ParseGood("HTTP/1.1 101 Switching Protocols\r\n\r\n").interim());
}

TEST(Http1ResponseParserTest, RefusesWith502) {
  const struct {
    const char* name;
    std::string_view text;
  } kCases[] = {
      {"no HTTP", "SSH-2.0-x\r\n"},
      {"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"},
      {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"},
      {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
      {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
      {"status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n"},
      {"status under 100", "HTTP/1.1 099 OK\r\n\r\n"},
      {"status over 599", "HTTP/1.1 600 OK\r\n\r\n"},
      {"two spaces", "HTTP/1.1  200 OK\r\n\r\n"},
      {"control character in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n"},
      {"bare LF", "HTTP/1.1 200 OK\n\r\n"},
      {"bare CR", "HTTP/1.1 200 O\rK\r\n\r\n"},
      {"obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
      {"space before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n"},
      {"both lengths",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"the same length twice",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
      {"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
  };
  for (const auto& test : kCases) {
    Http1ResponseParser parser("GET");
    EXPECT_EQ(parser.Feed(test.text).state, ParseState::kError) << test.name;
    EXPECT_EQ(parser.refusal().status, 502) << test.name;
    EXPECT_FALSE(parser.refusal().reason.empty()) << test.name;
  }
}

TEST(Http1ResponseParserTest, LimitsSizeAndNumberOfHeaders) {
  const std::string_view text = "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n";
  Http1ResponseParser fits("GET", {.max_head_size = text.size(), .max_headers = 2});
  EXPECT_EQ(fits.Feed(text).state, ParseState::kDone);
  Http1ResponseParser too_small("GET", {.max_head_size = text.size() - 1});
  EXPECT_EQ(too_small.Feed(text).state, ParseState::kError);
  Http1ResponseParser too_few("GET", {.max_headers = 1});
  EXPECT_EQ(too_few.Feed(text).state, ParseState::kError);
}

TEST(Http1ResponseParserTest, CutsOfTheInputChangeNothing) {
  const std::string_view text =
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA:\r\nConnection: close\r\n\r\nabc";
  Http1ResponseParser parser("GET");
  const size_t whole_size = parser.Feed(text).consumed;
  const std::string whole = Describe(parser.TakeHead());
  for (size_t cut = 1; cut < whole_size; ++cut) {
    Http1ResponseParser cut_parser("GET");
    ASSERT_EQ(cut_parser.Feed(text.substr(0, cut)).state, ParseState::kNeedMore);
    EXPECT_EQ(cut_parser.Feed(text.substr(cut)).consumed, whole_size - cut);
    EXPECT_EQ(Describe(cut_parser.TakeHead()), whole);
  }
  Http1ResponseParser byte_parser("GET");
  for (char c : text.substr(0, whole_size)) byte_parser.Feed({&c, 1});
  EXPECT_EQ(Describe(byte_parser.TakeHead()), whole);
}

}  // namespace
}  // namespace culvert::http
