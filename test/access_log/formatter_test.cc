#include "source/access_log/formatter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "source/access_log/escape.h"
#include "test/access_log/json_parser.h"

namespace culvert::access_log {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// 2026-01-02T03:04:05.678Z
constexpr std::chrono::system_clock::time_point kStart{nanoseconds(1767323045678999999)};

std::string Line(Format format, const Record& record) {
  std::string line;
  AppendLine(format, record, line);
  return line;
}

Record FullRecord() {
  Record record;
  record.start = kStart;
  record.connection_id = 42;
  record.protocol = "connect";
  record.listener = "https_proxy";
  record.filter_chain = "default";
  record.downstream_remote_address = "127.0.0.1:5555";
  record.downstream_local_address = "127.0.0.1:8443";
  record.identity = "alice";
  record.groups = {"ops", "dev team"};
  record.destination = "example.com:443";
  record.resolved_address = "93.184.216.34:443";
  record.cluster = "far_side";
  record.ended_by = "http_connect";
  record.reason = "idle_timeout";
  record.details = "no bytes for 1h";
  record.bytes = {1, 2, 3, 4};
  record.durations = {microseconds(12), milliseconds(3),    microseconds(4005),
                      nanoseconds(999), milliseconds(1500), seconds(3600)};
  HttpFacts& http = record.MutableHttp();
  http.method = "CONNECT";
  http.target = "example.com:443";
  http.authority = "example.com";
  http.status = 200;
  TlsFacts& tls = record.MutableTls();
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_128_GCM_SHA256";
  tls.server_name = "proxy.example.com";
  tls.application_protocol = "http/1.1";
  tls.client_subject = "CN=alice";
  tls.client_names = {"alice.example.com", "alice@example.com"};
  tls.resumed = true;
  return record;
}

TEST(RecordTest, StaysSmall) { EXPECT_LE(sizeof(Record), 640); }

TEST(JsonFormatTest, TellsEveryFactInAFixedOrder) {
  EXPECT_EQ(
      Line(Format::kJson, FullRecord()),
      R"({"time":"2026-01-02T03:04:05.678Z","listener":"https_proxy",)"
      R"("downstream_remote_address":"127.0.0.1:5555","identity":"alice","method":"CONNECT",)"
      R"("target":"example.com:443","status":200,"authority":"example.com","protocol":"connect",)"
      R"("connection_id":42,"filter_chain":"default","downstream_local_address":"127.0.0.1:8443",)"
      R"("groups":["ops","dev team"],"destination":"example.com:443",)"
      R"("resolved_address":"93.184.216.34:443","cluster":"far_side","ended_by":"http_connect",)"
      R"("reason":"idle_timeout","details":"no bytes for 1h","downstream_bytes_received":1,)"
      R"("downstream_bytes_sent":2,"upstream_bytes_received":3,"upstream_bytes_sent":4,)"
      R"("chain_match_ms":0.012,"tls_handshake_ms":3.000,"auth_ms":4.005,"dns_ms":0.000,)"
      R"("connect_ms":1500.000,"total_ms":3600000.000,"tls_version":"TLSv1.3",)"
      R"("tls_cipher":"TLS_AES_128_GCM_SHA256","tls_server_name":"proxy.example.com",)"
      R"("tls_application_protocol":"http/1.1","tls_resumed":true,"tls_client_subject":"CN=alice",)"
      R"("tls_client_names":["alice.example.com","alice@example.com"]})"
      "\n");
}

TEST(JsonFormatTest, LeavesOutWhatIsEmpty) {
  Record record;
  record.start = kStart;
  EXPECT_EQ(Line(Format::kJson, record),
            R"({"time":"2026-01-02T03:04:05.678Z","connection_id":0,"downstream_bytes_received":0,)"
            R"("downstream_bytes_sent":0,"upstream_bytes_received":0,"upstream_bytes_sent":0})"
            "\n");
}

TEST(JsonFormatTest, AppendsToWhatIsThere) {
  std::string out = "before\n";
  AppendLine(Format::kJson, Record(), out);
  EXPECT_TRUE(out.starts_with("before\n{\"time\":\"1970-01-01T00:00:00.000Z\""));
}

TEST(TextFormatTest, TellsTheSameFactsForPeople) {
  EXPECT_EQ(Line(Format::kText, FullRecord()),
            "2026-01-02T03:04:05.678Z https_proxy 127.0.0.1:5555 alice CONNECT example.com:443 200 "
            "authority=example.com protocol=connect connection_id=42 filter_chain=default "
            "downstream_local_address=127.0.0.1:8443 groups=ops groups=\"dev team\" "
            "destination=example.com:443 resolved_address=93.184.216.34:443 cluster=far_side "
            "ended_by=http_connect reason=idle_timeout details=\"no bytes for 1h\" "
            "downstream_bytes_received=1 downstream_bytes_sent=2 upstream_bytes_received=3 "
            "upstream_bytes_sent=4 chain_match_ms=0.012 tls_handshake_ms=3.000 auth_ms=4.005 "
            "dns_ms=0.000 connect_ms=1500.000 total_ms=3600000.000 tls_version=TLSv1.3 "
            "tls_cipher=TLS_AES_128_GCM_SHA256 tls_server_name=proxy.example.com "
            "tls_application_protocol=http/1.1 tls_resumed=true tls_client_subject=CN=alice "
            "tls_client_names=alice.example.com tls_client_names=alice@example.com\n");
}

TEST(TextFormatTest, KeepsThePlaceOfWhatIsMissing) {
  Record record;
  record.start = kStart;
  record.listener = "redis";
  record.protocol = "tcp";
  EXPECT_EQ(Line(Format::kText, record),
            "2026-01-02T03:04:05.678Z redis - - - - - protocol=tcp connection_id=0 "
            "downstream_bytes_received=0 downstream_bytes_sent=0 upstream_bytes_received=0 "
            "upstream_bytes_sent=0\n");
}

// Every text that a peer has a hand in.
void FillWith(const std::string& hostile, Record& record) {
  for (std::string* text :
       {&record.identity, &record.destination, &record.reason, &record.details, &record.listener,
        &record.MutableHttp().method, &record.MutableHttp().target, &record.MutableHttp().authority,
        &record.MutableTls().server_name, &record.MutableTls().application_protocol,
        &record.MutableTls().client_subject}) {
    *text = hostile;
  }
  record.groups = {hostile, hostile};
  record.MutableTls().client_names = {hostile};
}

const std::string kHostile[] = {
    "\n2026-01-02T03:04:05.678Z https_proxy 127.0.0.1:1 root CONNECT bank:443 200",
    "\",\"identity\":\"root",
    "a\" status=200 x=\"",
    std::string("\0\x01\x02\x1b[2K\r\x7f", 9),
    "\xff\xfe\xc0\x80\xed\xa0\x80",
    "\u2028\u2029\u0085\u202e",
    "\\",
    "x\\\"",
};

std::vector<std::string> NamesOf(const JsonFields& fields) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields) names.push_back(name);
  return names;
}

TEST(JsonFormatTest, HostileBytesStayInsideTheirValue) {
  std::string usual = Line(Format::kJson, FullRecord());
  usual.pop_back();
  for (const std::string& hostile : kHostile) {
    Record record = FullRecord();
    FillWith(hostile, record);
    const std::string line = Line(Format::kJson, record);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    const auto fields = ParseJson(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(fields) << line;
    EXPECT_EQ(NamesOf(*fields), NamesOf(*ParseJson(usual)));
    EXPECT_EQ(FieldOf(*fields, "status"), "200");
    if (IsUtf8(hostile)) {
      EXPECT_EQ(FieldOf(*fields, "identity"), hostile);
    }
  }
}

TEST(TextFormatTest, HostileBytesNeverEndOrForgeALine) {
  for (const std::string& hostile : kHostile) {
    Record record = FullRecord();
    FillWith(hostile, record);
    const std::string line = Line(Format::kText, record);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(IsUtf8(line));
    EXPECT_TRUE(std::none_of(line.begin(), line.end() - 1, [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    }));
    for (const char* breaker : {"\u2028", "\u2029", "\u0085", "\u202e"}) {
      EXPECT_EQ(line.find(breaker), line.npos);
    }
    // Outside quotes nothing of the value shows: the seventh word is still the status.
    size_t words = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.size() && words < 6; ++i) {
      if (quoted && line[i] == '\\') {
        ++i;
      } else if (line[i] == '"') {
        quoted = !quoted;
      } else if (line[i] == ' ' && !quoted && ++words == 6) {
        EXPECT_EQ(line.substr(i, 5), " 200 ");
      }
    }
    EXPECT_EQ(words, 6);
  }
}

TEST(FormatTest, ALineIsBoundedWhateverThePeerSends) {
  Record record;
  FillWith(std::string(1 << 20, '\x01'), record);
  record.MutableTls().client_names.assign(10000, "name.example.com");
  // The worst is six bytes for one, in each of the values above.
  const size_t worst = 6 * kMaxValueSize * 13 + 64 * kMaxListItems + 1024;
  EXPECT_LT(Line(Format::kJson, record).size(), worst);
  EXPECT_LT(Line(Format::kText, record).size(), worst);
}

TEST(FormatTest, ClocksThatRunBackwardsGiveZero) {
  Record record;
  record.durations.total = nanoseconds(-5'000'000);
  EXPECT_NE(Line(Format::kJson, record).find("\"total_ms\":0.000"), std::string::npos);
}

}  // namespace
}  // namespace culvert::access_log
