#include "source/identity/htpasswd_provider.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "source/base/status.h"
#include "test/identity/hashes.h"
#include "test/identity/temporary_file.h"

namespace culvert::identity {
namespace {

int64_t ThreadCpuNanoseconds() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

class HtpasswdProviderTest : public testing::Test {
 protected:
  HtpasswdProviderTest() : file_(fmt::format("alice:{}\nbob:{}\n", kBcrypt2y, kSha1)) {
    std::vector<std::string> errors;
    provider_ = HtpasswdProvider::Load("staff", file_.path(), {"ops"}, errors);
    EXPECT_TRUE(errors.empty());
  }

  CheckOutcome Verify(std::string_view user, std::string_view password) {
    return provider_->Verify(user, password, scratch_).outcome;
  }

  // Expects an error and returns its text.
  std::string ReloadError() {
    const absl::StatusOr<bool> result = provider_->ReloadIfChanged();
    EXPECT_FALSE(result.ok());
    return std::string(Message(result.status()));
  }

  void ExpectReload(bool changed) {
    const absl::StatusOr<bool> result = provider_->ReloadIfChanged();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, changed);
  }

  TemporaryFile file_;
  std::shared_ptr<HtpasswdProvider> provider_;
  HashScratch scratch_;
};

TEST_F(HtpasswdProviderTest, TellsWhoAUserIs) {
  const CheckResult result = provider_->Verify("alice", kPassword, scratch_);
  EXPECT_EQ(result.outcome, CheckOutcome::kOk);
  const Identity expected = {.name = "alice", .groups = {"ops"}, .provider = "staff"};
  EXPECT_EQ(result.identity, expected);
  EXPECT_EQ(Verify("bob", kPassword), CheckOutcome::kOk);
}

TEST_F(HtpasswdProviderTest, TellsAWrongPasswordFromAnUnknownUser) {
  EXPECT_EQ(Verify("alice", "wrong"), CheckOutcome::kWrongPassword);
  EXPECT_EQ(Verify("carol", kPassword), CheckOutcome::kUnknownUser);
}

TEST_F(HtpasswdProviderTest, LetsNobodyInByAnotherUsersPassword) {
  // An unknown user is checked against somebody's hash; that it matches must not count.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Verify(fmt::format("nobody{}", i), kPassword), CheckOutcome::kUnknownUser);
  }
}

TEST_F(HtpasswdProviderTest, WorksAsHardForAnUnknownUserAsForAWrongPassword) {
  file_.Write(fmt::format("alice:{}\n", kBcryptSlow));
  ExpectReload(true);
  const auto cpu_time_of = [this](std::string_view user) {
    const int64_t start = ThreadCpuNanoseconds();
    Verify(user, "wrong");
    return ThreadCpuNanoseconds() - start;
  };
  cpu_time_of("alice");
  const int64_t known = cpu_time_of("alice");
  const int64_t unknown = cpu_time_of("nobody");
  // The alternative is a thousandth.
  EXPECT_GT(unknown, known / 4);
  EXPECT_LT(unknown, known * 4);
}

TEST_F(HtpasswdProviderTest, LeavesAnUnchangedFileAlone) {
  const uint64_t generation = provider_->generation();
  ExpectReload(false);
  EXPECT_EQ(provider_->generation(), generation);
}

TEST_F(HtpasswdProviderTest, ReadsAChangedFileAgain) {
  const uint64_t generation = provider_->generation();
  file_.Write(fmt::format("carol:{}\n", kSha1));
  ExpectReload(true);
  EXPECT_NE(provider_->generation(), generation);
  EXPECT_EQ(Verify("carol", kPassword), CheckOutcome::kOk);
  EXPECT_EQ(Verify("alice", kPassword), CheckOutcome::kUnknownUser);
  ExpectReload(false);
}

TEST_F(HtpasswdProviderTest, ReadsAFileThatWasRenamedIntoPlace) {
  const TemporaryFile other(fmt::format("dora:{}\nbob:{}\n", kBcrypt2a, kSha1));
  ASSERT_EQ(std::rename(other.path().c_str(), file_.path().c_str()), 0);
  ExpectReload(true);
  EXPECT_EQ(Verify("dora", kPassword), CheckOutcome::kOk);
}

TEST_F(HtpasswdProviderTest, KeepsItsUsersWhenTheNewFileIsBroken) {
  const uint64_t generation = provider_->generation();
  file_.Write(fmt::format("carol:{}\nhalf a li", kSha1));
  const std::string error = ReloadError();
  EXPECT_NE(error.find(file_.path() + ":2:"), std::string::npos) << error;
  EXPECT_EQ(Verify("alice", kPassword), CheckOutcome::kOk);
  EXPECT_EQ(Verify("carol", kPassword), CheckOutcome::kUnknownUser);
  EXPECT_EQ(provider_->generation(), generation);
}

TEST_F(HtpasswdProviderTest, ReportsABrokenFileOnceAndRecovers) {
  file_.Write("broken");
  ReloadError();
  ExpectReload(false);
  file_.Write(fmt::format("carol:{}\n", kSha1));
  ExpectReload(true);
  EXPECT_EQ(Verify("carol", kPassword), CheckOutcome::kOk);
}

TEST_F(HtpasswdProviderTest, KeepsItsUsersWhenTheFileIsGoneAndTakesItWhenItIsBack) {
  file_.Remove();
  EXPECT_NE(ReloadError().find("no such file"), std::string::npos);
  ExpectReload(false);
  EXPECT_EQ(Verify("alice", kPassword), CheckOutcome::kOk);
  file_.Write(fmt::format("carol:{}\n", kSha1));
  ExpectReload(true);
}

TEST_F(HtpasswdProviderTest, NoticesAChangeOfTheMode) {
  ASSERT_EQ(::chmod(file_.path().c_str(), 0640), 0);
  ExpectReload(true);
}

TEST_F(HtpasswdProviderTest, LocksEverybodyOutWhenTheFileIsEmptied) {
  file_.Write("");
  ExpectReload(true);
  EXPECT_EQ(Verify("alice", kPassword), CheckOutcome::kUnknownUser);
}

TEST(HtpasswdProviderLoadTest, ReportsEveryLine) {
  const TemporaryFile file("one\ntwo\n");
  std::vector<std::string> errors;
  EXPECT_EQ(HtpasswdProvider::Load("staff", file.path(), {}, errors), nullptr);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_TRUE(errors[0].starts_with(file.path() + ":1: ")) << errors[0];
  EXPECT_TRUE(errors[1].starts_with(file.path() + ":2: ")) << errors[1];
}

TEST(HtpasswdProviderLoadTest, ReportsAMissingFile) {
  std::vector<std::string> errors;
  EXPECT_EQ(HtpasswdProvider::Load("staff", "/nonexistent/users", {}, errors), nullptr);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].starts_with("/nonexistent/users: no such file")) << errors[0];
}

}  // namespace
}  // namespace culvert::identity
