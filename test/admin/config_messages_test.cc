#include "source/admin/config_messages.h"

#include <gtest/gtest.h>

#include <chrono>

namespace culvert::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// The field that is at fault.
std::string FaultOf(const v1::ConfigSource& source) {
  FieldError error;
  EXPECT_FALSE(FromMessage(source, error));
  EXPECT_FALSE(error.message.empty());
  return error.path;
}

server::ConfigText TextOf(const v1::Text& text) {
  v1::ConfigSource message;
  *message.mutable_text() = text;
  FieldError error;
  const auto source = FromMessage(message, error);
  EXPECT_TRUE(source) << error.message;
  return source ? std::get<server::ConfigText>(source->config) : server::ConfigText();
}

TEST(ConfigMessagesTest, AVersionTellsAllButItsConfig) {
  server::ConfigVersion version;
  version.number = 7;
  version.applied = system_clock::time_point(seconds(1'700'000'000) + milliseconds(250));
  version.origin = "rollback to 3";
  version.author = "CN=alice";
  version.label = "ticket 12";
  version.checksum = "c0ffee";
  const v1::Version message = ToMessage(version);
  EXPECT_EQ(message.number(), 7);
  EXPECT_EQ(message.applied().seconds(), 1'700'000'000);
  EXPECT_EQ(message.applied().nanos(), 250'000'000);
  EXPECT_EQ(message.origin(), "rollback to 3");
  EXPECT_EQ(message.author(), "CN=alice");
  EXPECT_EQ(message.label(), "ticket 12");
  EXPECT_EQ(message.checksum(), "c0ffee");
}

TEST(ConfigMessagesTest, AChangeTellsItsKindAndFields) {
  using Kind = config::Change::Kind;
  const v1::Change message =
      ToMessage(config::Change{Kind::kChanged, "listener", "web", {"address", "backlog"}});
  EXPECT_EQ(message.kind(), v1::Change::CHANGED);
  EXPECT_EQ(message.what(), "listener");
  EXPECT_EQ(message.name(), "web");
  ASSERT_EQ(message.fields_size(), 2);
  EXPECT_EQ(message.fields(1), "backlog");
  EXPECT_EQ(ToMessage(config::Change{Kind::kAdded, "cluster", "db", {}}).kind(), v1::Change::ADDED);
  EXPECT_EQ(ToMessage(config::Change{Kind::kRemoved, "cluster", "db", {}}).kind(),
            v1::Change::REMOVED);
}

TEST(ConfigMessagesTest, TakesAMessage) {
  v1::ConfigSource message;
  message.mutable_message()->add_clusters()->set_name("db");
  message.set_base_directory("/etc/culvert");
  FieldError error;
  const auto source = FromMessage(message, error);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->base_directory, "/etc/culvert");
  EXPECT_EQ(std::get<config::v1::Config>(source->config).clusters(0).name(), "db");
}

TEST(ConfigMessagesTest, TakesATextOfANamedFormat) {
  v1::Text text;
  text.set_format(v1::Text::JSON);
  text.set_content("{}");
  text.set_file_name("proxy.yaml");
  const server::ConfigText taken = TextOf(text);
  EXPECT_EQ(taken.format, config::Format::kJson);
  EXPECT_EQ(taken.content, "{}");
  EXPECT_EQ(taken.file_name, "proxy.yaml");
}

TEST(ConfigMessagesTest, TheFileNameTellsTheFormatOfATextWithoutOne) {
  v1::Text text;
  text.set_file_name("proxy.textproto");
  EXPECT_EQ(TextOf(text).format, config::Format::kTextproto);
}

TEST(ConfigMessagesTest, RefusesATextOfUnknownFormat) {
  for (const char* name : {"", "proxy", "proxy.pb"}) {
    v1::ConfigSource source;
    source.mutable_text()->set_file_name(name);
    EXPECT_EQ(FaultOf(source), "source.text.format") << name;
  }
}

TEST(ConfigMessagesTest, RefusesASourceWithoutConfig) { EXPECT_EQ(FaultOf({}), "source"); }

TEST(ConfigMessagesTest, RefusesARelativeBaseDirectory) {
  v1::ConfigSource source;
  source.mutable_message();
  source.set_base_directory("conf");
  EXPECT_EQ(FaultOf(source), "source.base_directory");
}

}  // namespace
}  // namespace culvert::admin
