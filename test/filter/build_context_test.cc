#include "source/filter/build_context.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/fakes/fake_build_environment.h"
#include "test/identity/temporary_file.h"

namespace culvert::filter {
namespace {

class BuildContextTest : public ::testing::Test {
 protected:
  stats::Registry stats_{1};
  fakes::FakeBuildEnvironment environment_{stats_};
  std::vector<FieldError> errors_;
  BuildContext context_{environment_, "listeners[0].filters[1].x", "test", errors_};
  config::v1::DataSource source_;
};

TEST_F(BuildContextTest, AWarningIsNoError) {
  context_.AddWarning("a.b", "is odd");
  context_.AddWarning("", "is odd too");
  EXPECT_FALSE(context_.has_errors());
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(environment_.warnings(),
            (std::vector<FieldError>{{"listeners[0].filters[1].x.a.b", "is odd"},
                                     {"listeners[0].filters[1].x", "is odd too"}}));
}

TEST_F(BuildContextTest, ACertificateIsNotedWithItsPlace) {
  context_.NoteCertificate("certificates[2]", {.subject = "CN=a"});
  ASSERT_EQ(environment_.certificates().size(), 1);
  EXPECT_EQ(environment_.certificates()[0].path, "listeners[0].filters[1].x.certificates[2]");
  EXPECT_EQ(environment_.certificates()[0].subject, "CN=a");
}

TEST_F(BuildContextTest, AFileThatIsReadIsNoted) {
  const identity::TemporaryFile file("content");
  source_.set_filename(file.path());
  EXPECT_EQ(context_.Read("f", source_), "content");
  EXPECT_EQ(environment_.files(), std::vector<std::string>{file.path()});
}

TEST_F(BuildContextTest, AFileThatCannotBeReadIsNotedAllTheSame) {
  source_.set_filename("./missing/file");
  EXPECT_EQ(context_.Read("f", source_), std::nullopt);
  EXPECT_EQ(environment_.files(), std::vector<std::string>{"missing/file"});
  EXPECT_TRUE(context_.has_errors());
}

TEST_F(BuildContextTest, WhatIsInNoFileIsNotNoted) {
  source_.set_inline_string("content");
  EXPECT_EQ(context_.Read("f", source_), "content");
  EXPECT_TRUE(environment_.files().empty());
}

}  // namespace
}  // namespace culvert::filter
