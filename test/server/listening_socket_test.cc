#include "source/server/listening_socket.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace culvert::server {
namespace {

net::SocketAddress At(std::string_view text) { return *net::SocketAddress::Parse(text); }

TEST(ListeningSocketTest, AddressesOverlapWhereSomeClientCouldComeInAtEither) {
  const std::pair<std::string_view, std::string_view> overlapping[] = {
      {"0.0.0.0:80", "127.0.0.1:80"}, {"0.0.0.0:80", "0.0.0.0:80"}, {"[::]:80", "0.0.0.0:80"},
      {"[::]:80", "127.0.0.1:80"},    {"[::]:80", "[::1]:80"},      {"unix:/a", "unix:/a"}};
  for (const auto& [a, b] : overlapping) {
    EXPECT_TRUE(AddressesOverlap(At(a), At(b))) << a << " " << b;
    EXPECT_TRUE(AddressesOverlap(At(b), At(a))) << b << " " << a;
  }
  const std::pair<std::string_view, std::string_view> apart[] = {
      {"0.0.0.0:80", "127.0.0.1:81"}, {"127.0.0.1:80", "127.0.0.2:80"}, {"0.0.0.0:80", "[::1]:80"},
      {"127.0.0.1:0", "0.0.0.0:0"},   {"unix:/a", "unix:/b"},           {"unix:/a", "0.0.0.0:0"}};
  for (const auto& [a, b] : apart) {
    EXPECT_FALSE(AddressesOverlap(At(a), At(b))) << a << " " << b;
    EXPECT_FALSE(AddressesOverlap(At(b), At(a))) << b << " " << a;
  }
}

TEST(ListeningSocketTest, AddressThatIsListenedOnIsNotSharedUnlessItIsOurs) {
  const auto first = OpenListeningSockets(At("127.0.0.1:0"), 10, 2);
  ASSERT_TRUE(first.ok());
  const net::SocketAddress bound = BoundAddressOf(first->front().get(), {});
  EXPECT_EQ(BoundAddressOf(first->back().get(), {}), bound);
  EXPECT_TRUE(SharesItsPort(first->front().get()));
  const auto refused = BindSockets(bound, 1, false);
  EXPECT_NE(refused.status().message().find("another process listens there"),
            absl::string_view::npos);
  EXPECT_TRUE(BindSockets(bound, 1, true).ok());
}

TEST(ListeningSocketTest, NobodyComesInBeforeItListens) {
  const auto sockets = BindSockets(At("127.0.0.1:0"), 1, false);
  ASSERT_TRUE(sockets.ok());
  const net::SocketAddress bound = BoundAddressOf(sockets->front().get(), {});
  sockaddr_storage to;
  socklen_t length = 0;
  bound.ToSockaddr(&to, &length);
  const auto reach = [&] {
    net::Fd client(socket(AF_INET, SOCK_STREAM, 0));
    return connect(client.get(), reinterpret_cast<sockaddr*>(&to), length) == 0;
  };
  EXPECT_FALSE(reach());
  EXPECT_TRUE(BeginToListen(bound, sockets->front().get(), 10).ok());
  EXPECT_TRUE(reach());
}

}  // namespace
}  // namespace culvert::server
