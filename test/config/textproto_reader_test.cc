#include "source/config/textproto_reader.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/config/loading.h"

namespace culvert::config {
namespace {

using testing::ElementsAre;

constexpr std::string_view kFilterStart =
    "listeners { name: 'a' address: 'b'\n"
    "  filters { name: 'http_connect'\n"
    "    typed_config { [type.googleapis.com/culvert.extensions.http_connect.v1.HttpConnect] {\n";
constexpr std::string_view kFilterEnd = "\n} } } }\n";

std::vector<std::string> ErrorsOfSettings(std::string_view settings) {
  return Lines(
      LoadTextproto(std::string(kFilterStart) + std::string(settings) + std::string(kFilterEnd)));
}

TEST(TextprotoReaderTest, FindsEveryUnknownFieldWithItsPath) {
  EXPECT_THAT(
      ErrorsOfSettings("polcy {}\n policy { rules { alow {} } rules { allow { port: '1' } } }"),
      ElementsAre("test.textproto:4:1: listeners[0].filters[0].http_connect.polcy: unknown "
                  "field; did you mean 'policy'?",
                  "test.textproto:5:19: listeners[0].filters[0].http_connect.policy.rules[0]"
                  ".alow: unknown field; did you mean 'allow'?",
                  "test.textproto:5:45: listeners[0].filters[0].http_connect.policy.rules[1]"
                  ".allow.port: unknown field; did you mean 'ports'?"));
}

TEST(TextprotoReaderTest, ChecksRulesWithPlaces) {
  EXPECT_THAT(
      ErrorsOfSettings("idle_timeout {}\nmax_lifetime { seconds: -1 }\tcluster: 'x'"),
      ElementsAre("test.textproto:4:1: listeners[0].filters[0].http_connect.idle_timeout: "
                  "is too short; at least '1ms'",
                  "test.textproto:5:1: listeners[0].filters[0].http_connect.max_lifetime: a "
                  "duration cannot be negative, nor have a second of nanoseconds",
                  "test.textproto:5:30: listeners[0].filters[0].http_connect.cluster: no "
                  "cluster is named 'x'; add it to 'clusters'"));
}

TEST(TextprotoReaderTest, ChecksNamesAndTypesOfFilters) {
  EXPECT_THAT(Lines(LoadTextproto("listeners { name: 'a' address: 'b' filters { name: 'htp' } }")),
              ElementsAre("test.textproto:1:46: listeners[0].filters[0].name: unknown filter "
                          "'htp'; did you mean 'http'?"));
  EXPECT_THAT(Lines(LoadTextproto("listeners { name: 'a' address: 'b' filters { name: 'http' \n"
                                  "typed_config { [type.googleapis.com/"
                                  "culvert.extensions.metrics.v1.Metrics] {} } } }")),
              ElementsAre("test.textproto:2:1: listeners[0].filters[0].http: the type of 'http' is "
                          "'type.googleapis.com/culvert.extensions.metrics.v1.Metrics'; write "
                          "'type.googleapis.com/culvert.extensions.http.v1.Http'"));
}

TEST(TextprotoReaderTest, NamesTypesThatDoNotExist) {
  EXPECT_THAT(Lines(LoadTextproto(
                  "listeners { filters { typed_config { [type.googleapis.com/a.B] {} } } }")),
              ElementsAre("test.textproto:1:39: unknown type 'type.googleapis.com/a.B'"));
}

TEST(TextprotoReaderTest, RefusesEnumValuesThatDoNotExist) {
  EXPECT_THAT(Lines(LoadTextproto("access_log { filename: 'f' format: 7 }")),
              ElementsAre("test.textproto:1:28: access_log[0].format: unknown value 7; use one of "
                          "'JSON', 'TEXT'"));
}

TEST(TextprotoReaderTest, RefusesExtensions) {
  EXPECT_THAT(Lines(LoadTextproto("process { [foo.bar]: 1 }")),
              ElementsAre("test.textproto:1:20: extensions are not supported; remove the field in "
                          "brackets"));
}

TEST(TextprotoReaderTest, RefusesStringsThatAreNotUtf8) {
  EXPECT_THAT(Lines(LoadTextproto("process { node { id: 'a\\377' } }")),
              ElementsAre("test.textproto:1:18: process.node.id: is not UTF-8 text; remove the bad "
                          "bytes"));
}

TEST(TextprotoReaderTest, DoesNotRepeatWhatMayBeASecret) {
  EXPECT_THAT(
      Lines(LoadTextproto("identity_providers { users { users { password: 'wonderland' } } }")),
      ElementsAre("test.textproto:1:48: not valid protobuf text: Expected \"{\""));
  EXPECT_THAT(Lines(LoadTextproto(
                  "identity_providers { users { users { password { inline_string: secret } } } }")),
              ElementsAre("test.textproto:1:64: not valid protobuf text: Expected string"));
}

TEST(TextprotoReaderTest, ReportsAFieldGivenTwiceAndOneofsGivenTwice) {
  EXPECT_THAT(Lines(LoadTextproto("process { workers: 1 workers: 2 }")),
              ElementsAre("test.textproto:1:29: not valid protobuf text: Non-repeated field "
                          "\"workers\" is specified multiple times."));
  EXPECT_THAT(Lines(LoadTextproto("identity_providers { users {} htpasswd {} }")),
              ElementsAre("test.textproto:1:40: not valid protobuf text: Field \"htpasswd\" is "
                          "specified along with field \"users\", another member of oneof "
                          "\"provider\"."));
}

TEST(TextprotoReaderTest, BoundsDepth) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "x { ";
  EXPECT_EQ(LoadTextproto(text).ok(), false);
}

}  // namespace
}  // namespace culvert::config
