#include "source/config/diff.h"

#include <chrono>
#include <string>

#include "api/culvert/extensions/http/v1/http.pb.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/config/loading.h"
#include "test/config/sample.h"

namespace culvert::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kAdded = Change::Kind::kAdded;
constexpr auto kRemoved = Change::Kind::kRemoved;
constexpr auto kChanged = Change::Kind::kChanged;

v1::Config Sample() {
  const LoadResult result = LoadYaml(kSampleYaml);
  EXPECT_THAT(Lines(result), IsEmpty());
  return result.config;
}

// The sample with one piece of its text replaced.
v1::Config SampleWith(std::string_view piece, std::string_view replacement) {
  std::string yaml(kSampleYaml);
  const size_t at = yaml.find(piece);
  EXPECT_NE(at, yaml.npos) << piece;
  yaml.replace(at, piece.size(), replacement);
  const LoadResult result = LoadYaml(yaml);
  EXPECT_THAT(Lines(result), IsEmpty());
  return result.config;
}

v1::Config Clusters(std::initializer_list<std::string_view> names) {
  v1::Config config;
  for (const std::string_view name : names) config.add_clusters()->set_name(std::string(name));
  return config;
}

TEST(DiffTest, TheSameConfigHasNoChanges) {
  EXPECT_THAT(Compare(Sample(), Sample()), IsEmpty());
  EXPECT_THAT(DifferingFields(Sample(), Sample()), IsEmpty());
}

TEST(DiffTest, NamesWhatCameWentAndChangedInTheOrderOfTheNewConfigWithWhatWentLast) {
  v1::Config before = Clusters({"gone_1", "stays", "changes", "gone_2"});
  v1::Config after = Clusters({"new", "changes", "stays"});
  after.mutable_clusters(1)->set_load_balancing(v1::Cluster::LEAST_CONNECTIONS);
  before.add_listeners()->set_name("gone_0");
  EXPECT_THAT(Compare(before, after),
              ElementsAre(Change{kAdded, "cluster", "new", {}},
                          Change{kChanged, "cluster", "changes", {"load_balancing"}},
                          Change{kRemoved, "listener", "gone_0", {}},
                          Change{kRemoved, "cluster", "gone_1", {}},
                          Change{kRemoved, "cluster", "gone_2", {}}));
}

TEST(DiffTest, WhatOnlyMovedHasNotChanged) {
  EXPECT_THAT(Compare(Clusters({"a", "b", "c"}), Clusters({"c", "a", "b"})), IsEmpty());
}

TEST(DiffTest, AListenerThatIsRenamedIsAnotherOne) {
  EXPECT_THAT(Compare(Sample(), SampleWith("- name: https_proxy", "- name: web")),
              ElementsAre(Change{kAdded, "listener", "web", {}},
                          Change{kRemoved, "listener", "https_proxy", {}}));
}

TEST(DiffTest, FieldsOfFiltersHaveThePathsOfTheShortForm) {
  EXPECT_THAT(
      Compare(Sample(), SampleWith("filename: server.crt", "filename: other.crt")),
      ElementsAre(Change{kChanged,
                         "listener",
                         "https_proxy",
                         {"filters[0].tls_terminate.certificates[0].certificate_chain.filename"}}));
  EXPECT_THAT(Compare(Sample(), SampleWith("ports: [\"443\"]", "ports: [\"443\", \"8443\"]")),
              ElementsAre(Change{kChanged,
                                 "listener",
                                 "https_proxy",
                                 {"filters[2].http_connect.policy.rules[0].allow.ports[1]"}}));
}

TEST(DiffTest, AFilterOfAnotherKindDiffersAsAWhole) {
  EXPECT_THAT(Compare(Sample(), SampleWith("  - auth: {providers: [staff, demo], realm: culvert}",
                                           "  - http: {}")),
              ElementsAre(Change{kChanged, "listener", "https_proxy", {"filters[1]"}}));
}

TEST(DiffTest, AFilterThatIsPutInDoesNotChangeThoseAfterIt) {
  EXPECT_THAT(Compare(Sample(), SampleWith("  - auth:", "  - http: {}\n  - auth:")),
              ElementsAre(Change{kChanged, "listener", "https_proxy", {"filters[1]"}}));
  EXPECT_THAT(Compare(SampleWith("  - auth:", "  - http: {}\n  - auth:"), Sample()),
              ElementsAre(Change{kChanged, "listener", "https_proxy", {"filters[1]"}}));
}

TEST(DiffTest, ASecretThatChangesIsNamedAndNotShown) {
  EXPECT_THAT(Compare(Sample(), SampleWith("wonderland", "looking-glass")),
              ElementsAre(Change{
                  kChanged, "identity_provider", "demo", {"users[0].password.inline_string"}}));
}

TEST(DiffTest, AnotherProviderInAOneofIsTwoFields) {
  EXPECT_THAT(Compare(Sample(), SampleWith("htpasswd: {filename: users.htpasswd}",
                                           "users: [{name: a, password: {inline_string: b}}]")),
              ElementsAre(Change{kChanged, "identity_provider", "staff", {"htpasswd", "users"}}));
}

TEST(DiffTest, ProcessAndAccessLogAreOneThingEach) {
  v1::Config before = Sample();
  v1::Config after = before;
  after.mutable_process()->set_workers(3);
  after.mutable_process()->mutable_node()->set_id("edge-2");
  after.mutable_access_log(0)->set_format(v1::AccessLog::JSON);
  after.add_access_log()->set_filename("b");
  EXPECT_THAT(Compare(before, after),
              ElementsAre(Change{kChanged, "process", "", {"node.id", "workers"}},
                          Change{kChanged, "access_log", "", {"[0].format", "[1]"}}));
  after.clear_process();
  EXPECT_THAT(Compare(before, after).front(), (Change{kChanged, "process", "", {"node"}}));
}

TEST(DiffTest, TellsAbsentFromZeroWhereTheSchemaDoes) {
  v1::Cluster before;
  v1::Cluster after;
  before.mutable_passive_ejection();
  after.mutable_passive_ejection()->set_consecutive_failures(0);
  EXPECT_THAT(DifferingFields(before, after), ElementsAre("passive_ejection.consecutive_failures"));
}

TEST(DiffTest, DurationsAreOneValue) {
  v1::Cluster before;
  v1::Cluster after;
  before.mutable_connect_timeout()->set_seconds(1);
  after.mutable_connect_timeout()->set_nanos(500'000'000);
  EXPECT_THAT(DifferingFields(before, after), ElementsAre("connect_timeout"));
}

TEST(DiffTest, AnAnyThatHoldsTheSameInOtherBytesHasNotChanged) {
  extensions::http::v1::Http http;
  http.set_max_head_size(1024);
  v1::Config before;
  v1::Listener& listener = *before.add_listeners();
  listener.set_name("a");
  v1::Filter& filter = *listener.add_filters();
  filter.set_name("http");
  filter.mutable_typed_config()->PackFrom(http);
  v1::Config after = before;
  // Of a field that is there twice the last counts.
  std::string& bytes =
      *after.mutable_listeners(0)->mutable_filters(0)->mutable_typed_config()->mutable_value();
  bytes += std::string(bytes);
  EXPECT_THAT(Compare(before, after), IsEmpty());
}

TEST(DiffTest, OfVeryManyFieldsTheFirstAreNamed) {
  v1::Config before = Clusters({"a"});
  v1::Config after = before;
  for (int i = 0; i < 500; ++i) after.mutable_clusters(0)->add_endpoints()->set_address("b");
  const std::vector<Change> changes = Compare(before, after);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_THAT(changes[0].fields, SizeIs(101));
  EXPECT_EQ(changes[0].fields[99], "endpoints[99]");
  EXPECT_EQ(changes[0].fields[100], "...");
}

TEST(DiffTest, LooksAtThousandsOfThingsInAMoment) {
  v1::Config before;
  for (int i = 0; i < 20'000; ++i) before.add_clusters()->set_name(fmt::format("cluster_{}", i));
  v1::Config after = before;
  after.mutable_clusters(19'999)->set_load_balancing(v1::Cluster::LEAST_CONNECTIONS);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Compare(before, after), SizeIs(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace culvert::config
