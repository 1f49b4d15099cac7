#include "source/net/address.h"

#include <gtest/gtest.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/base/status.h"

namespace culvert::net {
namespace {

IpAddress Ip(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress());
}

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  return result.ok() ? "no error" : std::string(Message(result.status()));
}

TEST(SocketAddressTest, SurvivesTheWayThroughASockaddr) {
  for (const std::string text :
       {"127.0.0.1:8443", "0.0.0.0:0", "[::1]:443", "[2001:db8::1]:65535", "[::ffff:10.0.0.1]:1",
        "unix:/run/x.sock", "unix:relative", "unix:@abstract"}) {
    const auto address = SocketAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->ToString(), text);
    sockaddr_storage storage;
    socklen_t length = 0;
    address->ToSockaddr(&storage, &length);
    EXPECT_EQ(storage.ss_family, address->family());
    const auto back = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_EQ(*back, *address);
  }
}

TEST(SocketAddressTest, TakesTheLongestUnixPathAndNoLonger) {
  const std::string longest(107, 'x');
  for (const std::string prefix : {"unix:", "unix:@"}) {
    const auto address = SocketAddress::Parse(prefix + longest);
    ASSERT_TRUE(address.ok());
    sockaddr_storage storage;
    socklen_t length = 0;
    address->ToSockaddr(&storage, &length);
    EXPECT_EQ(length, sizeof(sockaddr_un));
    EXPECT_EQ(SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length), *address);
    EXPECT_FALSE(SocketAddress::Parse(prefix + longest + "x").ok());
  }
}

TEST(SocketAddressTest, ReadsUnixNamesAsTheKernelGivesThem) {
  const auto from = [](std::string_view path) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    return *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&un),
                                        offsetof(sockaddr_un, sun_path) + path.size());
  };
  EXPECT_EQ(from("").unix_path(), "");
  EXPECT_TRUE(from("").is_unix());
  EXPECT_EQ(from(std::string_view("/run/x\0", 7)).unix_path(), "/run/x");
  EXPECT_EQ(from(std::string_view("\0name", 5)).unix_path(), "@name");
  EXPECT_EQ(from(std::string_view("@file\0", 6)).unix_path(), "./@file");
  EXPECT_EQ(from(std::string_view("\0a\nb\0", 5)).ToString(), "unix:@a\\x0ab\\x00");
}

TEST(SocketAddressTest, RefusesSockaddrsThatAreShortOrOfOtherFamilies) {
  sockaddr_storage storage{};
  const auto* address = reinterpret_cast<sockaddr*>(&storage);
  EXPECT_FALSE(SocketAddress::FromSockaddr(address, 0));
  EXPECT_FALSE(SocketAddress::FromSockaddr(address, sizeof(storage)));
  storage.ss_family = AF_INET;
  EXPECT_FALSE(SocketAddress::FromSockaddr(address, 4));
  storage.ss_family = AF_INET6;
  EXPECT_FALSE(SocketAddress::FromSockaddr(address, 16));
}

TEST(SocketAddressTest, SaysWhatToWriteInstead) {
  EXPECT_EQ(ErrorOf(SocketAddress::Parse("127.0.0.1")),
            "'127.0.0.1': there is no port; write host:port");
  EXPECT_EQ(ErrorOf(SocketAddress::Parse("::1:443")),
            "'::1:443': an IPv6 address goes in brackets; write [::1]:443");
  EXPECT_EQ(ErrorOf(SocketAddress::Parse(":443")),
            "':443': there is no address; write 0.0.0.0 or [::] for all of them");
  EXPECT_EQ(ErrorOf(SocketAddress::Parse("localhost:443")),
            "'localhost:443': this is not an IP address; write 127.0.0.1:443 or [::1]:443");
  EXPECT_EQ(ErrorOf(SocketAddress::Parse("127.0.0.1:65536")),
            "'127.0.0.1:65536': the port must be a number from 0 to 65535");
}

TEST(SocketAddressTest, RefusesMalformedText) {
  for (const std::string text :
       {"", "127.0.0.1:", "127.0.0.1:0443", "127.0.0.1:-1", "[::1]", "[::1", "[::1]443",
        "[127.0.0.1]:443", "[fe80::1%eth0]:443", "unix:", "unix:@", "unix:/a\nb", "[]:443"}) {
    EXPECT_FALSE(SocketAddress::Parse(text).ok()) << text;
  }
}

TEST(SocketAddressTest, UnmapsItsAddressAndKeepsItsPort) {
  EXPECT_EQ(SocketAddress::Parse("[::ffff:10.0.0.1]:7")->Unmapped().ToString(), "10.0.0.1:7");
}

TEST(HostPortTest, TellsNamesFromAddresses) {
  const auto name = HostPort::Parse("Edge.Example.com.:443");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->host(), "edge.example.com");
  EXPECT_FALSE(name->address());
  EXPECT_EQ(name->port(), 443);
  EXPECT_EQ(name->ToString(), "edge.example.com:443");
  const auto v6 = HostPort::Parse("[2001:DB8:0::1]:80");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host(), "2001:db8::1");
  EXPECT_EQ(v6->address(), Ip("2001:db8::1"));
  EXPECT_EQ(v6->ToString(), "[2001:db8::1]:80");
}

TEST(HostPortTest, GivesAMappedAddressTheSpellingOfItsIpv4Address) {
  EXPECT_EQ(HostPort::Parse("[::ffff:a00:1]:80")->ToString(), "10.0.0.1:80");
  EXPECT_EQ(*HostPort::Parse("[::ffff:10.0.0.1]:80"), *HostPort::Parse("10.0.0.1:80"));
}

TEST(HostPortTest, RefusesMalformedAuthorities) {
  for (const std::string text : {"",
                                 ":",
                                 "example.com",
                                 "example.com:",
                                 ":443",
                                 "example.com:0",
                                 "example.com:65536",
                                 "example.com:0443",
                                 "example.com:+443",
                                 "example.com: 443",
                                 "example.com :443",
                                 " example.com:443",
                                 "example.com:443 ",
                                 "user@example.com:443",
                                 "user:pass@example.com:443",
                                 "https://example.com:443",
                                 "example.com:443/",
                                 "exa\nmple.com:443",
                                 "exa%6dple.com:443",
                                 "[::1]",
                                 "::1:443",
                                 "[::1:443",
                                 "[::1]:",
                                 "[v1.x]:443",
                                 "[fe80::1%25eth0]:443",
                                 "[10.0.0.1]:443",
                                 "[example.com]:443",
                                 "127.1:443",
                                 "0x7f.0.0.1:443",
                                 "127.0.0.01:443",
                                 "256.1.1.1:443"}) {
    EXPECT_FALSE(HostPort::ParseAuthority(text).ok()) << text;
    EXPECT_FALSE(HostPort::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(HostPort::ParseAuthority(std::string_view("a\0.example:443", 14)).ok());
}

TEST(HostPortTest, QuotesWhatAConfigSaysButNotWhatAClientSent) {
  EXPECT_EQ(ErrorOf(HostPort::Parse("a b:1")),
            "'a b:1': the host is neither a host name nor an IP address");
  EXPECT_EQ(ErrorOf(HostPort::ParseAuthority("a b:1")),
            "the host is neither a host name nor an IP address");
}

}  // namespace
}  // namespace culvert::net
