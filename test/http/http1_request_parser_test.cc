#include "source/http/http1_request_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/http/head_text.h"

namespace culvert::http {
namespace {

using namespace std::string_view_literals;

RequestHead ParseGood(std::string_view text, const HeadLimits& limits = {}) {
  Http1RequestParser parser(limits);
  const ParseResult result = parser.Feed(text);
  EXPECT_EQ(result.state, ParseState::kDone) << text << ": " << parser.refusal().reason;
  EXPECT_EQ(result.consumed, text.size()) << text;
  return parser.TakeHead();
}

int RefusedStatus(std::string_view text, const HeadLimits& limits = {}) {
  Http1RequestParser parser(limits);
  return parser.Feed(text).state == ParseState::kError ? parser.refusal().status : 0;
}

TEST(Http1RequestParserTest, ReadsEachPartOfARequest) {
  const RequestHead head = ParseGood(
      "POST /a/b?c=d HTTP/1.1\r\nHost: Example.com:8080\r\nX-Empty:\r\nX-Padded: \t v w \t\r\n"
      "Content-Length: 12\r\n\r\n");
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/a/b?c=d");
  EXPECT_EQ(head.path, "/a/b?c=d");
  EXPECT_EQ(head.target_form, TargetForm::kOrigin);
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.host, "Example.com:8080");
  EXPECT_EQ(head.authority.host, "Example.com");
  EXPECT_EQ(head.authority.port, 8080);
  EXPECT_EQ(head.framing.kind, BodyFraming::Kind::kContentLength);
  EXPECT_EQ(head.framing.length, 12);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_EQ(head.fields.size(), 4);
  EXPECT_EQ(head.fields[1].name, "X-Empty");
  EXPECT_EQ(head.fields[1].value, "");
  EXPECT_EQ(head.Find("x-padded"), "v w");
  EXPECT_EQ(head.Find("absent"), std::nullopt);
}

TEST(Http1RequestParserTest, HeadOutlivesParserAndMoves) {
  auto parser = std::make_unique<Http1RequestParser>();
  parser->Feed("GET /stays HTTP/1.1\r\nHost: h\r\n\r\n"sv);
  RequestHead first = parser->TakeHead();
  parser.reset();
  const RequestHead second = std::move(first);
  EXPECT_EQ(second.target, "/stays");
  EXPECT_EQ(second.Find("host"), "h");
}

TEST(Http1RequestParserTest, ReadsAbsoluteForm) {
  const RequestHead head = ParseGood("GET http://[::1]:81/x?y HTTP/1.1\r\nHost: [::1]:81\r\n\r\n");
  EXPECT_EQ(head.target_form, TargetForm::kAbsolute);
  EXPECT_EQ(head.host, "[::1]:81");
  EXPECT_EQ(head.authority.host, "::1");
  EXPECT_EQ(head.path, "/x?y");
  EXPECT_EQ(ParseGood("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").path, "/");
  EXPECT_EQ(ParseGood("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n").path, "?q");
}

TEST(Http1RequestParserTest, HostOfAbsoluteFormMayDifferInCaseAndDefaultPort) {
  ParseGood("GET http://Host.Example/ HTTP/1.1\r\nHost: host.example\r\n\r\n");
  ParseGood("GET http://h:80/ HTTP/1.1\r\nHost: h\r\n\r\n");
  ParseGood("GET https://h/ HTTP/1.1\r\nHost: h:443\r\n\r\n");
}

TEST(Http1RequestParserTest, ReadsConnect) {
  const RequestHead head =
      ParseGood("CONNECT example.com:443 HTTP/1.1\r\nHost: other\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(head.target_form, TargetForm::kAuthority);
  EXPECT_EQ(head.host, "example.com:443");
  EXPECT_EQ(head.authority.host, "example.com");
  EXPECT_EQ(head.authority.port, 443);
  EXPECT_EQ(head.path, "");
  EXPECT_EQ(head.framing.kind, BodyFraming::Kind::kNone);

  EXPECT_EQ(ParseGood("CONNECT [2001:db8::1]:22 HTTP/1.0\r\n\r\n").authority.host, "2001:db8::1");
}

TEST(Http1RequestParserTest, LeavesEarlyBytesAfterConnectToTheTunnel) {
  const std::string_view head = "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n";
  Http1RequestParser parser;
  const ParseResult result = parser.Feed(std::string(head) + "\x16\x03\x01\r\n\r\n");
  EXPECT_EQ(result.state, ParseState::kDone);
  EXPECT_EQ(result.consumed, head.size());
}

TEST(Http1RequestParserTest, ReadsPipelinedRequestsOneByOne) {
  const std::string text =
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "\r\nGET /2 HTTP/1.1\r\nHost: h\r\nX: 2\r\n\r\n"
      "\r\nGET /3 HTTP/1.0\r\n\r\n";
  std::string_view rest = text;
  Http1RequestParser parser;
  for (std::string_view target : {"/1", "/2", "/3"}) {
    const ParseResult result = parser.Feed(rest);
    ASSERT_EQ(result.state, ParseState::kDone) << parser.refusal().reason;
    rest.remove_prefix(result.consumed);
    EXPECT_EQ(parser.TakeHead().target, target);
  }
  EXPECT_EQ(rest, "");
}

TEST(Http1RequestParserTest, FeedsNothingMoreUntilTheHeadIsTaken) {
  Http1RequestParser parser;
  parser.Feed("GET / HTTP/1.0\r\n\r\n"sv);
  const ParseResult again = parser.Feed("GET /next HTTP/1.0\r\n\r\n"sv);
  EXPECT_EQ(again.state, ParseState::kDone);
  EXPECT_EQ(again.consumed, 0);
  EXPECT_EQ(parser.TakeHead().target, "/");
}

TEST(Http1RequestParserTest, ErrorIsFinal) {
  Http1RequestParser parser;
  EXPECT_EQ(parser.Feed("bad\r\n"sv).state, ParseState::kError);
  EXPECT_EQ(parser.Feed("GET / HTTP/1.0\r\n\r\n"sv).state, ParseState::kError);
}

TEST(Http1RequestParserTest, KnowsWhetherAHeadHasBegun) {
  Http1RequestParser parser;
  EXPECT_FALSE(parser.mid_head());
  parser.Feed("\r\n"sv);
  EXPECT_FALSE(parser.mid_head());
  parser.Feed("G"sv);
  EXPECT_TRUE(parser.mid_head());
  parser.Feed("ET / HTTP/1.0\r\n\r\n"sv);
  EXPECT_FALSE(parser.mid_head());
}

TEST(Http1RequestParserTest, KeepsTheConnectionByVersionAndConnectionField) {
  const struct {
    std::string_view text;
    bool keep_alive;
  } kCases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade ,\tclose\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ParseGood(test.text).keep_alive, test.keep_alive) << test.text;
  }
}

TEST(Http1RequestParserTest, ExpectsContinueOnlyInHttp11WithABody) {
  const std::string body = "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_TRUE(ParseGood("PUT / HTTP/1.1\r\nHost: h\r\n" + body).expect_continue);
  EXPECT_FALSE(ParseGood("PUT / HTTP/1.0\r\n" + body).expect_continue);
  EXPECT_FALSE(
      ParseGood("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n").expect_continue);
}

TEST(Http1RequestParserTest, ReadsFraming) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(ParseGood(start + "\r\n").framing.kind, BodyFraming::Kind::kNone);
  EXPECT_EQ(ParseGood(start + "Transfer-Encoding: Chunked\r\n\r\n").framing.kind,
            BodyFraming::Kind::kChunked);
  EXPECT_EQ(ParseGood(start + "Content-Length: 0042\r\n\r\n").framing.length, 42);
}

TEST(Http1RequestParserTest, AcceptsTheEndlessBodyAndBracesOfSstp) {
  const RequestHead head = ParseGood(
      "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n"
      "Host: vpn.example.com\r\nContent-Length: 18446744073709551615\r\n\r\n");
  EXPECT_EQ(head.framing.length, UINT64_MAX);
}

TEST(Http1RequestParserTest, AsteriskIsForOptions) {
  EXPECT_EQ(ParseGood("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").target_form, TargetForm::kAsterisk);
}

TEST(Http1RequestParserTest, RefusesABareRequestLine) {
  const struct {
    const char* name;
    std::string_view line;
    int status;
  } kCases[] = {
      {"HTTP/0.9", "GET /", 400},
      {"no method", " / HTTP/1.1", 400},
      {"method that is no token", "GE(T / HTTP/1.1", 400},
      {"control character in the method", "GE\x01T / HTTP/1.1", 400},
      {"two spaces after the method", "GET  / HTTP/1.1", 400},
      {"two spaces before the version", "GET /  HTTP/1.1", 400},
      {"space behind the version", "GET / HTTP/1.1 ", 400},
      {"tab for a space", "GET\t/ HTTP/1.1", 400},
      {"space in the target", "GET /a b HTTP/1.1", 400},
      {"control character in the target", "GET /\x1f HTTP/1.1", 400},
      {"NUL in the target", "GET /\0 HTTP/1.1"sv, 400},
      {"byte over 0x7f in the target", "GET /\xc3\xa9 HTTP/1.1", 400},
      {"fragment", "GET /a#b HTTP/1.1", 400},
      {"bare CR", "GET /\r HTTP/1.1", 400},
      {"two CR", "GET / HTTP/1.1\r", 400},
      {"empty target", "GET  HTTP/1.1", 400},
      {"no protocol", "GET / 1.1", 400},
      {"protocol in small letters", "GET / http/1.1", 400},
      {"other protocol", "GET / ICY/1.1", 400},
      {"version of two digits", "GET / HTTP/1.10", 400},
      {"version without minor", "GET / HTTP/1", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0", 505},
      {"HTTP/1.2", "GET / HTTP/1.2", 505},
      {"HTTP/0.9 in full", "GET / HTTP/0.9", 505},
      {"path without a slash", "GET a HTTP/1.1", 400},
      {"authority-form with GET", "GET h:80 HTTP/1.1", 400},
      {"asterisk with GET", "GET * HTTP/1.1", 400},
      {"scheme without name", "GET ://h/ HTTP/1.1", 400},
      {"scheme with a bad character", "GET ht_tp://h/ HTTP/1.1", 400},
      {"absolute-form without host", "GET http:///a HTTP/1.1", 400},
      {"absolute-form with userinfo", "GET http://u:p@h/ HTTP/1.1", 400},
      {"absolute-form with a backslash", "GET http://h\\@h/ HTTP/1.1", 400},
      {"absolute-form against Host", "GET http://other/ HTTP/1.1", 400},
      {"absolute-form with another port", "GET http://h:81/ HTTP/1.1", 400},
      {"absolute-form with the port of another scheme", "GET http://h:443/ HTTP/1.1", 400},
      {"CONNECT with origin-form", "CONNECT / HTTP/1.1", 400},
      {"CONNECT with absolute-form", "CONNECT http://h:80 HTTP/1.1", 400},
      {"CONNECT with asterisk", "CONNECT * HTTP/1.1", 400},
      {"CONNECT without port", "CONNECT h HTTP/1.1", 400},
      {"CONNECT with an empty port", "CONNECT h: HTTP/1.1", 400},
      {"CONNECT with port 0", "CONNECT h:0 HTTP/1.1", 400},
      {"CONNECT with a port over 65535", "CONNECT h:65536 HTTP/1.1", 400},
      {"CONNECT without host", "CONNECT :443 HTTP/1.1", 400},
      {"CONNECT with userinfo", "CONNECT u@h:443 HTTP/1.1", 400},
      {"CONNECT with a path", "CONNECT h:443/ HTTP/1.1", 400},
      {"CONNECT to IPv6 without brackets", "CONNECT ::1:443 HTTP/1.1", 400},
      {"small connect is another method", "connect h:443 HTTP/1.1", 400},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(RefusedStatus(std::string(test.line) + "\r\nHost: h\r\n\r\n"), test.status)
        << test.name;
  }
}

TEST(Http1RequestParserTest, RefusesABadField) {
  const struct {
    const char* name;
    std::string_view field;
    int status;
  } kCases[] = {
      {"obs-fold by space", "A: b\r\n c", 400},
      {"obs-fold by tab", "A: b\r\n\tc", 400},
      {"bare CR in a value", "A: b\rc", 400},
      {"bare CR before the end", "A: b\r", 400},
      {"bare LF in a value", "A: b\nC: d", 400},
      {"bare CR in a name", "A\rB: c", 400},
      {"space before the colon", "A : b", 400},
      {"tab before the colon", "A\t: b", 400},
      {"no colon", "A", 400},
      {"empty name", ": b", 400},
      {"name that is no token", "A(b: c", 400},
      {"space in a name", "A b: c", 400},
      {"byte over 0x7f in a name", "\xc3\xa9: c", 400},
      {"NUL in a name", "A\0: b"sv, 400},
      {"NUL in a value", "A: b\0c"sv, 400},
      {"control character in a value", "A: \x01", 400},
      {"vertical tab round a value",
       "Transfer-Encoding: \x0b"
       "chunked",
       400},
      {"DEL in a value", "A: \x7f", 400},
      {"both lengths", "Content-Length: 1\r\nTransfer-Encoding: chunked", 400},
      {"both lengths, the other way", "Transfer-Encoding: chunked\r\nContent-Length: 1", 400},
      {"two lengths", "Content-Length: 1\r\nContent-Length: 2", 400},
      {"the same length twice", "Content-Length: 1\r\ncontent-length: 1", 400},
      {"lengths in a list", "Content-Length: 1, 1", 400},
      {"plus sign", "Content-Length: +1", 400},
      {"minus sign", "Content-Length: -1", 400},
      {"no length", "Content-Length:", 400},
      {"length with a space", "Content-Length: 1 1", 400},
      {"hexadecimal length", "Content-Length: 0x1", 400},
      {"length with a fraction", "Content-Length: 1.0", 400},
      {"length over 2^64-1", "Content-Length: 18446744073709551616", 400},
      {"length far over 2^64-1", "Content-Length: 99999999999999999999999999", 400},
      {"empty coding", "Transfer-Encoding:", 400},
      {"chunked not last", "Transfer-Encoding: chunked, gzip", 400},
      {"other coding alone", "Transfer-Encoding: gzip", 400},
      {"identity", "Transfer-Encoding: identity", 400},
      {"almost chunked", "Transfer-Encoding: xchunked", 400},
      {"chunked with a parameter", "Transfer-Encoding: chunked;a=b", 400},
      {"quoted chunked", "Transfer-Encoding: \"chunked\"", 400},
      {"chunked twice", "Transfer-Encoding: chunked, chunked", 400},
      {"chunked with an empty element", "Transfer-Encoding: ,chunked", 400},
      {"two codings fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400},
      {"unknown coding before chunked", "Transfer-Encoding: gzip, chunked", 501},
      {"second Host", "Host: h", 400},
      {"other second Host", "hOST: other", 400},
      {"unknown expectation", "Expect: 200-ok", 417},
      {"unknown expectation besides the known", "Expect: 100-continue, x", 417},
  };
  for (const auto& test : kCases) {
    const std::string text =
        "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(test.field) + "\r\n\r\n";
    EXPECT_EQ(RefusedStatus(text), test.status) << test.name;
  }
}

TEST(Http1RequestParserTest, RefusesABadHost) {
  const struct {
    const char* name;
    std::string_view fields;
  } kCases[] = {
      {"missing", ""},
      {"empty", "Host:\r\n"},
      {"userinfo", "Host: u@h\r\n"},
      {"path", "Host: h/\r\n"},
      {"list", "Host: a, b\r\n"},
      {"space", "Host: a b\r\n"},
      {"port without digits", "Host: h:x\r\n"},
      {"port over 65535", "Host: h:99999\r\n"},
      {"open bracket", "Host: [::1\r\n"},
      {"name in brackets", "Host: [h]\r\n"},
      {"folded", " Host: h\r\n"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(RefusedStatus("GET / HTTP/1.1\r\nA: b\r\n" + std::string(test.fields) + "\r\n"), 400)
        << test.name;
  }
}

TEST(Http1RequestParserTest, RefusesOtherAmbiguities) {
  const struct {
    const char* name;
    std::string_view text;
    int status;
  } kCases[] = {
      {"LF after the request line", "GET / HTTP/1.0\n", 400},
      {"LF for the empty line", "GET / HTTP/1.0\r\n\n", 400},
      {"LF before the request", "\nGET / HTTP/1.0\r\n\r\n", 400},
      {"CR before the request", "\rGET / HTTP/1.0\r\n\r\n", 400},
      {"two empty lines before the request", "\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400},
      {"space before the request", " GET / HTTP/1.0\r\n\r\n", 400},
      {"space before the first header", "GET / HTTP/1.0\r\n A: b\r\n\r\n", 400},
      {"space for the empty line", "GET / HTTP/1.0\r\nA: b\r\n \r\n\r\n", 400},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400},
      {"invalid Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: @\r\n\r\n", 400},
      {"CONNECT with a length", "CONNECT h:1 HTTP/1.0\r\nContent-Length: 1\r\n\r\n", 400},
      {"CONNECT with chunks",
       "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"CONNECT without Host in HTTP/1.1", "CONNECT h:1 HTTP/1.1\r\n\r\n", 400},
  };
  for (const auto& test : kCases) EXPECT_EQ(RefusedStatus(test.text), test.status) << test.name;
}

TEST(Http1RequestParserTest, RefusesWhatIsNoHttpAtItsFirstByte) {
  EXPECT_EQ(RefusedStatus("\x16"), 400);
  EXPECT_EQ(RefusedStatus("\0"sv), 400);
  EXPECT_EQ(RefusedStatus("\x80"), 400);
}

TEST(Http1RequestParserTest, LimitsTheSizeOfTheHead) {
  const std::string text = "GET / HTTP/1.0\r\nA: " + std::string(100, 'a') + "\r\n\r\n";
  ParseGood(text, {.max_head_size = text.size()});
  EXPECT_EQ(RefusedStatus(text, {.max_head_size = text.size() - 1}), 431);
  EXPECT_EQ(RefusedStatus(text, {.max_head_size = 50}), 431);
}

TEST(Http1RequestParserTest, TakesNoByteOverTheLimit) {
  Http1RequestParser parser({.max_head_size = 50});
  const ParseResult result = parser.Feed("GET / HTTP/1.0\r\nA: " + std::string(1 << 20, 'a'));
  EXPECT_EQ(result.state, ParseState::kError);
  EXPECT_EQ(result.consumed, 50);
}

TEST(Http1RequestParserTest, LimitsTheTarget) {
  const std::string text = "GET /" + std::string(99, 'a') + " HTTP/1.0\r\n\r\n";
  ParseGood(text, {.max_target_size = 100});
  EXPECT_EQ(RefusedStatus(text, {.max_target_size = 99}), 414);
  EXPECT_EQ(RefusedStatus(text, {.max_head_size = 60}), 414);
}

TEST(Http1RequestParserTest, LimitsTheNumberOfHeaders) {
  const std::string text = "GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\n\r\n";
  ParseGood(text, {.max_headers = 2});
  EXPECT_EQ(RefusedStatus(text, {.max_headers = 1}), 431);
  ParseGood("GET / HTTP/1.0\r\n\r\n", {.max_headers = 0});
}

// What a parser makes of `text`, cut at the given places.
std::string Outcome(std::string_view text, std::vector<size_t> cuts) {
  Http1RequestParser parser({.max_head_size = 300, .max_headers = 8});
  cuts.push_back(text.size());
  size_t begin = 0;
  size_t consumed = 0;
  ParseResult result{};
  for (size_t end : cuts) {
    result = parser.Feed(text.substr(begin, end - begin));
    consumed += result.consumed;
    begin = end;
    if (result.state != ParseState::kNeedMore) break;
  }
  if (result.state == ParseState::kNeedMore) return "more";
  if (result.state == ParseState::kError) return std::string(parser.refusal().reason);
  return Describe(parser.TakeHead()) + std::to_string(consumed);
}

TEST(Http1RequestParserTest, CutsOfTheInputChangeNothing) {
  const std::string long_value(2000, 'v');
  const std::string kTexts[] = {
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "\r\nPOST /a?b HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\nX:\r\n\r\nabc",
      "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nA:  b \r\n\r\n\x16\x03\x01",
      "GET http://h/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
      "GET / HTTP/1.1\nHost: h\r\n\r\n",
      "\r\n\r\nGET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: " + long_value + "\r\n\r\n",
      "GET /" + long_value + " HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nUnfinished",
  };
  for (const std::string& text : kTexts) {
    const std::string whole = Outcome(text, {});
    std::vector<size_t> every_byte;
    for (size_t i = 1; i < text.size(); ++i) {
      EXPECT_EQ(Outcome(text, {i}), whole) << text << " cut at " << i;
      every_byte.push_back(i);
    }
    EXPECT_EQ(Outcome(text, every_byte), whole) << text;
  }
}

TEST(Http1RequestParserTest, KeepsFieldsWhileItsBlockGrows) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 90; ++i) {
    text += "X-" + std::to_string(i) + ": " + std::string(300, 'a' + i % 26) + "\r\n";
  }
  text += "\r\n";
  Http1RequestParser parser;
  for (char c : text) parser.Feed({&c, 1});
  const RequestHead head = parser.TakeHead();
  ASSERT_EQ(head.fields.size(), 91);
  for (int i = 0; i < 90; ++i) {
    EXPECT_EQ(head.Find("x-" + std::to_string(i)), std::string(300, 'a' + i % 26));
  }
}

}  // namespace
}  // namespace culvert::http
