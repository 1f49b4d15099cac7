#include "source/admin/errors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/culvert/admin/v1/config.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace culvert::admin {
namespace {

using server::ApplyOutcome;

// What clients accept in trailers unless they were told otherwise.
constexpr size_t kUsualLimit = 8192;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

template <class Message>
Message Detail(const grpc::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    Message message;
    if (any.UnpackTo(&message)) return message;
  }
  ADD_FAILURE() << "there is no " << Message::descriptor()->full_name();
  return {};
}

ApplyOutcome Outcome(ApplyOutcome::Kind kind, std::string message = {}) {
  ApplyOutcome outcome;
  outcome.kind = kind;
  outcome.message = std::move(message);
  return outcome;
}

TEST(ErrorsTest, WhatWorkedIsOk) {
  for (const auto kind : {ApplyOutcome::Kind::kApplied, ApplyOutcome::Kind::kUnchanged,
                          ApplyOutcome::Kind::kChecked}) {
    EXPECT_TRUE(ToStatus(Outcome(kind)).ok());
  }
}

TEST(ErrorsTest, EachFailureHasItsCodeAndItsReason) {
  const std::vector<std::pair<ApplyOutcome::Kind, grpc::StatusCode>> codes = {
      {ApplyOutcome::Kind::kConflict, grpc::StatusCode::ABORTED},
      {ApplyOutcome::Kind::kFailed, grpc::StatusCode::FAILED_PRECONDITION},
      {ApplyOutcome::Kind::kNotFound, grpc::StatusCode::NOT_FOUND},
      {ApplyOutcome::Kind::kUnavailable, grpc::StatusCode::UNAVAILABLE},
  };
  for (const auto& [kind, code] : codes) {
    const grpc::Status status = ToStatus(Outcome(kind, "the reason"));
    EXPECT_EQ(status.error_code(), code);
    EXPECT_EQ(status.error_message(), "the reason");
  }
}

TEST(ErrorsTest, AWrongConfigHasEachErrorWithItsPlace) {
  ApplyOutcome outcome = Outcome(ApplyOutcome::Kind::kInvalid);
  outcome.errors = {{"proxy.yaml", {3, 12}, "listeners[0].address", "no port"},
                    {"proxy.yaml", {9, 1}, "clusters[0]", "no name"}};
  const grpc::Status status = ToStatus(outcome);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "2 errors, the first: proxy.yaml:3:12: listeners[0].address: no port");
  EXPECT_EQ(DetailsOf(status).code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).message(), status.error_message());
  const auto request = Detail<google::rpc::BadRequest>(status);
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(0).field(), "listeners[0].address");
  EXPECT_EQ(request.field_violations(1).description(), "no name");
  const auto places = Detail<v1::ConfigErrors>(status);
  ASSERT_EQ(places.errors_size(), 2);
  EXPECT_EQ(places.errors(0).file(), "proxy.yaml");
  EXPECT_EQ(places.errors(0).line(), 3);
  EXPECT_EQ(places.errors(0).column(), 12);
  EXPECT_EQ(places.errors(1).path(), "clusters[0]");
  EXPECT_EQ(places.errors(1).message(), "no name");
}

TEST(ErrorsTest, AConfigWithThousandsOfErrorsFitsIntoATrailer) {
  std::vector<config::ConfigError> errors;
  for (int i = 0; i < 5000; ++i) {
    errors.push_back({"proxy.yaml", {i + 1, 1}, fmt::format("listeners[{}].address", i), "wrong"});
  }
  const grpc::Status status = InvalidConfig(errors);
  EXPECT_TRUE(status.error_message().starts_with("5000 errors, the first: proxy.yaml:1:1: "));
  EXPECT_LE(status.error_details().size(), kMostDetails);
  const auto places = Detail<v1::ConfigErrors>(status);
  EXPECT_GT(places.errors_size(), 10);
  EXPECT_EQ(Detail<google::rpc::BadRequest>(status).field_violations_size(), places.errors_size());
}

TEST(ErrorsTest, OneErrorOfAnyLengthFitsIntoATrailer) {
  std::string umlauts;
  for (int i = 0; i < 5000; ++i) umlauts += "\xC3\xBC";
  const grpc::Status status =
      InvalidConfig(std::vector<config::ConfigError>{{umlauts, {1, 1}, umlauts, umlauts}});
  // Escaped and in base64, as they travel.
  EXPECT_LT(status.error_message().size() * 3 + status.error_details().size() * 4 / 3, kUsualLimit);
  const auto places = Detail<v1::ConfigErrors>(status);
  ASSERT_EQ(places.errors_size(), 1);
  EXPECT_TRUE(places.errors(0).message().ends_with("\xC3\xBC..."));
}

TEST(ErrorsTest, ARestartNamesItsFields) {
  ApplyOutcome outcome = Outcome(ApplyOutcome::Kind::kNeedsRestart);
  outcome.restart_fields = {"process.workers", "process.node.id"};
  const grpc::Status status = ToStatus(outcome);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "a change of process.workers, process.node.id needs a restart");
  const auto failure = Detail<google::rpc::PreconditionFailure>(status);
  ASSERT_EQ(failure.violations_size(), 2);
  EXPECT_EQ(failure.violations(0).type(), "RESTART");
  EXPECT_EQ(failure.violations(0).subject(), "process.workers");
  EXPECT_EQ(failure.violations(1).subject(), "process.node.id");
}

TEST(ErrorsTest, AWrongFieldOfARequestIsNamed) {
  const grpc::Status status = InvalidField({"interval", "is under 100ms"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "interval: is under 100ms");
  const auto request = Detail<google::rpc::BadRequest>(status);
  ASSERT_EQ(request.field_violations_size(), 1);
  EXPECT_EQ(request.field_violations(0).field(), "interval");
  EXPECT_EQ(request.field_violations(0).description(), "is under 100ms");
}

}  // namespace
}  // namespace culvert::admin
