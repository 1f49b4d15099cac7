#include "source/server/connection_info.h"

#include <gtest/gtest.h>

#include <utility>

namespace culvert::server {
namespace {

ConnectionInfo MakeConnection() {
  ConnectionInfo info;
  info.listener = "https";
  info.user = "alice";
  info.source = "[2001:db8::1]:5000";
  info.destination = "db.example.com:5432";
  info.phase = "tunnel";
  return info;
}

ConnectionInfo From(std::string source) {
  ConnectionInfo info;
  info.source = std::move(source);
  return info;
}

TEST(ConnectionQueryTest, MatchesAllIfItSaysNothing) {
  EXPECT_TRUE(ConnectionQuery().Matches(MakeConnection()));
  EXPECT_TRUE(ConnectionQuery().Matches({}));
}

TEST(ConnectionQueryTest, EveryFieldMustMatch) {
  const ConnectionQuery all = {.listener = "https",
                               .user = "alice",
                               .source = "2001:db8::1",
                               .destination = "example.com",
                               .phase = "tunnel"};
  EXPECT_TRUE(all.Matches(MakeConnection()));
  for (auto field : {&ConnectionQuery::listener, &ConnectionQuery::user, &ConnectionQuery::source,
                     &ConnectionQuery::destination, &ConnectionQuery::phase}) {
    ConnectionQuery other = all;
    other.*field = "other";
    EXPECT_FALSE(other.Matches(MakeConnection()));
    ConnectionQuery alone;
    alone.*field = all.*field;
    EXPECT_TRUE(alone.Matches(MakeConnection()));
  }
}

TEST(ConnectionQueryTest, SourceIsAnAddressHoweverItIsWritten) {
  EXPECT_TRUE(ConnectionQuery{.source = "2001:0db8:0::1"}.Matches(MakeConnection()));
  EXPECT_TRUE(ConnectionQuery{.source = "192.0.2.1"}.Matches(From("192.0.2.1:80")));
  EXPECT_TRUE(ConnectionQuery{.source = "::ffff:192.0.2.1"}.Matches(From("192.0.2.1:80")));
  EXPECT_FALSE(ConnectionQuery{.source = "192.0.2.1"}.Matches(From("192.0.2.10:80")));
  EXPECT_FALSE(ConnectionQuery{.source = "192.0.2"}.Matches(From("192.0.2.1:80")));
  EXPECT_TRUE(ConnectionQuery{.source = "unix:@x"}.Matches(From("unix:@x")));
}

}  // namespace
}  // namespace culvert::server
