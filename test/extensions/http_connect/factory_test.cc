#include "extensions/http_connect/factory.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "test/fakes/filter_fixture.h"

namespace culvert::extensions::http_connect {
namespace {

class HttpConnectFactoryTest : public fakes::FilterFixture {
 protected:
  bool Builds(const std::string& text) {
    v1::HttpConnect config;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
    return Build<filter::HttpFilter>(*MakeHttpConnectFactory(), config) != nullptr;
  }
};

TEST_F(HttpConnectFactoryTest, IsAnHttpFilterWithTheNameOfItsFolder) {
  EXPECT_EQ(MakeHttpConnectFactory()->name(), "http_connect");
  EXPECT_EQ(MakeHttpConnectFactory()->kind(), filter::FilterKind::kHttp);
}

TEST_F(HttpConnectFactoryTest, EmptyConfigIsWhole) {
  EXPECT_TRUE(Builds(""));
  EXPECT_EQ(Errors(), "");
}

TEST_F(HttpConnectFactoryTest, ReportsEveryErrorOfThePolicyWithItsField) {
  EXPECT_FALSE(
      Builds(R"(policy { rules { allow { networks: "127.0.0.0/33" ports: "https" } } rules {} })"));
  ASSERT_EQ(errors_.size(), 3) << Errors();
  EXPECT_EQ(errors_[0].path, "f.policy.rules[0].allow.ports[0]");
  EXPECT_EQ(errors_[1].path, "f.policy.rules[0].allow.networks[0]");
  EXPECT_EQ(errors_[2].path, "f.policy.rules[1]");
  EXPECT_EQ(errors_[2].message, "the rule is empty; write allow: {...} or deny: {...}");
}

TEST_F(HttpConnectFactoryTest, ClusterThatDoesNotExistGivesNoFilterAndNoSecondError) {
  EXPECT_FALSE(Builds(R"(cluster: "nowhere")"));
  EXPECT_EQ(Errors(), "");
}

}  // namespace
}  // namespace culvert::extensions::http_connect
