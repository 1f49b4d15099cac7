#include "source/identity/builder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/identity/hashes.h"
#include "test/identity/temporary_file.h"

namespace culvert::identity {
namespace {

using config::v1::Config;
using config::v1::User;

class BuilderTest : public testing::Test {
 protected:
  User& AddUser(int provider, std::string_view name, std::string_view password) {
    User& user = *config_.mutable_identity_providers(provider)->mutable_users()->add_users();
    user.set_name(std::string(name));
    user.mutable_password()->set_inline_string(std::string(password));
    return user;
  }

  int AddProvider(std::string_view name) {
    config_.add_identity_providers()->set_name(std::string(name));
    return config_.identity_providers_size() - 1;
  }

  ProviderMap Build(std::string_view base_directory = "/") {
    errors_.clear();
    return BuildProviders(config_, base_directory, errors_);
  }

  std::vector<std::string> ErrorPaths() {
    std::vector<std::string> paths;
    for (const FieldError& error : errors_) paths.push_back(error.path);
    return paths;
  }

  CheckOutcome Verify(const IdentityProviderPtr& provider, std::string_view user,
                      std::string_view password) {
    return provider->Verify(user, password, scratch_).outcome;
  }

  using Paths = std::vector<std::string>;
  Config config_;
  std::vector<FieldError> errors_;
  HashScratch scratch_;
};

TEST_F(BuilderTest, BuildsBothKinds) {
  const TemporaryFile file(fmt::format("bob:{}\n", kBcrypt2y));
  AddProvider("staff");
  config_.mutable_identity_providers(0)->mutable_htpasswd()->set_filename(file.filename());
  config_.mutable_identity_providers(0)->mutable_htpasswd()->add_groups("ops");
  AddUser(AddProvider("demo"), "alice", "wonderland").add_groups("guests");
  const ProviderMap providers = Build(file.folder());
  ASSERT_EQ(errors_, std::vector<FieldError>());
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_FALSE(providers.at("staff")->FastPath());
  EXPECT_TRUE(providers.at("demo")->FastPath());
  const Identity bob = {.name = "bob", .groups = {"ops"}, .provider = "staff"};
  EXPECT_EQ(providers.at("staff")->Verify("bob", kPassword, scratch_).identity, bob);
  const Identity alice = {.name = "alice", .groups = {"guests"}, .provider = "demo"};
  EXPECT_EQ(providers.at("demo")->Verify("alice", "wonderland", scratch_).identity, alice);
}

TEST_F(BuilderTest, TakesAPasswordFileWithoutItsLineEnd) {
  const TemporaryFile unix_file("wonderland\n");
  const TemporaryFile dos_file("wonderland\r\n");
  AddProvider("demo");
  AddUser(0, "alice", "").mutable_password()->set_filename(unix_file.path());
  AddUser(0, "bob", "").mutable_password()->set_filename(dos_file.path());
  const ProviderMap providers = Build();
  ASSERT_EQ(errors_, std::vector<FieldError>());
  EXPECT_EQ(Verify(providers.at("demo"), "alice", "wonderland"), CheckOutcome::kOk);
  EXPECT_EQ(Verify(providers.at("demo"), "bob", "wonderland"), CheckOutcome::kOk);
}

TEST_F(BuilderTest, ReportsEveryErrorWithItsPath) {
  AddProvider("missing");
  config_.mutable_identity_providers(0)->mutable_htpasswd()->set_filename("no-such-file");
  AddProvider("neither");
  AddProvider("demo");
  AddUser(2, "alice", "one");
  AddUser(2, "alice", "two");
  AddUser(2, "b:b", "x");
  AddUser(2, "carol", "");
  AddUser(2, "dave", "x").clear_password();
  AddUser(2, "erin", "line\nbreak");
  AddUser(AddProvider("demo"), "alice", "x");
  AddUser(AddProvider(""), "alice", "x");
  AddProvider("unnamed-file");
  config_.mutable_identity_providers(5)->mutable_htpasswd();
  Build();
  const Paths expected = {"identity_providers[0].htpasswd.filename",
                          "identity_providers[1]",
                          "identity_providers[2].users[1].name",
                          "identity_providers[2].users[2].name",
                          "identity_providers[2].users[3].password",
                          "identity_providers[2].users[4].password",
                          "identity_providers[2].users[5].password",
                          "identity_providers[3].name",
                          "identity_providers[4].name",
                          "identity_providers[5].htpasswd.filename"};
  EXPECT_EQ(ErrorPaths(), expected);
}

TEST_F(BuilderTest, ReportsEveryLineOfAnHtpasswdFile) {
  const TemporaryFile file("one\ntwo\n");
  AddProvider("staff");
  config_.mutable_identity_providers(0)->mutable_htpasswd()->set_filename(file.path());
  EXPECT_TRUE(Build().empty());
  EXPECT_EQ(ErrorPaths(), Paths(2, "identity_providers[0].htpasswd.filename"));
}

TEST_F(BuilderTest, NeverQuotesAPassword) {
  AddProvider("demo");
  AddUser(0, "alice", "hunter2\n");
  AddUser(0, "bob", "hunter2");
  AddUser(0, "bob", "hunter2");
  Build();
  ASSERT_EQ(errors_.size(), 2u);
  for (const FieldError& error : errors_) {
    EXPECT_EQ(error.message.find("hunter2"), std::string::npos) << error.message;
  }
}

TEST_F(BuilderTest, TakesOverWhatIsKept) {
  for (const std::string_view name : {"kept", "other"}) AddUser(AddProvider(name), "a", "secret");
  const ProviderMap before = Build();
  const ProviderMap after =
      BuildProviders(config_, "/", errors_, [&](const config::v1::IdentityProvider& provider) {
        return provider.name() == "kept" ? before.at("kept") : nullptr;
      });
  EXPECT_EQ(ErrorPaths(), Paths());
  EXPECT_EQ(after.at("kept"), before.at("kept"));
  EXPECT_NE(after.at("other"), before.at("other"));
}

}  // namespace
}  // namespace culvert::identity
