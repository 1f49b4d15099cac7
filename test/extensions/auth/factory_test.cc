#include "extensions/auth/factory.h"

#include <gtest/gtest.h>

#include <memory>

#include "api/culvert/extensions/auth/v1/auth.pb.h"
#include "test/fakes/filter_fixture.h"
#include "test/identity/fake_provider.h"

namespace culvert::extensions::auth {
namespace {

class AuthFactoryTest : public fakes::FilterFixture {
 protected:
  AuthFactoryTest() {
    environment_.Add(std::make_shared<identity::FakeProvider>("staff", "alice", "a", true));
    config_.add_providers("staff");
  }

  bool Builds() { return Build<filter::HttpFilter>(*MakeAuthFactory(), config_) != nullptr; }

  v1::Auth config_;
};

TEST_F(AuthFactoryTest, IsAnHttpFilterWithTheNameOfItsFolder) {
  EXPECT_EQ(MakeAuthFactory()->name(), "auth");
  EXPECT_EQ(MakeAuthFactory()->kind(), filter::FilterKind::kHttp);
}

TEST_F(AuthFactoryTest, ProvidersAreEnough) {
  EXPECT_TRUE(Builds());
  EXPECT_EQ(Errors(), "");
}

TEST_F(AuthFactoryTest, RealmIsOneLineOfText) {
  config_.set_realm("two\r\nlines");
  EXPECT_FALSE(Builds());
  EXPECT_EQ(Errors(), "f.realm: has a control character; write one line of text\n");
}

TEST_F(AuthFactoryTest, FirstDelayIsNotLongerThanTheLongest) {
  config_.mutable_failure_delay()->set_seconds(9);
  EXPECT_FALSE(Builds());
  EXPECT_EQ(Errors(),
            "f.failure_delay: is longer than maximum_failure_delay; lower it, or raise that one "
            "(8s where not given)\n");
}

TEST_F(AuthFactoryTest, ProviderThatDoesNotExistGivesNoFilterAndNoSecondError) {
  config_.add_providers("nobody");
  EXPECT_FALSE(Builds());
  EXPECT_EQ(Errors(), "");
}

}  // namespace
}  // namespace culvert::extensions::auth
