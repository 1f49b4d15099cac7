#include "source/admin/callers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "source/net/fd.h"

namespace culvert::admin {
namespace {

net::Fd Socket() { return net::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

std::string PeerOf(const net::Fd& socket) { return fmt::format("fd:{}", socket.get()); }

TEST(CallersTest, FindsTheCallerOfADescriptor) {
  Callers callers(2);
  const net::Fd alice = Socket();
  const net::Fd bob = Socket();
  ASSERT_TRUE(callers.Add(alice.get(), "CN=alice"));
  ASSERT_TRUE(callers.Add(bob.get(), "CN=bob"));
  EXPECT_EQ(callers.Find(PeerOf(alice)), "CN=alice");
  EXPECT_EQ(callers.Find(PeerOf(bob)), "CN=bob");
}

TEST(CallersTest, KnowsNobodyByOtherNames) {
  Callers callers(2);
  const net::Fd alice = Socket();
  ASSERT_TRUE(callers.Add(alice.get(), "CN=alice"));
  for (const std::string& peer :
       {std::string("fd:9999"), std::string("fd:"), std::string(), "unix:" + PeerOf(alice),
        PeerOf(alice) + "x", std::string("ipv4:127.0.0.1:80")}) {
    EXPECT_EQ(callers.Find(peer), "") << peer;
  }
}

TEST(CallersTest, RefusesMoreThanTheMost) {
  Callers callers(1);
  const net::Fd first = Socket();
  const net::Fd second = Socket();
  EXPECT_TRUE(callers.Add(first.get(), "first"));
  EXPECT_FALSE(callers.Add(second.get(), "second"));
  EXPECT_EQ(callers.Find(PeerOf(second)), "");
}

TEST(CallersTest, AClosedConnectionMakesRoom) {
  Callers callers(1);
  net::Fd first = Socket();
  const net::Fd second = Socket();
  ASSERT_TRUE(callers.Add(first.get(), "first"));
  first.Close();
  EXPECT_TRUE(callers.Add(second.get(), "second"));
}

TEST(CallersTest, ARemovedCallerMakesRoom) {
  Callers callers(1);
  const net::Fd first = Socket();
  const net::Fd second = Socket();
  ASSERT_TRUE(callers.Add(first.get(), "first"));
  callers.Remove(first.get());
  EXPECT_TRUE(callers.Add(second.get(), "second"));
  EXPECT_EQ(callers.Find(PeerOf(first)), "");
}

// Something else of the process may have the number by now.
TEST(CallersTest, ANumberThatIsUsedAgainMakesRoom) {
  Callers callers(1);
  net::Fd first = Socket();
  const int number = first.get();
  ASSERT_TRUE(callers.Add(number, "first"));
  const net::Fd other = Socket();
  ASSERT_EQ(dup2(other.get(), number), number);
  const net::Fd second = Socket();
  EXPECT_TRUE(callers.Add(second.get(), "second"));
}

TEST(CallersTest, TheLatestCallerHasTheNumber) {
  Callers callers(1);
  net::Fd first = Socket();
  const int number = first.get();
  ASSERT_TRUE(callers.Add(number, "first"));
  const net::Fd other = Socket();
  ASSERT_EQ(dup2(other.get(), number), number);
  ASSERT_TRUE(callers.Add(number, "second"));
  EXPECT_EQ(callers.Find(fmt::format("fd:{}", number)), "second");
}

}  // namespace
}  // namespace culvert::admin
