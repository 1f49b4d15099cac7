#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "test/ctl/ctl_fixture.h"

namespace culvert::ctl {
namespace {

void AddChange(google::protobuf::RepeatedPtrField<v1::Change>* changes, v1::Change::Kind kind,
               const std::string& what, const std::string& name,
               const std::vector<std::string>& fields = {}) {
  v1::Change* change = changes->Add();
  change->set_kind(kind);
  change->set_what(what);
  change->set_name(name);
  for (const std::string& field : fields) change->add_fields(field);
}

class CtlConfigCommandsTest : public CtlFixture {
 protected:
  // The server refuses with `code` and this detail.
  void RefuseWith(int code, const std::string& message, const google::protobuf::Message& detail) {
    google::rpc::Status status;
    status.set_code(code);
    status.add_details()->PackFrom(detail);
    answers().error_code = code;
    answers().error_message = message;
    answers().error_details = status.SerializeAsString();
  }

  const std::string file_ = directory().Write("proxy.yaml", "listeners: []\n");
};

TEST_F(CtlConfigCommandsTest, ApplySendsAllThatWasAskedFor) {
  EXPECT_EQ(Ctl({"apply", "-f", file_, "--label", "CHG-1", "--expected-version", "12"}), 0)
      << err();
  EXPECT_EQ(requests().apply.source().text().content(), "listeners: []\n");
  EXPECT_EQ(requests().apply.label(), "CHG-1");
  EXPECT_EQ(requests().apply.expected_version(), 12);
  EXPECT_FALSE(requests().apply.dry_run());
}

TEST_F(CtlConfigCommandsTest, ApplySaysWhatChanged) {
  answers().apply.mutable_version()->set_number(13);
  auto* changes = answers().apply.mutable_changes();
  AddChange(changes, v1::Change::ADDED, "cluster", "redis");
  AddChange(changes, v1::Change::REMOVED, "identity_provider", "demo");
  AddChange(changes, v1::Change::CHANGED, "listener", "edge", {"address", "filters[0].auth.realm"});
  AddChange(changes, v1::Change::CHANGED, "access_log", "");
  answers().apply.add_warnings("the certificate expired");
  EXPECT_EQ(Ctl({"apply", "-f", file_}), 0);
  EXPECT_EQ(out(),
            "version 13 runs now; this changed:\n"
            "+ cluster redis\n"
            "- identity provider demo\n"
            "~ listener edge\n"
            "    address\n"
            "    filters[0].auth.realm\n"
            "~ access log\n");
  EXPECT_EQ(err(), "warning: the certificate expired\n");
}

TEST_F(CtlConfigCommandsTest, ApplyOfTheRunningConfigSaysSo) {
  answers().apply.mutable_version()->set_number(13);
  EXPECT_EQ(Ctl({"apply", "-f", file_}), 0);
  EXPECT_EQ(out(), "version 13 runs this config already: nothing changed\n");
}

TEST_F(CtlConfigCommandsTest, ADryRunSaysWhatWouldChange) {
  answers().apply.mutable_version()->set_number(13);
  AddChange(answers().apply.mutable_changes(), v1::Change::ADDED, "cluster", "redis");
  EXPECT_EQ(Ctl({"apply", "-f", file_, "--dry-run"}), 0);
  EXPECT_TRUE(requests().apply.dry_run());
  EXPECT_EQ(out(), "version 13 stays; this would change:\n+ cluster redis\n");
}

TEST_F(CtlConfigCommandsTest, ErrorsOfAConfigAreOnePerLineWithTheirPlace) {
  v1::ConfigErrors errors;
  auto* first = errors.add_errors();
  first->set_file("proxy.yaml");
  first->set_line(14);
  first->set_column(7);
  first->set_path("listeners[0].filters[2].http_connect.polcy");
  first->set_message("unknown field; did you mean 'policy'?");
  auto* second = errors.add_errors();
  second->set_file("proxy.yaml");
  second->set_path("clusters[0]");
  second->set_message("no endpoints");
  errors.add_errors()->set_message("no listeners");
  RefuseWith(3, "3 errors", errors);
  const std::string wanted =
      "proxy.yaml:14:7: listeners[0].filters[2].http_connect.polcy: unknown field; did you mean "
      "'policy'?\n"
      "proxy.yaml: clusters[0]: no endpoints\n"
      "no listeners\n";
  for (const std::string_view command : {"apply", "validate", "diff"}) {
    EXPECT_EQ(Ctl({command, "-f", file_}), 1);
    EXPECT_EQ(out(), "");
    EXPECT_EQ(err(), wanted);
  }
  EXPECT_EQ(Ctl({"validate", "-f", file_, "--output", "json"}), 1);
  EXPECT_NE(out().find("\"line\": 14"), std::string::npos) << out();
}

TEST_F(CtlConfigCommandsTest, AChangeThatNeedsARestartNamesItsFields) {
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_subject("process.workers");
  violation->set_description("needs a restart");
  RefuseWith(9, "the change needs a restart", failure);
  EXPECT_EQ(Ctl({"apply", "-f", file_}), 1);
  EXPECT_EQ(err(),
            "culvertctl apply: the change needs a restart\n"
            "  process.workers: needs a restart\n");
}

TEST_F(CtlConfigCommandsTest, AViolationThatTheMessageTellsIsNotSaidTwice) {
  google::rpc::BadRequest request;
  auto* told = request.add_field_violations();
  told->set_field("level");
  told->set_description("no such level");
  auto* untold = request.add_field_violations();
  untold->set_field("component");
  untold->set_description("no such component");
  RefuseWith(3, "level: no such level", request);
  EXPECT_EQ(Ctl({"log-level", "x=y"}), 1);
  EXPECT_EQ(err(),
            "culvertctl log-level: level: no such level\n"
            "  component: no such component\n");
}

TEST_F(CtlConfigCommandsTest, OtherRefusalsAreTheServersWords) {
  answers().error_code = 10;
  answers().error_message = "version 14 runs, not 12";
  EXPECT_EQ(Ctl({"apply", "-f", file_, "--expected-version", "12"}), 1);
  EXPECT_EQ(err(), "culvertctl apply: version 14 runs, not 12\n");
  answers().error_code = 12;
  EXPECT_EQ(Ctl({"apply", "-f", file_}), 1);
  EXPECT_NE(err().find("does not know 'apply': it is older than this culvertctl"),
            std::string::npos)
      << err();
}

TEST_F(CtlConfigCommandsTest, ValidateSaysOneLine) {
  answers().validate.set_listeners(1);
  answers().validate.set_clusters(2);
  EXPECT_EQ(Ctl({"validate", "-f", file_}), 0);
  EXPECT_EQ(out(), file_ + ": ok: 1 listener, 2 clusters\n");
}

TEST_F(CtlConfigCommandsTest, AFileThatCannotBeReadIsSaidWithoutAskingTheServer) {
  EXPECT_EQ(Ctl({"apply", "-f", "/no/such.yaml"}), 1);
  EXPECT_EQ(err(), "/no/such.yaml: cannot be read: No such file or directory\n");
}

TEST_F(CtlConfigCommandsTest, ReadsTheStandardInput) {
  fake().SetInput("clusters: []\n");
  EXPECT_EQ(Ctl({"apply", "-f", "-", "--format", "yaml"}), 0) << err();
  EXPECT_EQ(requests().apply.source().text().content(), "clusters: []\n");
  EXPECT_EQ(Ctl({"apply", "-f", "-"}), 1) << "no notation";
}

TEST_F(CtlConfigCommandsTest, DiffComparesAFileOrTwoVersions) {
  EXPECT_EQ(Ctl({"diff", "-f", file_}), 0);
  EXPECT_TRUE(requests().diff.has_source());
  EXPECT_EQ(requests().diff.from_version(), 0) << "the running one";
  EXPECT_EQ(Ctl({"diff", "-f", file_, "7"}), 0);
  EXPECT_EQ(requests().diff.from_version(), 7);
  EXPECT_EQ(Ctl({"diff", "7", "9"}), 0);
  EXPECT_EQ(requests().diff.from_version(), 7);
  EXPECT_EQ(requests().diff.to_version(), 9);
  EXPECT_EQ(out(), "nothing differs\n");
}

TEST_F(CtlConfigCommandsTest, DiffIsPlainInAPipeAndColouredOnATerminal) {
  AddChange(answers().diff.mutable_changes(), v1::Change::CHANGED, "listener", "edge", {"address"});
  answers().diff.set_unified("--- 7\n+++ 9\n@@ -1 +1 @@\n-a\x1b\n+b\n c\n");
  EXPECT_EQ(Ctl({"diff", "7", "9"}), 0);
  EXPECT_EQ(out(), "~ listener edge\n    address\n" + answers().diff.unified());
  UseTerminal(80, 24, true);
  EXPECT_EQ(Ctl({"diff", "7", "9"}), 0);
  EXPECT_EQ(out(),
            "\x1b[33m~ listener edge\x1b[0m\n    address\n"
            "\x1b[1m--- 7\x1b[0m\n\x1b[1m+++ 9\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n"
            "\x1b[31m-a\\u001b\x1b[0m\n\x1b[32m+b\x1b[0m\n c\n");
  UseTerminal(80, 24, false);
  EXPECT_EQ(Ctl({"diff", "7", "9"}), 0);
  EXPECT_EQ(out().find('\x1b'), std::string::npos) << "NO_COLOR";
  EXPECT_EQ(Ctl({"diff", "7", "9", "--exit-code"}), 1);
}

TEST_F(CtlConfigCommandsTest, RollbackMakesAVersionRunAgain) {
  answers().apply.mutable_version()->set_number(15);
  AddChange(answers().apply.mutable_changes(), v1::Change::REMOVED, "cluster", "redis");
  EXPECT_EQ(Ctl({"rollback", "12", "--label", "oops", "--expected-version", "14"}), 0);
  EXPECT_EQ(requests().rollback.version(), 12);
  EXPECT_EQ(requests().rollback.label(), "oops");
  EXPECT_EQ(requests().rollback.expected_version(), 14);
  EXPECT_EQ(out(), "version 15 runs now; this changed:\n- cluster redis\n");
}

TEST_F(CtlConfigCommandsTest, NumbersThatAreNoneAreWrongUsage) {
  const std::vector<std::vector<std::string_view>> wrong = {
      {"rollback", "0"},
      {"rollback", "x"},
      {"rollback", "-1"},
      {"rollback", "1", "--expected-version", "x"},
      {"apply", "-f", file_, "--expected-version", "1x"},
      {"get", "0"},
      {"diff"},
      {"diff", "7"},
      {"diff", "7", "y"},
      {"diff", "7", "9", "-f", file_},
  };
  for (const auto& words : wrong) {
    EXPECT_EQ(Ctl(words), 2);
    EXPECT_NE(err().find("; see culvertctl " + std::string(words[0]) + " --help"),
              std::string::npos)
        << err();
  }
}

}  // namespace
}  // namespace culvert::ctl
