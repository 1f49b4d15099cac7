// What is told about mistakes in the binary format, which has paths but no positions.
#include "api/culvert/extensions/http/v1/http.pb.h"
#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/config/loading.h"

namespace culvert::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::Config WithFilter(std::string_view name, const google::protobuf::Message& settings) {
  v1::Config config;
  v1::Listener& listener = *config.add_listeners();
  listener.set_name("a");
  listener.set_address("b");
  v1::Filter& filter = *listener.add_filters();
  filter.set_name(std::string(name));
  filter.mutable_typed_config()->PackFrom(settings);
  return config;
}

TEST(BinaryTest, RefusesOtherBytes) {
  EXPECT_THAT(Lines(LoadConfigText("\xff\xff\xff", Format::kBinary, "test.pb", TestOptions())),
              ElementsAre("test.pb: not a culvert.config.v1.Config in protobuf's binary format"));
}

TEST(BinaryTest, ChecksRulesByPath) {
  extensions::http::v1::Http http;
  http.set_max_head_size(1);
  EXPECT_THAT(
      Lines(LoadBinary(WithFilter("http", http))),
      ElementsAre("test.pb: listeners[0].filters[0].http.max_head_size: out of range; write "
                  "a size from 256 to 16MiB"));
}

TEST(BinaryTest, RefusesUnknownFieldsAtAnyDepth) {
  extensions::http::v1::Http http;
  http.GetReflection()->MutableUnknownFields(&http)->AddVarint(77, 1);
  v1::Config config = WithFilter("http", http);
  v1::Process& process = *config.mutable_process();
  process.GetReflection()->MutableUnknownFields(&process)->AddVarint(78, 1);
  EXPECT_THAT(Lines(LoadBinary(config)),
              ElementsAre("test.pb: process: unknown field number 78 of culvert.config.v1.Process; "
                          "remove it",
                          "test.pb: listeners[0].filters[0].http: unknown field number 77 of "
                          "culvert.extensions.http.v1.Http; remove it"));
}

TEST(BinaryTest, ChecksNamesAndTypesOfFilters) {
  EXPECT_THAT(Lines(LoadBinary(WithFilter("http", extensions::metrics::v1::Metrics()))),
              ElementsAre("test.pb: listeners[0].filters[0].http: the type of 'http' is "
                          "'type.googleapis.com/culvert.extensions.metrics.v1.Metrics'; write "
                          "'type.googleapis.com/culvert.extensions.http.v1.Http'"));
  EXPECT_THAT(Lines(LoadBinary(WithFilter("htp", extensions::http::v1::Http()))),
              ElementsAre("test.pb: listeners[0].filters[0].name: unknown filter 'htp'; did you "
                          "mean 'http'?"));
}

TEST(BinaryTest, RefusesSettingsThatAreNotOfTheirType) {
  v1::Config config = WithFilter("http", extensions::http::v1::Http());
  config.mutable_listeners(0)->mutable_filters(0)->mutable_typed_config()->set_value("\xff");
  EXPECT_THAT(Lines(LoadBinary(config)),
              ElementsAre("test.pb: listeners[0].filters[0].http: does not hold a "
                          "'type.googleapis.com/culvert.extensions.http.v1.Http'"));
}

TEST(BinaryTest, AFilterThisBuildDoesNotHaveIsUnknownThoughItsMessageIsLinked) {
  const v1::Config config = WithFilter("http", extensions::http::v1::Http());
  const LoadResult result =
      LoadConfigText(config.SerializeAsString(), Format::kBinary, "test.pb", {{"metrics"}});
  EXPECT_THAT(Lines(result), ElementsAre("test.pb: listeners[0].filters[0].name: unknown filter "
                                         "'http'; use one of 'metrics'"));
}

TEST(BinaryTest, NothingIsAnEmptyConfig) {
  EXPECT_THAT(Lines(LoadBinary(v1::Config())), IsEmpty());
}

}  // namespace
}  // namespace culvert::config
