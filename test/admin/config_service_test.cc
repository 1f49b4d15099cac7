#include <gmock/gmock.h>

#include <string>

#include "google/rpc/status.pb.h"
#include "test/admin/services_fixture.h"

namespace culvert::admin {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using ConfigServiceTest = ServicesTest;

TEST_F(ConfigServiceTest, ApplyMakesAVersionAndTellsWhatChanged) {
  const v1::ApplyResponse response = Apply(Config("6s"), 1);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 2);
  EXPECT_EQ(response.version().author(), "CN=alice");
  EXPECT_EQ(response.version().origin(), "api");
  EXPECT_EQ(response.version().label(), "ticket 12");
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).what(), "listener");
  EXPECT_EQ(response.changes(0).name(), "web");
  EXPECT_THAT(response.changes(0).fields(), ElementsAre("chain_match_timeout"));
  const v1::HistoryResponse history = History();
  EXPECT_EQ(history.running_version(), 2);
  ASSERT_EQ(history.versions_size(), 2);
  EXPECT_EQ(history.versions(0).number(), 2);
  EXPECT_THAT(history.versions(1).origin(), HasSubstr("proxy.yaml"));
}

TEST_F(ConfigServiceTest, ADryRunChangesNothing) {
  v1::ApplyRequest request;
  *request.mutable_source() = Source(Config("6s"));
  request.set_dry_run(true);
  const auto response = Call(config_, &v1::ConfigService::Stub::Apply, request);
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 1);
  EXPECT_EQ(response.changes_size(), 1);
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ConfigServiceTest, AWrongConfigIsRefusedWithThePlaceOfItsError) {
  Apply(Config("soon"));
  EXPECT_EQ(status_.error_code(), StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status_.error_details()));
  v1::ConfigErrors errors;
  ASSERT_EQ(details.details_size(), 2);
  ASSERT_TRUE(details.details(1).UnpackTo(&errors));
  ASSERT_EQ(errors.errors_size(), 1);
  EXPECT_EQ(errors.errors(0).file(), "new.yaml");
  EXPECT_EQ(errors.errors(0).line(), 8);
  EXPECT_EQ(errors.errors(0).column(), 3);
  EXPECT_EQ(errors.errors(0).path(), "listeners[0].chain_match_timeout");
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ConfigServiceTest, ValidateCountsWhatAConfigHas) {
  v1::ValidateRequest request;
  *request.mutable_source() = Source(Config("6s"));
  const auto response = Call(config_, &v1::ConfigService::Stub::Validate, request);
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.listeners(), 1);
  EXPECT_EQ(response.clusters(), 1);
  *request.mutable_source() = Source("listeners: [{name: web}]");
  Call(config_, &v1::ConfigService::Stub::Validate, request);
  EXPECT_EQ(status_.error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ConfigServiceTest, ApplyIsRefusedWhereAnotherVersionRuns) {
  Apply(Config("6s"), 7);
  EXPECT_EQ(status_.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ConfigServiceTest, AChangeThatNeedsARestartNamesItsField) {
  Apply(Config("5s", "{workers: 3}"));
  EXPECT_EQ(status_.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status_.error_message(), HasSubstr("process.workers"));
}

TEST_F(ConfigServiceTest, GetShowsAVersionWithoutItsSecrets) {
  Apply(Config("6s"));
  v1::GetRequest request;
  request.set_version(1);
  const auto response = Call(config_, &v1::ConfigService::Stub::Get, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 1);
  EXPECT_EQ(response.config().listeners(0).chain_match_timeout().seconds(), 5);
  EXPECT_THAT(response.yaml(), HasSubstr("chain_match_timeout: 5s"));
  EXPECT_THAT(response.yaml(), HasSubstr("[redacted]"));
  EXPECT_THAT(response.SerializeAsString(), Not(HasSubstr("hush")));
  request.set_version(99);
  Call(config_, &v1::ConfigService::Stub::Get, request);
  EXPECT_EQ(status_.error_code(), StatusCode::NOT_FOUND);
}

TEST_F(ConfigServiceTest, DiffShowsWhatApplyWouldChange) {
  v1::DiffRequest request;
  *request.mutable_source() = Source(Config("6s"));
  const auto response = Call(config_, &v1::ConfigService::Stub::Diff, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).name(), "web");
  EXPECT_THAT(response.unified(), HasSubstr("version 1"));
  EXPECT_THAT(response.unified(), HasSubstr("new.yaml"));
  EXPECT_THAT(response.unified(), HasSubstr("-  chain_match_timeout: 5s"));
  EXPECT_THAT(response.unified(), HasSubstr("+  chain_match_timeout: 6s"));
}

TEST_F(ConfigServiceTest, RollbackMakesANewVersionOfAnOldConfig) {
  Apply(Config("6s"));
  v1::RollbackRequest request;
  request.set_version(1);
  const auto response = Call(config_, &v1::ConfigService::Stub::Rollback, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 3);
  EXPECT_EQ(response.version().origin(), "rollback to 1");
  EXPECT_EQ(response.version().author(), "CN=alice");
  EXPECT_EQ(response.version().checksum(), History().versions(2).checksum());
}

TEST_F(ConfigServiceTest, WatchTellsTheRunningVersionAndEachNewOne) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  const auto reader = config_->Watch(&context, {});
  v1::Version version;
  ASSERT_TRUE(reader->Read(&version));
  EXPECT_EQ(version.number(), 1);
  for (int i = 2; i < 5; ++i) {
    Apply(Config(fmt::format("{}s", 10 + i)));
    ASSERT_TRUE(reader->Read(&version));
    EXPECT_EQ(version.number(), i);
  }
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&version));
}

}  // namespace
}  // namespace culvert::admin
