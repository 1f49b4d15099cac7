#include "source/tls/client_hello.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace culvert::tls {
namespace {

using Status = ClientHelloReader::Status;

constexpr size_t kMaxSize = 16 * 1024;

std::string Number(size_t value, int width) {
  std::string bytes;
  for (int i = width - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string Vector(std::string_view content, int width) {
  return Number(content.size(), width) + std::string(content);
}

std::string Extension(int type, std::string_view data) { return Number(type, 2) + Vector(data, 2); }

std::string ServerName(std::string_view name) {
  return Extension(0, Vector(Number(0, 1) + Vector(name, 2), 2));
}

// A message with its handshake header.
std::string Message(std::string_view body, int type = 1) {
  return Number(type, 1) + Vector(body, 3);
}

// The body up to the extensions.
std::string Head(std::string_view session_id = "", std::string_view suites = "\x13\x01",
                 std::string_view compression = std::string_view("\0", 1)) {
  return Number(0x0303, 2) + std::string(32, 'r') + Vector(session_id, 1) + Vector(suites, 2) +
         Vector(compression, 1);
}

std::string Hello(std::string_view extensions) { return Message(Head() + Vector(extensions, 2)); }

std::string Record(std::string_view fragment, int type = 22) {
  return Number(type, 1) + Number(0x0301, 2) + Vector(fragment, 2);
}

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

ClientHelloReader Read(std::string_view bytes, size_t max_size = kMaxSize) {
  ClientHelloReader reader(max_size);
  const Status status = reader.Feed(Bytes(bytes));
  EXPECT_EQ(status, reader.status());
  const bool is_explained = !reader.error().empty();
  EXPECT_EQ(is_explained, status != Status::kNeedsMore && status != Status::kComplete);
  return reader;
}

Status StatusOfExtensions(std::string_view extensions) {
  return Read(Record(Hello(extensions))).status();
}

TEST(ClientHelloTest, ReadsWhatTheClientOffers) {
  const auto reader =
      Read(Record(Hello(Extension(0x0a0a, "") + ServerName("Edge.Example.com") +
                        Extension(16, Vector(Vector("h2", 1) + Vector("http/1.1", 1), 2)) +
                        Extension(43, Vector("\x7a\x7a\x03\x04\x03\x03", 1)))));
  ASSERT_EQ(reader.status(), Status::kComplete) << reader.error();
  const ClientHello& hello = reader.hello();
  EXPECT_EQ(hello.legacy_version, 0x0303);
  EXPECT_EQ(hello.server_name, "edge.example.com");
  EXPECT_FALSE(hello.has_invalid_server_name);
  EXPECT_EQ(hello.application_protocols, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(hello.supported_versions, (std::vector<uint16_t>{0x7a7a, 0x0304, 0x0303}));
}

TEST(ClientHelloTest, TakesAHelloWithoutExtensions) {
  for (const std::string& hello : {Message(Head()), Hello("")}) {
    const auto reader = Read(Record(hello));
    ASSERT_EQ(reader.status(), Status::kComplete) << reader.error();
    EXPECT_FALSE(reader.hello().server_name);
    EXPECT_TRUE(reader.hello().application_protocols.empty());
    EXPECT_TRUE(reader.hello().supported_versions.empty());
  }
}

TEST(ClientHelloTest, GivesTheSameForEverySplitIntoTwoReads) {
  const std::string bytes = Record(Hello(ServerName("a.test")));
  for (size_t i = 0; i < bytes.size(); ++i) {
    ClientHelloReader reader(kMaxSize);
    EXPECT_EQ(reader.Feed(Bytes(bytes.substr(0, i))), Status::kNeedsMore) << i;
    EXPECT_EQ(reader.Feed(Bytes(bytes.substr(i))), Status::kComplete) << i;
    EXPECT_EQ(reader.hello().server_name, "a.test");
  }
}

TEST(ClientHelloTest, TakesAMessageInRecordsOfAnySizeByteByByte) {
  const std::string message = Hello(ServerName("a.test"));
  for (size_t size = 1; size <= message.size(); ++size) {
    std::string bytes;
    for (size_t i = 0; i < message.size(); i += size) bytes += Record(message.substr(i, size));
    ClientHelloReader reader(kMaxSize);
    for (size_t i = 0; i < bytes.size(); ++i) {
      ASSERT_EQ(reader.Feed(Bytes(bytes.substr(i, 1))),
                i + 1 < bytes.size() ? Status::kNeedsMore : Status::kComplete);
    }
    EXPECT_EQ(reader.hello().server_name, "a.test") << size;
  }
}

TEST(ClientHelloTest, IgnoresWhatFollowsTheRecord) {
  ClientHelloReader reader = Read(Record(Hello(ServerName("a.test"))) + "early data");
  EXPECT_EQ(reader.status(), Status::kComplete);
  EXPECT_EQ(reader.Feed(Bytes("GET /")), Status::kComplete);
  EXPECT_EQ(reader.hello().server_name, "a.test");
}

TEST(ClientHelloTest, FailuresAreFinal) {
  ClientHelloReader reader = Read("GET / HTTP/1.1\r\n");
  EXPECT_EQ(reader.Feed(Bytes(Record(Hello("")))), Status::kNotTls);
}

TEST(ClientHelloTest, TellsOtherProtocolsFromTheirFirstBytes) {
  EXPECT_TRUE(CanBeTls({}));
  const std::string record = Record(Hello(""));
  for (size_t i = 0; i <= record.size(); ++i) EXPECT_TRUE(CanBeTls(Bytes(record.substr(0, i))));
  for (const std::string text : {"G", "SSH-2.0", "\x15\x03\x01", "\x17\x03\x03",
                                 "\x80\x2e\x01\x03\x01", "\x16\xfe\xff", "\x16\x02"}) {
    EXPECT_FALSE(CanBeTls(Bytes(text)));
    EXPECT_EQ(Read(text).status(), Status::kNotTls);
  }
  const std::string version = "\x16\x03\x01";
  EXPECT_EQ(Read(version + Number(0, 2)).status(), Status::kNotTls);
  EXPECT_EQ(Read(version + Number(16385, 2)).status(), Status::kNotTls);
  EXPECT_EQ(Read(version + Number(16384, 2)).status(), Status::kNeedsMore);
  EXPECT_FALSE(CanBeTls(Bytes(version + Number(16385, 2))));
  EXPECT_FALSE(CanBeTls(Bytes(Record(Message("", 2)))));
  EXPECT_EQ(Read(Record(Message("", 2))).status(), Status::kNotTls);
}

TEST(ClientHelloTest, RefusesRecordsThatMayNotStandWithinAMessage) {
  const std::string message = Hello("");
  const std::string first = Record(message.substr(0, 10));
  EXPECT_EQ(Read(first + Record(message.substr(10))).status(), Status::kComplete);
  EXPECT_EQ(Read(first + Record("\x02\x28", 21)).status(), Status::kMalformed);
  EXPECT_EQ(Read(first + Record("\x01", 20) + Record(message.substr(10))).status(),
            Status::kMalformed);
  EXPECT_EQ(Read(first + Record("")).status(), Status::kMalformed);
}

TEST(ClientHelloTest, RefusesARecordThatHoldsMoreThanTheHello) {
  EXPECT_EQ(Read(Record(Hello("") + "x")).status(), Status::kMalformed);
  EXPECT_EQ(Read(Record(Hello("") + Hello(""))).status(), Status::kMalformed);
  const std::string bytes = Record(Hello("") + "x");
  EXPECT_EQ(Read(bytes.substr(0, bytes.size() - 1)).status(), Status::kMalformed);
}

TEST(ClientHelloTest, BoundsTheSizeWithItsRecordHeaders) {
  const std::string bytes = Record(Hello(Extension(21, std::string(1000, '\0'))));
  EXPECT_EQ(Read(bytes, bytes.size()).status(), Status::kComplete);
  EXPECT_EQ(Read(bytes, bytes.size() - 1).status(), Status::kTooLarge);
  EXPECT_EQ(Read(bytes.substr(0, 600), 600).status(), Status::kTooLarge);
  EXPECT_EQ(Read(bytes.substr(0, 599), 1e6).status(), Status::kNeedsMore);
  EXPECT_EQ(Read("\x16", 0).status(), Status::kTooLarge);
}

TEST(ClientHelloTest, RefusesATooLargeHelloAsSoonAsItIsAnnounced) {
  const std::string head = Number(1, 1) + Number(100'000, 3);
  EXPECT_EQ(Read(Record(head), 64 * 1024).status(), Status::kTooLarge);
  EXPECT_EQ(Read(Record(head), 128 * 1024).status(), Status::kNeedsMore);
}

TEST(ClientHelloTest, TakesAHelloOfManyFullRecords) {
  const std::string message =
      Hello(Extension(21, std::string(60'000, '\0')) + ServerName("a.test"));
  std::string bytes;
  for (size_t i = 0; i < message.size(); i += 16384) bytes += Record(message.substr(i, 16384));
  EXPECT_EQ(Read(bytes, 64 * 1024).hello().server_name, "a.test");
}

TEST(ClientHelloTest, RefusesEveryHelloThatIsCutShort) {
  const std::string body =
      Head("session") + Vector(ServerName("a.test") + Extension(43, Vector("\x03\x04", 1)), 2);
  const size_t without_extensions = Head("session").size();
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(Read(Record(Message(body.substr(0, size)))).status(),
              size == without_extensions ? Status::kComplete : Status::kMalformed)
        << size;
  }
  EXPECT_EQ(Read(Record(Message(body))).status(), Status::kComplete);
  EXPECT_EQ(Read(Record(Message(body + "x"))).status(), Status::kMalformed);
}

TEST(ClientHelloTest, RefusesFieldsOfForbiddenLengths) {
  const auto status = [](const std::string& head) { return Read(Record(Message(head))).status(); };
  EXPECT_EQ(status(Head(std::string(32, 's'))), Status::kComplete);
  EXPECT_EQ(status(Head(std::string(33, 's'))), Status::kMalformed);
  EXPECT_EQ(status(Head("", "")), Status::kMalformed);
  EXPECT_EQ(status(Head("", "abc")), Status::kMalformed);
  EXPECT_EQ(status(Head("", "ab", "")), Status::kMalformed);
}

TEST(ClientHelloTest, RefusesAnExtensionGivenTwice) {
  EXPECT_EQ(StatusOfExtensions(Extension(10, "") + Extension(11, "")), Status::kComplete);
  EXPECT_EQ(StatusOfExtensions(Extension(10, "") + Extension(11, "") + Extension(10, "")),
            Status::kMalformed);
  EXPECT_EQ(StatusOfExtensions(ServerName("a.test") + ServerName("b.test")), Status::kMalformed);
}

TEST(ClientHelloTest, RefusesAMalformedServerNameExtension) {
  const std::string entry = Number(0, 1) + Vector("a.test", 2);
  const auto status = [](const std::string& data) {
    return StatusOfExtensions(Extension(0, data));
  };
  EXPECT_EQ(status(Vector(entry, 2)), Status::kComplete);
  EXPECT_EQ(status(""), Status::kMalformed);
  EXPECT_EQ(status(Vector("", 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(entry, 2) + "x"), Status::kMalformed);
  EXPECT_EQ(status(Vector(entry + "x", 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(entry + entry, 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(Number(0, 1) + Vector("", 2), 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(Number(0, 1) + Number(7, 2) + "a.test", 2)), Status::kMalformed);
}

TEST(ClientHelloTest, SkipsServerNamesOfUnknownTypes) {
  const auto reader = Read(Record(Hello(Extension(
      0, Vector(Number(9, 1) + Vector("other", 2) + Number(0, 1) + Vector("a.test", 2), 2)))));
  EXPECT_EQ(reader.hello().server_name, "a.test");
}

TEST(ClientHelloTest, TellsAServerNameThatIsNoHostNameFromNone) {
  for (const std::string_view name :
       {std::string_view("192.0.2.1"), std::string_view("2001:db8::1"), std::string_view("a b"),
        std::string_view("a\0.test", 7), std::string_view("caf\xc3\xa9.test"),
        std::string_view("*.test")}) {
    const auto reader = Read(Record(Hello(ServerName(name))));
    EXPECT_EQ(reader.status(), Status::kComplete);
    EXPECT_TRUE(reader.hello().has_invalid_server_name) << name;
    EXPECT_FALSE(reader.hello().server_name);
  }
}

TEST(ClientHelloTest, RefusesMalformedApplicationProtocols) {
  const auto status = [](const std::string& data) {
    return StatusOfExtensions(Extension(16, data));
  };
  EXPECT_EQ(status(Vector(Vector("h2", 1), 2)), Status::kComplete);
  EXPECT_EQ(status(""), Status::kMalformed);
  EXPECT_EQ(status(Vector("", 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(Vector("", 1), 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector("\x03h2", 2)), Status::kMalformed);
  EXPECT_EQ(status(Vector(Vector("h2", 1), 2) + "x"), Status::kMalformed);
}

TEST(ClientHelloTest, RefusesMalformedSupportedVersions) {
  const auto status = [](const std::string& data) {
    return StatusOfExtensions(Extension(43, data));
  };
  EXPECT_EQ(status(Vector("\x03\x04", 1)), Status::kComplete);
  EXPECT_EQ(status(""), Status::kMalformed);
  EXPECT_EQ(status(Vector("", 1)), Status::kMalformed);
  EXPECT_EQ(status(Vector("\x03\x04\x03", 1)), Status::kMalformed);
  EXPECT_EQ(status(Vector("\x03\x04", 1) + "x"), Status::kMalformed);
}

}  // namespace
}  // namespace culvert::tls
