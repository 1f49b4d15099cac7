#include "source/server/config_manager.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "extensions/tcp_proxy/factory.h"
#include "extensions/tls_terminate/factory.h"
#include "source/base/status.h"
#include "source/config/redaction.h"
#include "source/filter/registry.h"
#include "test/tls/test_authority.h"

namespace culvert::server {
namespace {

namespace fs = std::filesystem;
using Kind = ApplyOutcome::Kind;
using config::Change;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Remembers what it was given, and refuses when it is told to.
class FakeHost final : public SnapshotHost {
 public:
  absl::Status Swap(SnapshotPtr snapshot) override {
    if (!refusal.empty()) return FailedPrecondition(refusal);
    if (on_swap) on_swap();
    swapped.push_back(std::move(snapshot));
    return absl::OkStatus();
  }

  std::string refusal;
  std::function<void()> on_swap;
  std::vector<SnapshotPtr> swapped;
};

filter::Registry Filters() {
  filter::Registry::Builder builder;
  builder.Add(extensions::tcp_proxy::MakeTcpProxyFactory())
      .Add(extensions::tls_terminate::MakeTlsTerminateFactory());
  return std::move(builder).Build();
}

constexpr std::string_view kYaml = R"(
process: {workers: 1}
listeners:
- name: front
  address: 127.0.0.1:4000
  filters: [{tcp_proxy: {cluster: back}}]
clusters:
- {name: back, endpoints: [{address: "127.0.0.1:4001"}]}
)";

// kYaml with this connect_timeout, in seconds: a small change.
std::string YamlWithTimeout(int seconds) {
  std::string yaml(kYaml);
  yaml.insert(yaml.rfind('}'), fmt::format(", connect_timeout: {}s", seconds));
  return yaml;
}

ApplyRequest Request(std::string yaml) {
  ApplyRequest request;
  request.source.config = ConfigText{config::Format::kYaml, std::move(yaml), "new.yaml"};
  request.origin = "api";
  request.author = "uid 7";
  request.label = "why";
  return request;
}

class ConfigManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "manager_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto process = Process::Create(filters_, 1);
    ASSERT_TRUE(process.ok()) << process.status();
    process_ = *std::move(process);
  }
  void TearDown() override {
    manager_.reset();
    fs::remove_all(folder_);
  }

  // Starts with `yaml`, in a store or without.
  void Start(std::string_view yaml = kYaml, bool stored = true) {
    std::optional<ConfigStore> store;
    std::vector<ConfigVersionPtr> history;
    if (stored) {
      store = *ConfigStore::Open(folder_ + "/state");
      history = store->Load(warnings_);
    }
    auto loaded =
        config::LoadConfigText(yaml, config::Format::kYaml, "start.yaml", {filters_.Names()});
    ConfigVersion version;
    version.origin = "file start.yaml";
    version.base_directory = folder_;
    version.packed_config = Pack(loaded.config);
    version.checksum = ChecksumOf(version.packed_config);
    if (!history.empty() && history.front()->checksum == version.checksum) {
      version = *history.front();
    }
    LoadedConfig built = process_->Build(std::move(loaded), folder_, nullptr);
    ASSERT_NE(built.snapshot, nullptr) << config::ToString(built.errors);
    manager_.emplace(*process_, host_);
    const absl::Status status = manager_->Start(std::move(version), std::move(built.snapshot),
                                                std::move(store), std::move(history));
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Write(const std::string& name, std::string_view content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  // The numbers that a process which starts now would find.
  std::vector<uint64_t> Stored() const {
    std::vector<uint64_t> numbers;
    std::vector<std::string> warnings;
    for (const auto& version : ConfigStore::Open(folder_ + "/state")->Load(warnings)) {
      numbers.push_back(version->number);
    }
    EXPECT_THAT(warnings, IsEmpty());
    return numbers;
  }
  // A config that changes nothing, stores nothing and is not served.
  void ExpectRefused(ApplyRequest request, Kind kind) {
    const ConfigVersionPtr running = manager_->running();
    const SnapshotPtr snapshot = manager_->snapshot();
    const size_t swaps = host_.swapped.size();
    outcome_ = manager_->Apply(std::move(request));
    EXPECT_EQ(outcome_.kind, kind) << outcome_.message;
    EXPECT_EQ(outcome_.version, running);
    EXPECT_EQ(manager_->running(), running);
    EXPECT_EQ(manager_->snapshot(), snapshot);
    EXPECT_EQ(host_.swapped.size(), swaps);
    EXPECT_EQ(manager_->History().front(), running);
    EXPECT_EQ(Stored().front(), running->number);
  }
  std::vector<std::string> Errors() const {
    std::vector<std::string> lines;
    for (const config::ConfigError& error : outcome_.errors) lines.push_back(ToString(error));
    return lines;
  }

  filter::Registry filters_ = Filters();
  std::string folder_;
  FakeHost host_;
  std::unique_ptr<Process> process_;
  std::optional<ConfigManager> manager_;
  std::vector<std::string> warnings_;
  ApplyOutcome outcome_;
};

TEST_F(ConfigManagerTest, TheFirstConfigIsVersionOneAndIsStored) {
  Start();
  EXPECT_EQ(manager_->running()->number, 1);
  EXPECT_EQ(manager_->running()->origin, "file start.yaml");
  EXPECT_THAT(manager_->History(), ElementsAre(manager_->running()));
  EXPECT_THAT(Stored(), ElementsAre(1));
  EXPECT_THAT(host_.swapped, IsEmpty());
}

TEST_F(ConfigManagerTest, AnAppliedConfigIsServedStoredAndSaysWhatChanged) {
  Start();
  const ApplyOutcome outcome = manager_->Apply(Request(YamlWithTimeout(1)));
  ASSERT_EQ(outcome.kind, Kind::kApplied) << outcome.message;
  EXPECT_EQ(outcome.version, manager_->running());
  EXPECT_EQ(outcome.version->number, 2);
  EXPECT_EQ(outcome.version->origin, "api");
  EXPECT_EQ(outcome.version->author, "uid 7");
  EXPECT_EQ(outcome.version->label, "why");
  EXPECT_EQ(outcome.version->config().clusters(0).connect_timeout().seconds(), 1);
  EXPECT_THAT(outcome.changes,
              ElementsAre(Change{Change::Kind::kChanged, "cluster", "back", {"connect_timeout"}}));
  EXPECT_THAT(host_.swapped, ElementsAre(manager_->snapshot()));
  EXPECT_EQ(manager_->snapshot()->config.clusters(0).connect_timeout().seconds(), 1);
  EXPECT_THAT(Stored(), ElementsAre(2, 1));
  EXPECT_EQ(manager_->Find(1)->origin, "file start.yaml");
}

TEST_F(ConfigManagerTest, AMessageIsAppliedLikeAText) {
  Start();
  ApplyRequest request;
  config::v1::Config config = manager_->running()->config();
  config.mutable_clusters(0)->set_name("other");
  request.source.config = config;
  ExpectRefused(request, Kind::kInvalid);
  EXPECT_THAT(Errors(),
              ElementsAre("listeners[0].filters[0].tcp_proxy.cluster: no cluster is named "
                          "'back'; add it to 'clusters'"));
  config = manager_->running()->config();
  config.mutable_listeners(0)->set_max_connections(9);
  request.source.config = config;
  EXPECT_EQ(manager_->Apply(request).kind, Kind::kApplied);
}

TEST_F(ConfigManagerTest, WhatWasLoadedElsewhereIsAppliedAndItsErrorsAreKept) {
  Start();
  const auto load = [this](const std::string& yaml) {
    return config::LoadConfigText(yaml, config::Format::kYaml, "far.yaml", {filters_.Names()});
  };
  ApplyRequest request;
  request.source.config = load("nonsense: 1\n");
  ExpectRefused(request, Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("far.yaml:1:1: nonsense: unknown field")));
  request.source.config = load(YamlWithTimeout(1));
  EXPECT_EQ(manager_->Apply(request).kind, Kind::kApplied);
}

TEST_F(ConfigManagerTest, NumbersGoOnOverRestarts) {
  Start();
  manager_->Apply(Request(YamlWithTimeout(1)));
  // What ran last is found again; another config is the next version.
  Start(YamlWithTimeout(1));
  EXPECT_EQ(manager_->running()->number, 2);
  EXPECT_EQ(manager_->running()->author, "uid 7");
  Start(YamlWithTimeout(9));
  EXPECT_EQ(manager_->running()->number, 3);
  EXPECT_EQ(manager_->Apply(Request(YamlWithTimeout(1))).version->number, 4);
  EXPECT_THAT(Stored(), ElementsAre(4, 3, 2, 1));
}

TEST_F(ConfigManagerTest, TheNumberOfATornFileIsNotGivenAgain) {
  Start();
  manager_->Apply(Request(YamlWithTimeout(1)));
  Write("state/config/0000000002.config", "torn");
  Start();
  EXPECT_EQ(manager_->running()->number, 1);
  EXPECT_EQ(manager_->Apply(Request(YamlWithTimeout(2))).version->number, 3);
  Write("state/config/0000000003.config", "torn");
  Start(YamlWithTimeout(5));
  EXPECT_EQ(manager_->running()->number, 4);
}

TEST_F(ConfigManagerTest, WithoutAStoreTheHistoryIsInMemory) {
  Start(kYaml, false);
  EXPECT_EQ(manager_->Apply(Request(YamlWithTimeout(1))).kind, Kind::kApplied);
  EXPECT_THAT(manager_->History(), SizeIs(2));
  EXPECT_EQ(manager_->Rollback(1, {}).version->number, 3);
}

TEST_F(ConfigManagerTest, TheRunningConfigMakesNoNewVersion) {
  Start();
  ExpectRefused(Request(std::string(kYaml)), Kind::kUnchanged);
  EXPECT_THAT(outcome_.changes, IsEmpty());
}

TEST_F(ConfigManagerTest, AConfigThatIsOnlyWrittenInAnotherOrderIsTheRunningOne) {
  const std::string more = "- {name: b, endpoints: [{address: \"127.0.0.1:2\"}]}\n";
  Start(std::string(kYaml) + more);
  std::string swapped(kYaml);
  swapped.insert(swapped.find("- {name: back"), more);
  const ApplyOutcome outcome = manager_->Apply(Request(swapped));
  EXPECT_EQ(outcome.kind, Kind::kUnchanged);
  EXPECT_THAT(outcome.changes, IsEmpty());
  EXPECT_EQ(manager_->running()->number, 1);
}

TEST_F(ConfigManagerTest, TheSameTextInAnotherFolderIsAnotherConfig) {
  Start();
  ApplyRequest request = Request(std::string(kYaml));
  request.source.base_directory = "/";
  EXPECT_EQ(manager_->Apply(request).kind, Kind::kApplied);
  EXPECT_EQ(manager_->running()->base_directory, "/");
}

TEST_F(ConfigManagerTest, ErrorsHaveTheirPlaceInTheText) {
  Start();
  ExpectRefused(Request(std::string(kYaml) + "cluster: 1\n"), Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("new.yaml:9:1: cluster: unknown field")));
  // Those that only the build finds as well.
  std::string yaml(kYaml);
  yaml.replace(yaml.find("127.0.0.1:4000"), 14, "nowhere");
  ExpectRefused(Request(yaml), Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("new.yaml:5:3: listeners[0].address: ")));
}

TEST_F(ConfigManagerTest, RefusesAConfigWhoseSecretsWereLeftOut) {
  const std::string with_secret =
      std::string(kYaml) +
      "identity_providers: [{name: a, users: [{name: b, password: {inline_string: c}}]}]\n";
  Start(with_secret);
  config::v1::Config shown = manager_->running()->config();
  config::RedactSecrets(shown);
  ApplyRequest request;
  request.source.config = shown;
  ExpectRefused(request, Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("users[0].password.inline_string: was left out")));
}

TEST_F(ConfigManagerTest, AChangeOfTheProcessIsRefusedWithItsFields) {
  Start();
  std::string yaml = YamlWithTimeout(1);
  yaml.replace(yaml.find("{workers: 1}"), 12, "{workers: 2, node: {id: n}}");
  ExpectRefused(Request(yaml), Kind::kNeedsRestart);
  EXPECT_THAT(outcome_.restart_fields, ElementsAre("process.node", "process.workers"));
  const ApplyOutcome checked = manager_->Validate(Request(yaml).source);
  EXPECT_EQ(checked.kind, Kind::kNeedsRestart);
}

TEST_F(ConfigManagerTest, AnotherVersionThanWasExpectedIsAConflict) {
  Start();
  ApplyRequest request = Request(YamlWithTimeout(1));
  request.expected_version = 2;
  ExpectRefused(request, Kind::kConflict);
  EXPECT_EQ(outcome_.message, "version 2 was expected to run, but version 1 does");
  request.expected_version = 1;
  EXPECT_EQ(manager_->Apply(request).kind, Kind::kApplied);
  EXPECT_EQ(manager_->Apply(request).kind, Kind::kConflict);
}

TEST_F(ConfigManagerTest, ADryRunSaysWhatWouldChangeAndChangesNothing) {
  Start();
  ApplyRequest request = Request(YamlWithTimeout(1));
  request.dry_run = true;
  ExpectRefused(request, Kind::kChecked);
  EXPECT_THAT(outcome_.changes, SizeIs(1));
  request = Request("");
  request.dry_run = true;
  ExpectRefused(request, Kind::kInvalid);
}

TEST_F(ConfigManagerTest, ValidateChecksTheRunningConfigToo) {
  Start();
  EXPECT_EQ(manager_->Validate(Request(std::string(kYaml)).source).kind, Kind::kChecked);
  EXPECT_THAT(host_.swapped, IsEmpty());
}

TEST_F(ConfigManagerTest, AnAddressThatCannotBeListenedOnChangesAndStoresNothing) {
  Start();
  host_.refusal = "listener front: address in use";
  ExpectRefused(Request(YamlWithTimeout(1)), Kind::kFailed);
  EXPECT_EQ(outcome_.message, "listener front: address in use");
  host_.refusal.clear();
  EXPECT_EQ(manager_->Apply(Request(YamlWithTimeout(1))).version->number, 2);
}

TEST_F(ConfigManagerTest, AStateThatCannotBeWrittenChangesNothing) {
  Start();
  fs::rename(folder_ + "/state/config", folder_ + "/away");
  host_.on_swap = [] { ADD_FAILURE() << "served before it was known to be stored"; };
  outcome_ = manager_->Apply(Request(YamlWithTimeout(1)));
  EXPECT_EQ(outcome_.kind, Kind::kFailed);
  EXPECT_THAT(outcome_.message, HasSubstr("No such file or directory"));
  EXPECT_EQ(manager_->running()->number, 1);
  EXPECT_EQ(manager_->snapshot()->config.clusters(0).has_connect_timeout(), false);
}

TEST_F(ConfigManagerTest, AStateThatFailsAtTheLastMomentBringsTheConfigBeforeBack) {
  Start();
  const SnapshotPtr before = manager_->snapshot();
  // In the way of the new version's file, once it is being served.
  host_.on_swap = [this] { fs::create_directory(folder_ + "/state/config/0000000002.config"); };
  outcome_ = manager_->Apply(Request(YamlWithTimeout(1)));
  EXPECT_EQ(outcome_.kind, Kind::kFailed);
  EXPECT_THAT(outcome_.message, HasSubstr("0000000002.config"));
  ASSERT_THAT(host_.swapped, SizeIs(2));
  EXPECT_EQ(host_.swapped.back(), before);
  EXPECT_EQ(manager_->snapshot(), before);
  EXPECT_EQ(manager_->running()->number, 1);
  EXPECT_THAT(manager_->History(), SizeIs(1));
}

TEST_F(ConfigManagerTest, RollbackAppliesAKeptVersionAsANewOne) {
  Start();
  manager_->Apply(Request(YamlWithTimeout(1)));
  ApplyRequest request;
  request.author = "uid 8";
  request.label = "back";
  const ApplyOutcome outcome = manager_->Rollback(1, request);
  ASSERT_EQ(outcome.kind, Kind::kApplied);
  EXPECT_EQ(outcome.version->number, 3);
  EXPECT_EQ(outcome.version->origin, "rollback to 1");
  EXPECT_EQ(outcome.version->author, "uid 8");
  EXPECT_EQ(outcome.version->checksum, manager_->Find(1)->checksum);
  EXPECT_THAT(outcome.changes, SizeIs(1));
  EXPECT_EQ(manager_->Rollback(1, request).kind, Kind::kUnchanged);
  EXPECT_EQ(manager_->Rollback(77, request).kind, Kind::kNotFound);
  request.expected_version = 1;
  EXPECT_EQ(manager_->Rollback(2, request).kind, Kind::kConflict);
}

TEST_F(ConfigManagerTest, KeepsAsManyVersionsAsTheConfigSays) {
  std::string yaml(kYaml);
  yaml.replace(yaml.find("workers: 1"), 10, "workers: 1, max_kept_versions: 2");
  Start(yaml);
  const size_t at = yaml.rfind('}');
  for (int i = 1; i <= 5; ++i) {
    std::string next = yaml;
    next.insert(at, fmt::format(", connect_timeout: {}s", i));
    ASSERT_EQ(manager_->Apply(Request(next)).kind, Kind::kApplied);
  }
  EXPECT_THAT(manager_->History(), SizeIs(3));
  EXPECT_THAT(Stored(), ElementsAre(6, 5, 4));
  EXPECT_EQ(manager_->Find(3), nullptr);
}

TEST_F(ConfigManagerTest, WhileItIsClosedNothingIsApplied) {
  Start();
  manager_->Close("the process is draining");
  ExpectRefused(Request(YamlWithTimeout(1)), Kind::kUnavailable);
  EXPECT_EQ(outcome_.message, "the process is draining");
  EXPECT_EQ(manager_->Rollback(1, {}).kind, Kind::kUnavailable);
  EXPECT_EQ(manager_->ApplyFile("x.yaml").kind, Kind::kUnavailable);
  manager_->Reopen();
  EXPECT_EQ(manager_->Apply(Request(YamlWithTimeout(1))).kind, Kind::kApplied);
}

TEST_F(ConfigManagerTest, WatchersSeeEachNewVersionUntilTheyGo) {
  Start();
  std::vector<uint64_t> seen;
  uint64_t once = 0;
  once = manager_->Watch([&](const ConfigVersionPtr&) { manager_->Unwatch(once); });
  const uint64_t id =
      manager_->Watch([&](const ConfigVersionPtr& version) { seen.push_back(version->number); });
  manager_->Apply(Request(YamlWithTimeout(1)));
  manager_->Apply(Request(YamlWithTimeout(1)));  // unchanged
  manager_->Apply(Request(YamlWithTimeout(2)));
  manager_->Unwatch(id);
  manager_->Apply(Request(YamlWithTimeout(3)));
  EXPECT_THAT(seen, ElementsAre(2, 3));
}

TEST_F(ConfigManagerTest, AFileIsAppliedFromItsFolder) {
  Start();
  const std::string path = Write("proxy.yaml", YamlWithTimeout(1));
  const ApplyOutcome outcome = manager_->ApplyFile(path);
  ASSERT_EQ(outcome.kind, Kind::kApplied) << outcome.message;
  EXPECT_EQ(outcome.version->origin, "file " + path);
  EXPECT_EQ(outcome.version->base_directory, folder_);
  Write("proxy.yaml", "nonsense: 1\n");
  outcome_ = manager_->ApplyFile(path);
  EXPECT_EQ(outcome_.kind, Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr(path + ":1:1: nonsense: unknown field")));
}

class ConfigManagerFilesTest : public ConfigManagerTest {
 protected:
  // Starts with a listener that has a certificate in files.
  void SetUp() override {
    ConfigManagerTest::SetUp();
    WriteCertificate("first.test");
    std::string yaml(kYaml);
    yaml.insert(yaml.find("{tcp_proxy"),
                "{tls_terminate: {certificates: [{certificate_chain: {filename: a.crt}, "
                "private_key: {filename: a.key}}]}}, ");
    yaml_ = yaml;
    Start(yaml_);
  }
  void WriteCertificate(const std::string& name) {
    const tls::Issued issued = authority_.Issue({.common_name = name, .names = {"DNS:" + name}});
    // As tools do it: the old file goes in one step.
    Write("a.crt.new", issued.certificate_pem);
    fs::rename(folder_ + "/a.crt.new", folder_ + "/a.crt");
    Write("a.key", issued.key_pem);
  }
  std::string Subject() const {
    return manager_->snapshot()->listeners.at(0)->certificates.at(0).subject;
  }

  tls::TestAuthority authority_{"authority"};
  std::string yaml_;
};

TEST_F(ConfigManagerFilesTest, AFileThatChangesIsPickedUpWithoutANewVersion) {
  EXPECT_EQ(manager_->RefreshFiles(), std::nullopt);
  WriteCertificate("second.test");
  EXPECT_EQ(manager_->RefreshFiles(), true);
  EXPECT_THAT(Subject(), HasSubstr("second.test"));
  EXPECT_THAT(host_.swapped, ElementsAre(manager_->snapshot()));
  EXPECT_EQ(manager_->running()->number, 1);
  EXPECT_EQ(manager_->RefreshFiles(), std::nullopt);
}

TEST_F(ConfigManagerFilesTest, AFileThatCannotBeUsedIsTriedOnceUntilItChangesAgain) {
  const SnapshotPtr before = manager_->snapshot();
  Write("a.crt", "no certificate");
  EXPECT_EQ(manager_->RefreshFiles(), false);
  EXPECT_EQ(manager_->RefreshFiles(), std::nullopt);
  EXPECT_EQ(manager_->snapshot(), before);
  EXPECT_THAT(host_.swapped, IsEmpty());
  WriteCertificate("third.test");
  EXPECT_EQ(manager_->RefreshFiles(), true);
  EXPECT_THAT(Subject(), HasSubstr("third.test"));
}

TEST_F(ConfigManagerFilesTest, ApplyOfTheRunningConfigTakesChangedFilesAndReportsWrongOnes) {
  WriteCertificate("second.test");
  EXPECT_EQ(manager_->Apply(Request(yaml_)).kind, Kind::kUnchanged);
  EXPECT_THAT(Subject(), HasSubstr("second.test"));
  Write("a.crt", "no certificate");
  ExpectRefused(Request(yaml_), Kind::kInvalid);
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("certificate_chain")));
}

TEST_F(ConfigManagerFilesTest, WhileItIsClosedFilesAreLeftAlone) {
  WriteCertificate("second.test");
  manager_->Close("a successor takes over");
  EXPECT_EQ(manager_->RefreshFiles(), std::nullopt);
  manager_->Reopen();
  EXPECT_EQ(manager_->RefreshFiles(), true);
}

}  // namespace
}  // namespace culvert::server
