#include "source/config/loader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "source/config/printer.h"
#include "source/config/redaction.h"
#include "test/config/loading.h"
#include "test/config/sample.h"

namespace culvert::config {
namespace {

using extensions::http_connect::v1::HttpConnect;
using google::protobuf::util::MessageDifferencer;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;

template <typename Settings>
Settings SettingsOf(const v1::Filter& filter) {
  Settings settings;
  EXPECT_TRUE(filter.typed_config().UnpackTo(&settings)) << filter.typed_config().type_url();
  return settings;
}

TEST(LoaderTest, LoadsTheSample) {
  const LoadResult result = LoadYaml(kSampleYaml);
  ASSERT_THAT(Lines(result), IsEmpty());
  const v1::Config& config = result.config;
  EXPECT_EQ(config.process().node().id(), "edge-1");
  ASSERT_EQ(config.identity_providers_size(), 2);
  EXPECT_EQ(config.identity_providers(1).users().users(0).password().inline_string(), "wonderland");
  ASSERT_EQ(config.listeners_size(), 2);
  ASSERT_EQ(config.listeners(0).filters_size(), 3);
  EXPECT_EQ(config.listeners(0).filters(2).name(), "http_connect");
  const auto connect = SettingsOf<HttpConnect>(config.listeners(0).filters(2));
  EXPECT_EQ(connect.policy().rules(0).allow().ports(0), "443");
  EXPECT_EQ(config.clusters(0).connect_timeout().seconds(), 5);
  EXPECT_EQ(config.access_log(0).format(), v1::AccessLog::TEXT);
  EXPECT_EQ(config.access_log(0).buffer_size(), 65536);
}

TEST(LoaderTest, EveryFormatGivesTheSameMessage) {
  const LoadResult yaml = LoadYaml(kSampleYaml);
  const LoadResult json = LoadJson(kSampleJson);
  const LoadResult text = LoadTextproto(kSampleTextproto);
  const LoadResult binary = LoadBinary(yaml.config);
  ASSERT_THAT(Lines(yaml), IsEmpty());
  ASSERT_THAT(Lines(json), IsEmpty());
  ASSERT_THAT(Lines(text), IsEmpty());
  ASSERT_THAT(Lines(binary), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(yaml.config, json.config));
  EXPECT_TRUE(MessageDifferencer::Equals(yaml.config, text.config));
  EXPECT_TRUE(MessageDifferencer::Equals(yaml.config, binary.config));
}

TEST(LoaderTest, AFilterWithoutSettingsHasTheEmptyOnesInEveryForm) {
  for (const char* form :
       {"metrics", "metrics:", "{metrics: {}}", "{metrics: null}", "{name: metrics}",
        "{name: metrics, typed_config: {\"@type\": "
        "type.googleapis.com/culvert.extensions.metrics.v1.Metrics}}"}) {
    const LoadResult result = LoadYaml(WithFilter(form));
    ASSERT_THAT(Lines(result), IsEmpty()) << form;
    const v1::Filter& filter = result.config.listeners(0).filters(0);
    EXPECT_EQ(filter.name(), "metrics") << form;
    EXPECT_EQ(SettingsOf<extensions::metrics::v1::Metrics>(filter).path(), "") << form;
  }
}

TEST(LoaderTest, BinaryAndTextFiltersWithoutSettingsGetTheEmptyOnes) {
  const LoadResult text = LoadTextproto(
      "listeners { name: 'a' address: '127.0.0.1:1' filters { name: 'http_connect' } }");
  ASSERT_THAT(Lines(text), IsEmpty());
  EXPECT_TRUE(text.config.listeners(0).filters(0).typed_config().Is<HttpConnect>());
}

TEST(LoaderTest, NumbersAreTakenForStringsAsTheyStand) {
  const LoadResult result = LoadYaml(
      WithFilter("http_connect: {policy: {rules: [{allow: {ports: [0443, 8000-8999]}}]}}"));
  ASSERT_THAT(Lines(result), IsEmpty());
  const auto connect = SettingsOf<HttpConnect>(result.config.listeners(0).filters(0));
  EXPECT_THAT(connect.policy().rules(0).allow().ports(), ElementsAre("0443", "8000-8999"));
}

TEST(LoaderTest, AnchorsStandForWhatTheyName) {
  const LoadResult result = LoadYaml(
      "clusters:\n"
      "- {name: a, endpoints: &where [{address: \"10.0.0.1:1\"}]}\n"
      "- {name: b, endpoints: *where}\n");
  ASSERT_THAT(Lines(result), IsEmpty());
  EXPECT_EQ(result.config.clusters(1).endpoints(0).address(), "10.0.0.1:1");
}

TEST(LoaderTest, SourcesNameThePlaceOfFieldsOrOfWhatIsRoundThem) {
  const SourceMap sources = LoadYaml(kSampleYaml).sources;
  EXPECT_EQ(sources.Find("listeners[0].filters[2].http_connect.policy"), (Position{20, 7}));
  EXPECT_EQ(sources.Find("listeners[0].filters[2].http_connect.policy.rules[1].allow.ports[0]"),
            (Position{23, 54}));
  EXPECT_EQ(sources.Find("listeners[0].filters[2].http_connect.cluster"), (Position{19, 5}));
  EXPECT_EQ(sources.Find("identity_providers[1].users[0].name"), (Position{9, 12}));
  EXPECT_EQ(sources.Find("listeners[1].backlog"), (Position{24, 3}));
  EXPECT_EQ(sources.Find("nothing.like[3].it"), (Position{2, 1}));
}

TEST(LoaderTest, SourcesOfTheCanonicalFormAndOfTextUseTheSamePaths) {
  const std::string_view path =
      "listeners[0].filters[2].http_connect.policy.rules[1].allow.ports[0]";
  EXPECT_EQ(LoadJson(kSampleJson).sources.Find(path), (Position{20, 59}));
  EXPECT_EQ(LoadTextproto(kSampleTextproto).sources.Find(path), (Position{37, 51}));
  EXPECT_EQ(LoadTextproto(kSampleTextproto).sources.Find("identity_providers[1].users[0].name"),
            (Position{6, 19}));
  EXPECT_FALSE(LoadBinary(LoadYaml(kSampleYaml).config).sources.Find(path).known());
}

TEST(LoaderTest, SourcesMakeErrorsForWhatIsFoundLater) {
  const SourceMap sources = LoadYaml(kSampleYaml).sources;
  EXPECT_EQ(ToString(sources.Error("listeners[0].address", "in use")),
            "test.yaml:12:3: listeners[0].address: in use");
}

TEST(LoaderTest, AMessageIsCheckedLikeAText) {
  const v1::Config sample = LoadYaml(kSampleYaml).config;
  const LoadResult result = LoadConfigMessage(sample, TestOptions());
  ASSERT_THAT(Lines(result), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(result.config, sample));
}

TEST(LoaderTest, FiltersOfAMessageThatHaveNoSettingsGetTheEmptyOnes) {
  v1::Config config;
  v1::Listener& listener = *config.add_listeners();
  listener.set_name("a");
  listener.set_address("127.0.0.1:1");
  listener.add_filters()->set_name("http_connect");
  const LoadResult result = LoadConfigMessage(config, TestOptions());
  ASSERT_THAT(Lines(result), IsEmpty());
  EXPECT_TRUE(result.config.listeners(0).filters(0).typed_config().Is<HttpConnect>());
}

TEST(LoaderTest, ErrorsOfAMessageHavePathsAndNeitherFileNorPosition) {
  v1::Config config = LoadYaml(kSampleYaml).config;
  config.mutable_clusters(1)->set_name("redis");
  config.mutable_listeners(1)->clear_address();
  config.mutable_process()->set_workers(257);
  const LoadResult result = LoadConfigMessage(config, TestOptions());
  EXPECT_THAT(Lines(result),
              ElementsAre("clusters[1].name: the name 'redis' is taken by clusters[0]; choose "
                          "another",
                          "process.workers: out of range; write a number from 0 to 256",
                          "listeners[1].address: is required; add 'address'"));
  for (const ConfigError& error : result.errors) {
    EXPECT_EQ(error.file, "");
    EXPECT_FALSE(error.position.known());
  }
  EXPECT_EQ(ToString(result.sources.Error("clusters[0]", "no endpoint")),
            "clusters[0]: no endpoint");
}

TEST(LoaderTest, RefusesSecretsThatWereLeftOutWhenTheConfigWasPrinted) {
  constexpr std::string_view kWhy =
      "was left out when this config was printed; write the secret itself, or name its file";
  const v1::Config sample = LoadYaml(kSampleYaml).config;
  const std::string password = "identity_providers[1].users[0].password.inline_string: ";
  const std::string key =
      "listeners[1].filter_chains[0].filters[0].tls_terminate.certificates[0].private_key."
      "inline_bytes: ";
  v1::Config redacted = sample;
  RedactSecrets(redacted);
  EXPECT_THAT(Lines(LoadConfigMessage(redacted, TestOptions())),
              ElementsAre(password + std::string(kWhy), key + std::string(kWhy)));
  EXPECT_THAT(Lines(LoadYaml(ToShortYaml(sample))),
              ElementsAre("test.yaml:13:7: " + password + std::string(kWhy),
                          "test.yaml:49:13: " + key + std::string(kWhy)));
}

class LoaderFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/config_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, std::string_view content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string folder_;
};

TEST_F(LoaderFileTest, TheSuffixChoosesTheFormat) {
  const std::string binary = LoadYaml(kSampleYaml).config.SerializeAsString();
  const std::string files[] = {Write("a.yaml", kSampleYaml), Write("a.yml", kSampleYaml),
                               Write("a.json", kSampleJson), Write("a.textproto", kSampleTextproto),
                               Write("a.pb", binary)};
  for (const std::string& file : files) {
    const LoadResult result = LoadConfigFile(file, TestOptions());
    EXPECT_THAT(Lines(result), IsEmpty());
    EXPECT_EQ(result.config.listeners_size(), 2) << file;
  }
}

TEST_F(LoaderFileTest, RefusesOtherSuffixes) {
  EXPECT_THAT(Lines(LoadConfigFile("a.toml", TestOptions())),
              ElementsAre("a.toml: unknown kind of file; the name must end in .yaml, .yml, .json, "
                          ".textproto or .pb"));
}

TEST_F(LoaderFileTest, ReportsFilesThatCannotBeRead) {
  const std::string missing = folder_ + "/missing.yaml";
  EXPECT_THAT(Lines(LoadConfigFile(missing, TestOptions())),
              ElementsAre(missing + ": cannot be opened: No such file or directory"));
  const std::string directory = folder_ + "/directory.yaml";
  std::filesystem::create_directory(directory);
  EXPECT_THAT(Lines(LoadConfigFile(directory, TestOptions())),
              ElementsAre(directory + ": cannot be read: Is a directory"));
}

TEST_F(LoaderFileTest, RefusesFilesOver64MiB) {
  const std::string path = Write("large.yaml", "");
  std::filesystem::resize_file(path, (64 << 20) + 1);
  EXPECT_THAT(Lines(LoadConfigFile(path, TestOptions())),
              ElementsAre(path + ": is too large; at most 64MiB"));
}

TEST_F(LoaderFileTest, ErrorsNameTheFileAsItWasGiven) {
  const std::string path = Write("bad.yaml", "worker: 1\n");
  EXPECT_THAT(Lines(LoadConfigFile(path, TestOptions())),
              ElementsAre(StartsWith(path + ":1:1: worker: unknown field")));
}

}  // namespace
}  // namespace culvert::config
