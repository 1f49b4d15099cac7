#include "source/http/http1_serializer.h"

#include <gtest/gtest.h>

#include "source/http/http1_body.h"
#include "source/http/http1_request_parser.h"
#include "source/http/http1_response_parser.h"

namespace culvert::http {
namespace {

using namespace std::string_view_literals;

TEST(Http1SerializerTest, WritesAResponseHead) {
  HeaderList fields;
  fields.Add("Content-Length", "0");
  fields.Add("X-Empty", "");
  std::string out;
  AppendResponseHead(407, fields, out);
  EXPECT_EQ(out,
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nX-Empty: \r\n\r\n");
}

TEST(Http1SerializerTest, WritesAStatusWithoutPhrase) {
  std::string out;
  AppendResponseHead(299, {}, out);
  EXPECT_EQ(out, "HTTP/1.1 299 \r\n\r\n");
}

TEST(Http1SerializerTest, WritesNoStatusThatIsNone) {
  for (int status : {-1, 0, 99, 600, 1000}) {
    std::string out;
    AppendResponseHead(status, {}, out);
    EXPECT_EQ(out, "HTTP/1.1 500 Internal Server Error\r\n\r\n");
  }
}

TEST(Http1SerializerTest, HasAPhraseForEachStatusThatTheProxyAnswers) {
  for (int status : {100, 200, 400, 401, 403, 404, 405, 407, 408, 413,
                     414, 417, 429, 431, 500, 501, 502, 503, 504, 505}) {
    EXPECT_FALSE(ReasonPhrase(status).empty()) << status;
  }
}

TEST(Http1SerializerTest, WritesARequestHead) {
  HeaderList fields;
  fields.Add("Host", "h:443");
  std::string out = "before";
  EXPECT_TRUE(AppendRequestHead("CONNECT", "h:443", fields, out));
  EXPECT_EQ(out, "beforeCONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
}

TEST(Http1SerializerTest, RefusesARequestLineThatBreaksOut) {
  const struct {
    std::string_view method;
    std::string_view target;
  } kCases[] = {
      {"", "/"},      {"GET", ""},         {"GE T", "/"},    {"GET\r\n", "/"},
      {"GET", "/ x"}, {"GET", "/\r\nA:b"}, {"GET", "/\0"sv}, {"GET", "/\n"},
  };
  for (const auto& test : kCases) {
    std::string out;
    EXPECT_FALSE(AppendRequestHead(test.method, test.target, {}, out));
    EXPECT_EQ(out, "");
  }
}

TEST(Http1SerializerTest, ParsersReadWhatItWrites) {
  HeaderList fields;
  fields.Add("Host", "example.com");
  fields.Add("Transfer-Encoding", "chunked");
  std::string request;
  AppendRequestHead("POST", "/a?b", fields, request);
  Http1RequestParser request_parser;
  ASSERT_EQ(request_parser.Feed(request).state, ParseState::kDone);
  EXPECT_EQ(request_parser.TakeHead().target, "/a?b");

  std::string response;
  AppendResponseHead(200, fields, response);
  Http1ResponseParser response_parser("POST");
  ASSERT_EQ(response_parser.Feed(response).state, ParseState::kDone);
  EXPECT_EQ(response_parser.TakeHead().reason, "OK");
}

TEST(Http1SerializerTest, FramesChunks) {
  EXPECT_EQ(ChunkHeader(1).text(), "1\r\n");
  EXPECT_EQ(ChunkHeader(0x1a2b).text(), "1a2b\r\n");
  EXPECT_EQ(ChunkHeader(UINT64_MAX).text(), "ffffffffffffffff\r\n");

  const std::string payload(300, 'x');
  std::string wire(ChunkHeader(payload.size()).text());
  wire.append(payload).append(kChunkEnd).append(kLastChunk);
  Http1BodyDecoder decoder({.kind = BodyFraming::Kind::kChunked});
  const auto first = decoder.Decode(wire);
  EXPECT_EQ(std::string(first.payload.begin(), first.payload.end()), payload);
  const auto last = decoder.Decode(std::string_view(wire).substr(first.consumed));
  EXPECT_EQ(last.state, ParseState::kDone);
  EXPECT_EQ(first.consumed + last.consumed, wire.size());
}

}  // namespace
}  // namespace culvert::http
