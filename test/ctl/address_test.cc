#include "source/ctl/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <vector>

#include "source/base/status.h"
#include "test/ctl/temporary_directory.h"

namespace culvert::ctl {
namespace {

TimePoint Soon() { return Clock::now() + std::chrono::seconds(10); }

std::string WhyNot(std::string_view address) {
  const auto fd = Connect(ParseAddress(address).value(), Soon());
  EXPECT_FALSE(fd.ok());
  return std::string(Message(fd.status()));
}

// A socket that listens on `address`; to be closed by leaving scope.
net::Fd ListenOn(const net::SocketAddress& address) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  address.ToSockaddr(&storage, &length);
  net::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  EXPECT_EQ(listen(fd.get(), 5), 0);
  return fd;
}

uint16_t PortOf(const net::Fd& fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

TEST(CtlAddressTest, TakesUnixSocketsPathsAndHostsWithPorts) {
  EXPECT_EQ(ParseAddress("unix:/run/x.sock")->ToString(), "unix:/run/x.sock");
  EXPECT_EQ(ParseAddress("/run/x.sock")->ToString(), "unix:/run/x.sock");
  EXPECT_EQ(ParseAddress("./x.sock")->ToString(), "unix:./x.sock");
  EXPECT_EQ(ParseAddress("127.0.0.1:9901")->ToString(), "127.0.0.1:9901");
  EXPECT_EQ(ParseAddress("[::1]:9901")->ToString(), "[::1]:9901");
  EXPECT_EQ(ParseAddress("edge.example.com:443")->ToString(), "edge.example.com:443");
}

TEST(CtlAddressTest, SaysWhatToWriteInstead) {
  for (const std::string text : {"", "localhost", "x.sock", "a:b:c", "host:0", "host:70000"}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(Message(address.status()),
              "'" + text +
                  "' is no address of a server; write unix:PATH, a path such as ./admin.sock, or "
                  "HOST:PORT");
  }
  EXPECT_FALSE(ParseAddress("unix:").ok());
  EXPECT_FALSE(ParseAddress("/" + std::string(200, 'x')).ok()) << "longer than a socket's name";
}

TEST(CtlAddressTest, ConnectsToUnixSocketsAndPorts) {
  TemporaryDirectory directory;
  const std::string path = directory.Path("a.sock");
  const net::Fd unix_listener = ListenOn(net::SocketAddress::Parse("unix:" + path).value());
  EXPECT_TRUE(Connect(ParseAddress(path).value(), Soon()).ok());
  const net::Fd tcp_listener = ListenOn(net::SocketAddress::Parse("127.0.0.1:0").value());
  const std::string port = std::to_string(PortOf(tcp_listener));
  EXPECT_TRUE(Connect(ParseAddress("127.0.0.1:" + port).value(), Soon()).ok());
  EXPECT_TRUE(Connect(ParseAddress("localhost:" + port).value(), Soon()).ok())
      << "every address of a name is tried";
}

TEST(CtlAddressTest, SaysWhyThereIsNoServer) {
  TemporaryDirectory directory;
  const std::string missing = directory.Path("missing.sock");
  EXPECT_EQ(WhyNot(missing),
            "no server at unix:" + missing +
                ": there is no such socket; does culvert run with this state_directory? "
                "--address or CULVERT_ADMIN_ADDRESS say where else to look");
  const std::string stale = directory.Path("stale.sock");
  ListenOn(net::SocketAddress::Parse("unix:" + stale).value()).Close();
  EXPECT_EQ(WhyNot(stale),
            "no server at unix:" + stale +
                ": connection refused; the socket is there, but the server that made it is gone");
  const std::string under_a_file = directory.Write("file", "") + "/x.sock";
  EXPECT_NE(WhyNot(under_a_file).find("there is no such socket"), std::string::npos);
}

TEST(CtlAddressTest, SaysWhyAPortDoesNotAnswer) {
  net::Fd listener = ListenOn(net::SocketAddress::Parse("127.0.0.1:0").value());
  const std::string port = std::to_string(PortOf(listener));
  listener.Close();
  EXPECT_EQ(WhyNot("127.0.0.1:" + port),
            "no server at 127.0.0.1:" + port +
                ": connection refused; is culvert running, and is this its "
                "process.admin.address?");
  EXPECT_NE(WhyNot("no-such-host.invalid:1").find("cannot find the host of"), std::string::npos);
}

TEST(CtlAddressTest, WaitsForASocketWhoseQueueIsFullNoLongerThanTheDeadline) {
  TemporaryDirectory directory;
  const std::string path = directory.Path("full.sock");
  const net::Fd listener = ListenOn(net::SocketAddress::Parse("unix:" + path).value());
  const Address address = ParseAddress(path).value();
  std::vector<net::Fd> connected;
  while (true) {
    auto fd = Connect(address, Clock::now() + std::chrono::milliseconds(20));
    if (!fd.ok()) {
      EXPECT_EQ(Message(fd.status()),
                "no answer from unix:" + path + ": the connection was not made in time");
      break;
    }
    connected.push_back(*std::move(fd));
    ASSERT_LT(connected.size(), 100);
  }
}

}  // namespace
}  // namespace culvert::ctl
