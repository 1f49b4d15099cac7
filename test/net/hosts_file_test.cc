#include "source/net/hosts_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace culvert::net {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart = TimePoint(seconds(1000));

std::vector<IpAddress> Ips(std::initializer_list<const char*> texts) {
  std::vector<IpAddress> result;
  for (const char* text : texts) result.push_back(*IpAddress::Parse(text));
  return result;
}

TEST(HostsFileTest, EveryNameOfALineHasItsAddress) {
  const HostsTable table = ParseHosts("192.0.2.1 www.example.com\twww\n2001:db8::1  six\n");
  EXPECT_EQ(table.size(), 3);
  EXPECT_EQ(table.at("www.example.com"), Ips({"192.0.2.1"}));
  EXPECT_EQ(table.at("www"), Ips({"192.0.2.1"}));
  EXPECT_EQ(table.at("six"), Ips({"2001:db8::1"}));
}

TEST(HostsFileTest, NameHasTheAddressesOfAllItsLines) {
  const HostsTable table = ParseHosts("192.0.2.1 a\n192.0.2.2 b\n2001:db8::1 a");
  EXPECT_EQ(table.at("a"), Ips({"192.0.2.1", "2001:db8::1"}));
}

TEST(HostsFileTest, NamesAreNormalized) {
  EXPECT_EQ(ParseHosts("192.0.2.1 WWW.Example.COM.").count("www.example.com"), 1);
}

TEST(HostsFileTest, CommentsAndWhatIsNoAddressArePassedOver) {
  const HostsTable table = ParseHosts(
      "# 192.0.2.1 a\n\n  192.0.2.2 b # c\n#\nfe80::1%lo0 d\nnonsense e\n192.0.2.3\n192.0.2.4 x/y "
      "f\r\n");
  EXPECT_EQ(table.size(), 2);
  EXPECT_EQ(table.at("b"), Ips({"192.0.2.2"}));
  EXPECT_EQ(table.at("f"), Ips({"192.0.2.4"}));
}

TEST(HostsFileTest, ChangeIsSeenWithinASecond) {
  const std::string path = testing::TempDir() + "/hosts_file_test." + std::to_string(getpid());
  std::ofstream(path) << "192.0.2.1 a\n";
  HostsFile file(path);
  EXPECT_EQ(file.Find("a", kStart), Ips({"192.0.2.1"}));
  std::ofstream(path) << "192.0.2.100 a\n";
  EXPECT_EQ(file.Find("a", kStart), Ips({"192.0.2.1"}));
  EXPECT_EQ(file.Find("a", kStart + seconds(1)), Ips({"192.0.2.100"}));
  std::remove(path.c_str());
  EXPECT_TRUE(file.Find("a", kStart + seconds(2)).empty());
}

TEST(HostsFileTest, FileThatIsNotThereIsEmpty) {
  EXPECT_TRUE(HostsFile("/nonexistent/hosts").Find("localhost", kStart).empty());
}

}  // namespace
}  // namespace culvert::net
