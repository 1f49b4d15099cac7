#include "source/ctl/config_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "source/base/status.h"
#include "test/ctl/temporary_directory.h"

namespace culvert::ctl {
namespace {

using admin::v1::Text;

TEST(CtlConfigFileTest, SendsTextWithItsNotationNameAndFolder) {
  TemporaryDirectory directory;
  const auto source =
      ReadConfigFile({.name = directory.Write("proxy.yaml", "listeners: []\n")}, nullptr);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->text().content(), "listeners: []\n");
  EXPECT_EQ(source->text().format(), Text::YAML);
  EXPECT_EQ(source->text().file_name(), directory.Path("proxy.yaml"));
  EXPECT_EQ(source->base_directory() + "/proxy.yaml", directory.Path("proxy.yaml"));
}

TEST(CtlConfigFileTest, TheFolderIsAbsoluteAndTheNameAsItWasGiven) {
  TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directory(directory.Path("conf"));
  directory.Write("conf/proxy.json", "{}");
  std::filesystem::current_path(directory.Path("."));
  const auto source = ReadConfigFile({.name = "./conf/proxy.json"}, nullptr);
  std::filesystem::current_path(before);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->text().file_name(), "./conf/proxy.json");
  EXPECT_EQ(source->base_directory(), directory.Path("conf"));
}

TEST(CtlConfigFileTest, KnowsTheNotationBySuffixOrIsTold) {
  TemporaryDirectory directory;
  const auto format_of = [&](const std::string& name, std::optional<std::string> told = {}) {
    const auto source =
        ReadConfigFile({.name = directory.Write(name, ""), .format = std::move(told)}, nullptr);
    EXPECT_TRUE(source.ok()) << name;
    return source->text().format();
  };
  EXPECT_EQ(format_of("a.yml"), Text::YAML);
  EXPECT_EQ(format_of("a.json"), Text::JSON);
  EXPECT_EQ(format_of("a.textproto"), Text::TEXTPROTO);
  EXPECT_EQ(format_of("a.conf", "json"), Text::JSON);
  EXPECT_EQ(format_of("a.json", "yaml"), Text::YAML) << "what is told goes first";
  const auto unknown = ReadConfigFile({.name = directory.Write("a.conf", "")}, nullptr);
  EXPECT_EQ(Message(unknown.status()),
            directory.Path("a.conf") +
                ": the name does not tell the notation; --format yaml, json, textproto or pb does");
}

TEST(CtlConfigFileTest, BinaryConfigsGoAsMessages) {
  TemporaryDirectory directory;
  config::v1::Config config;
  config.add_clusters()->set_name("redis");
  const auto source =
      ReadConfigFile({.name = directory.Write("a.pb", config.SerializeAsString())}, nullptr);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->message().clusters(0).name(), "redis");
  const auto broken = ReadConfigFile({.name = directory.Write("b.pb", "\xff\xff")}, nullptr);
  EXPECT_EQ(Message(broken.status()),
            directory.Path("b.pb") + ": is no config in protobuf's binary form");
}

TEST(CtlConfigFileTest, TheStandardInputStartsInTheCurrentFolder) {
  std::string text = "{}";
  std::FILE* in = fmemopen(text.data(), text.size(), "r");
  const auto source = ReadConfigFile({.name = "-", .format = "json"}, in);
  std::fclose(in);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->text().content(), "{}");
  EXPECT_EQ(source->text().file_name(), "standard input");
  EXPECT_EQ(source->base_directory(), std::filesystem::current_path());
}

TEST(CtlConfigFileTest, AServerElsewhereHasItsOwnFolders) {
  TemporaryDirectory directory;
  const auto source = ReadConfigFile(
      {.name = directory.Write("a.yaml", ""), .base_directory = "/etc/culvert"}, nullptr);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->base_directory(), "/etc/culvert");
}

TEST(CtlConfigFileTest, SaysWhatIsWrongWithTheFile) {
  TemporaryDirectory directory;
  EXPECT_EQ(Message(ReadConfigFile({.name = "/no/such.yaml"}, nullptr).status()),
            "/no/such.yaml: cannot be read: No such file or directory");
  std::filesystem::create_directory(directory.Path("d.yaml"));
  EXPECT_EQ(Message(ReadConfigFile({.name = directory.Path("d.yaml")}, nullptr).status()),
            directory.Path("d.yaml") + ": cannot be read: Is a directory");
  const auto latin =
      ReadConfigFile({.name = directory.Write("l.yaml", "a: 1\nb: \xe9\n")}, nullptr);
  EXPECT_EQ(Message(latin.status()),
            directory.Path("l.yaml") + ":2: is not UTF-8; save the file as UTF-8");
}

}  // namespace
}  // namespace culvert::ctl
