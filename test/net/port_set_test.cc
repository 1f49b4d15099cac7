#include "source/net/port_set.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "source/base/status.h"

namespace culvert::net {
namespace {

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  return result.ok() ? "no error" : std::string(Message(result.status()));
}

TEST(PortSetTest, ContainsBothEndsOfARange) {
  PortSet ports;
  EXPECT_TRUE(ports.empty());
  EXPECT_TRUE(ports.Add("443").ok());
  EXPECT_TRUE(ports.Add("8000-8999").ok());
  EXPECT_TRUE(ports.Add("1-1").ok());
  EXPECT_FALSE(ports.empty());
  for (const int port : {1, 443, 8000, 8500, 8999}) EXPECT_TRUE(ports.Contains(port)) << port;
  for (const int port : {0, 2, 442, 444, 7999, 9000, 65535})
    EXPECT_FALSE(ports.Contains(port)) << port;
}

TEST(PortSetTest, RefusesWhatIsNoPortAndStaysAsItWas) {
  PortSet ports;
  for (const std::string text : {"", "0", "65536", "-1", "+1", "0443", " 443", "443 ", "http", "1-",
                                 "-", "1-2-3", "0-10", "1-65536", "99999999999", "4 43"}) {
    EXPECT_FALSE(ports.Add(text).ok()) << text;
  }
  EXPECT_TRUE(ports.empty());
  EXPECT_EQ(ErrorOf(PortRange::Parse("9000-8000")),
            "'9000-8000' begins behind its end; write 8000-9000");
}

}  // namespace
}  // namespace culvert::net
