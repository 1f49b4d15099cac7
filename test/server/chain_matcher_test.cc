#include "source/server/chain_matcher.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace culvert::server {
namespace {

class ChainMatcherTest : public ::testing::Test {
 protected:
  void Add(const std::string& text) {
    config::v1::FilterChainMatch match;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &match)) << text;
    matcher_.Add(match, "match", errors_);
  }

  int Select(std::string_view server_name, const std::vector<std::string>& protocols = {},
             const std::string& source = "192.0.2.1:1000",
             const std::string& destination = "198.51.100.1:443") {
    ChainMatcher::Facts facts{.source = *net::SocketAddress::Parse(source),
                              .destination = *net::SocketAddress::Parse(destination)};
    facts.server_name = server_name;
    facts.application_protocols = &protocols;
    return matcher_.Select(facts);
  }

  ChainMatcher matcher_;
  std::vector<FieldError> errors_;
};

TEST_F(ChainMatcherTest, AnEmptyMatchTakesEverythingWithoutALookAhead) {
  Add("");
  EXPECT_FALSE(matcher_.needs_client_hello());
  EXPECT_EQ(Select("any.example"), 0);
}

TEST_F(ChainMatcherTest, ExactNameBeatsWildcardBeatsShorterWildcardBeatsNone) {
  Add("");
  Add("server_names: '*.example.com'");
  Add("server_names: '*.db.example.com'");
  Add("server_names: 'a.db.example.com'");
  EXPECT_TRUE(matcher_.needs_client_hello());
  EXPECT_EQ(Select("a.db.example.com"), 3);
  EXPECT_EQ(Select("b.db.example.com"), 2);
  EXPECT_EQ(Select("www.example.com"), 1);
  EXPECT_EQ(Select("example.com"), 0);
  EXPECT_EQ(Select(""), 0);
}

TEST_F(ChainMatcherTest, NoChainForWhatNoneMatches) {
  Add("server_names: 'a.example'");
  EXPECT_EQ(Select("b.example"), ChainMatcher::kNone);
}

TEST_F(ChainMatcherTest, FieldsAreAndedAndEntriesOred) {
  Add("server_names: 'a.example' source_ranges: '10.0.0.0/8' source_ranges: '2001:db8::/32'");
  EXPECT_EQ(Select("a.example", {}, "10.1.2.3:9"), 0);
  EXPECT_EQ(Select("a.example", {}, "[2001:db8::1]:9"), 0);
  EXPECT_EQ(Select("a.example", {}, "11.1.2.3:9"), ChainMatcher::kNone);
  EXPECT_EQ(Select("b.example", {}, "10.1.2.3:9"), ChainMatcher::kNone);
}

TEST_F(ChainMatcherTest, TheProtocolThatTheClientLikesBestDecides) {
  Add("application_protocols: 'h2'");
  Add("application_protocols: 'http/1.1'");
  EXPECT_EQ(Select("", {"h2", "http/1.1"}), 0);
  EXPECT_EQ(Select("", {"http/1.1", "h2"}), 1);
  EXPECT_EQ(Select("", {"spdy"}), ChainMatcher::kNone);
}

TEST_F(ChainMatcherTest, TheDestinationCountsMoreThanTheName) {
  Add("destination_ports: '443'");
  Add("server_names: 'a.example'");
  EXPECT_EQ(Select("a.example"), 0);
  EXPECT_EQ(Select("a.example", {}, "192.0.2.1:1", "198.51.100.1:8443"), 1);
}

TEST_F(ChainMatcherTest, NarrowerRangesWin) {
  Add("source_ranges: '10.0.0.0/8'");
  Add("source_ranges: '10.1.0.0/16'");
  EXPECT_EQ(Select("", {}, "10.1.0.9:1"), 1);
  EXPECT_EQ(Select("", {}, "10.2.0.9:1"), 0);
}

TEST_F(ChainMatcherTest, ReportsEveryBadEntryAndTwins) {
  Add("server_names: 'a.example'");
  Add("server_names: 'a.example'");
  Add("server_names: 'not a name' source_ranges: '10.0.0.1/8' destination_ports: '0' "
      "application_protocols: ''");
  std::vector<std::string> paths;
  for (const FieldError& error : errors_) paths.push_back(error.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"match", "match.destination_ports[0]",
                                             "match.source_ranges[0]", "match.server_names[0]",
                                             "match.application_protocols[0]"}));
}

}  // namespace
}  // namespace culvert::server
