#include "source/server/message_digest.h"

#include <gtest/gtest.h>

#include "api/culvert/config/v1/config.pb.h"

namespace culvert::server {
namespace {

config::v1::Cluster Cluster(const std::string& name, const std::string& endpoint) {
  config::v1::Cluster cluster;
  cluster.set_name(name);
  cluster.add_endpoints()->set_address(endpoint);
  return cluster;
}

TEST(MessageDigestTest, TellsMessagesApart) {
  std::string scratch;
  const MessageDigest digest = DigestOf(Cluster("a", "127.0.0.1:1"), scratch);
  EXPECT_EQ(DigestOf(Cluster("a", "127.0.0.1:1"), scratch), digest);
  EXPECT_NE(DigestOf(Cluster("b", "127.0.0.1:1"), scratch), digest);
  EXPECT_NE(DigestOf(Cluster("a", "127.0.0.1:2"), scratch), digest);
  EXPECT_NE(DigestOf(config::v1::Cluster(), scratch), digest);
}

TEST(MessageDigestTest, LeavesNothingOfTheMessageBehind) {
  std::string scratch;
  config::v1::DataSource source;
  source.set_inline_string("a secret");
  DigestOf(source, scratch);
  EXPECT_EQ(scratch, std::string(scratch.size(), '\0'));
}

}  // namespace
}  // namespace culvert::server
