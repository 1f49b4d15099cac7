#include "source/server/config_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "source/base/status.h"

namespace culvert::server {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

ConfigVersion Version(uint64_t number, std::string_view label = "") {
  config::v1::Config config;
  config.mutable_process()->mutable_node()->set_id(fmt::format("node-{}", number));
  ConfigVersion version;
  version.number = number;
  version.applied = std::chrono::system_clock::from_time_t(1'700'000'000 + number) +
                    std::chrono::milliseconds(250);
  version.origin = "api";
  version.author = "uid 0";
  version.label = label;
  version.base_directory = "/etc/culvert";
  version.packed_config = Pack(config);
  version.checksum = ChecksumOf(version.packed_config);
  return version;
}

mode_t ModeOf(const fs::path& path) {
  struct stat info{};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

class ConfigStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/store_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    state_ = root_ + "/state";
    folder_ = state_ + "/config";
  }
  void TearDown() override { fs::remove_all(root_); }

  ConfigStore Open() {
    auto store = ConfigStore::Open(state_);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  // A store with versions 1 to `count`.
  ConfigStore OpenWith(uint64_t count) {
    ConfigStore store = Open();
    for (uint64_t i = 1; i <= count; ++i) EXPECT_TRUE(store.Save(Version(i), 20).ok());
    return store;
  }
  std::vector<uint64_t> Numbers(const ConfigStore& store) {
    std::vector<uint64_t> numbers;
    warnings_.clear();
    for (const ConfigVersionPtr& version : store.Load(warnings_)) {
      numbers.push_back(version->number);
    }
    return numbers;
  }
  std::string File(uint64_t number) const {
    return fmt::format("{}/{:010}.config", folder_, number);
  }
  static std::string ReadFile(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
  }
  static void WriteFile(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  std::vector<std::string> FileNames() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  std::string root_;
  std::string state_;
  std::string folder_;
  std::vector<std::string> warnings_;
};

TEST_F(ConfigStoreTest, MakesItsFoldersForTheOwnerAlone) {
  Open();
  EXPECT_EQ(ModeOf(state_), 0700);
  EXPECT_EQ(ModeOf(folder_), 0700);
}

TEST_F(ConfigStoreTest, ClosesAFolderThatOthersCouldLookInto) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::all);
  Open();
  EXPECT_EQ(ModeOf(folder_), 0700);
}

TEST_F(ConfigStoreTest, FailsWhereTheFolderCannotBe) {
  WriteFile(root_ + "/file", "");
  EXPECT_THAT(std::string(Message(ConfigStore::Open(root_ + "/file/state").status())),
              HasSubstr("Not a directory"));
}

TEST_F(ConfigStoreTest, WhatWasSavedIsThereAsItWas) {
  const ConfigVersion saved = Version(7, "why");
  ASSERT_TRUE(Open().Save(saved, 20).ok());
  EXPECT_EQ(ModeOf(File(7)), 0600);
  const auto loaded = Open().Load(warnings_);
  EXPECT_THAT(warnings_, IsEmpty());
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0]->number, 7);
  EXPECT_EQ(loaded[0]->applied, saved.applied);
  EXPECT_EQ(loaded[0]->origin, "api");
  EXPECT_EQ(loaded[0]->author, "uid 0");
  EXPECT_EQ(loaded[0]->label, "why");
  EXPECT_EQ(loaded[0]->base_directory, "/etc/culvert");
  EXPECT_EQ(loaded[0]->checksum, saved.checksum);
  EXPECT_EQ(loaded[0]->config().process().node().id(), "node-7");
}

TEST_F(ConfigStoreTest, TheNewestComesFirst) {
  EXPECT_THAT(Numbers(OpenWith(11)), ElementsAre(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_EQ(Open().NewestNumber(), 11);
}

TEST_F(ConfigStoreTest, AnEmptyStoreHasNothing) {
  const ConfigStore store = Open();
  EXPECT_THAT(Numbers(store), IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(store.NewestNumber(), 0);
}

TEST_F(ConfigStoreTest, KeepsAsManyOthersAsItIsTold) {
  const ConfigStore store = OpenWith(5);
  ASSERT_TRUE(store.Save(Version(6), 2).ok());
  EXPECT_THAT(Numbers(store), ElementsAre(6, 5, 4));
}

TEST_F(ConfigStoreTest, AFileTornAnywhereIsPassedOverAndSaysWhatIsUsedInstead) {
  const ConfigStore store = OpenWith(2);
  const std::string whole = ReadFile(File(2));
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteFile(File(2), whole.substr(0, size));
    ASSERT_THAT(Numbers(store), ElementsAre(1)) << size;
    ASSERT_THAT(warnings_, ElementsAre(File(2) + " is torn or not a file of ours; version 1 is "
                                                 "used instead"));
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string bent = whole;
    bent[i] = static_cast<char>(bent[i] ^ 0x20);
    WriteFile(File(2), bent);
    ASSERT_THAT(Numbers(store), ElementsAre(1)) << i;
  }
  WriteFile(File(2), whole + "more");
  EXPECT_THAT(Numbers(store), ElementsAre(1));
  WriteFile(File(2), whole);
  EXPECT_THAT(Numbers(store), ElementsAre(2, 1));
}

TEST_F(ConfigStoreTest, AnOlderFileThatIsTornIsMissingInTheHistory) {
  const ConfigStore store = OpenWith(3);
  WriteFile(File(2), "");
  EXPECT_THAT(Numbers(store), ElementsAre(3, 1));
  EXPECT_THAT(warnings_, ElementsAre(File(2) + " is torn or not a file of ours; it is left out of "
                                               "the history"));
}

TEST_F(ConfigStoreTest, SaysThatThereIsNoOtherVersion) {
  const ConfigStore store = OpenWith(1);
  WriteFile(File(1), "culvert config 1\n");
  EXPECT_THAT(Numbers(store), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(File(1) + " is torn or not a file of ours; there is no other "
                                               "version"));
}

TEST_F(ConfigStoreTest, AFileUnderAnotherNumberIsNotThatVersion) {
  const ConfigStore store = OpenWith(1);
  fs::copy(File(1), File(9));
  EXPECT_THAT(Numbers(store), ElementsAre(1));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("does not hold version 9; version 1 is used")));
}

TEST_F(ConfigStoreTest, TheNumberOfATornFileIsNotFree) {
  const ConfigStore store = OpenWith(3);
  WriteFile(File(3), "");
  EXPECT_EQ(store.NewestNumber(), 3);
}

TEST_F(ConfigStoreTest, LeavesWhatIsNotItsOwnAlone) {
  const ConfigStore store = OpenWith(1);
  WriteFile(folder_ + "/notes.txt", "mine");
  WriteFile(folder_ + "/1.config", "mine");
  fs::create_directory(File(5));
  fs::create_symlink("/dev/zero", File(6));
  EXPECT_THAT(Numbers(store), ElementsAre(1));
  EXPECT_THAT(warnings_, SizeIs(4));
  EXPECT_THAT(warnings_, testing::Each(HasSubstr("not a file of ours; it is passed over")));
  store.Prune(1, 0);
  EXPECT_EQ(ReadFile(folder_ + "/notes.txt"), "mine");
  EXPECT_EQ(ReadFile(folder_ + "/1.config"), "mine");
}

TEST_F(ConfigStoreTest, WhatIsNotCommittedIsNotThereAndLeavesNothing) {
  const ConfigStore store = OpenWith(1);
  {
    const auto pending = store.Prepare(Version(2));
    ASSERT_TRUE(pending.ok());
    EXPECT_THAT(Numbers(store), ElementsAre(1));
    EXPECT_THAT(warnings_, IsEmpty());
  }
  EXPECT_THAT(FileNames(), ElementsAre("0000000001.config"));
}

TEST_F(ConfigStoreTest, AFullDiskIsAnErrorAndChangesNothing) {
  const ConfigStore store = OpenWith(1);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit full = before;
  full.rlim_cur = 100;
  setrlimit(RLIMIT_FSIZE, &full);
  const absl::Status status = store.Save(Version(2, std::string(1000, 'x')), 20);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(std::string(Message(status)), StartsWith("cannot write " + folder_));
  EXPECT_THAT(FileNames(), ElementsAre("0000000001.config"));
}

TEST_F(ConfigStoreTest, AVersionThatCannotTakeItsPlaceIsAnErrorAndLeavesNothing) {
  const ConfigStore store = OpenWith(1);
  fs::create_directory(File(2));
  const absl::Status status = store.Save(Version(2), 20);
  EXPECT_THAT(std::string(Message(status)), StartsWith("cannot write " + File(2)));
  EXPECT_THAT(FileNames(), ElementsAre("0000000001.config", "0000000002.config"));
  EXPECT_THAT(Numbers(store), ElementsAre(1));
}

TEST_F(ConfigStoreTest, AFolderThatIsGoneIsAnError) {
  const ConfigStore store = OpenWith(1);
  fs::remove_all(state_);
  EXPECT_FALSE(store.Save(Version(2), 20).ok());
  EXPECT_THAT(Numbers(store), IsEmpty());
}

TEST(ConfigVersionTest, EqualConfigsHaveEqualChecksums) {
  EXPECT_EQ(Version(1).checksum, Version(1).checksum);
  EXPECT_NE(Version(1).checksum, Version(2).checksum);
  // Of no bytes at all.
  EXPECT_EQ(ChecksumOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace culvert::server
