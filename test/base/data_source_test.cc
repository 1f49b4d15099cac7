#include "source/base/data_source.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "source/base/status.h"

namespace culvert {
namespace {

using config::v1::DataSource;

// Root reads every file by its capabilities: without the effective ones it is a user like others.
class PowerlessRoot {
 public:
  PowerlessRoot() {
    EXPECT_EQ(::syscall(SYS_capget, &header_, data_), 0);
    __user_cap_data_struct none[2] = {data_[0], data_[1]};
    none[0].effective = none[1].effective = 0;
    EXPECT_EQ(::syscall(SYS_capset, &header_, none), 0);
  }
  ~PowerlessRoot() { EXPECT_EQ(::syscall(SYS_capset, &header_, data_), 0); }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data_[2] = {};
};

class DataSourceTest : public testing::Test {
 protected:
  DataSourceTest() : folder_(ResolveFilename("data_source-XXXXXX", testing::TempDir())) {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    std::ofstream(folder_ + "/secret.txt") << "wonderland\n";
    std::ofstream(folder_ + "/empty.txt") << "";
  }
  ~DataSourceTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<std::string> ReadNamed(const std::string& filename, size_t max_size = 100) {
    DataSource source;
    source.set_filename(filename);
    return ReadDataSource(source, folder_, max_size);
  }

  void ExpectError(const absl::StatusOr<std::string>& result, std::string_view part) {
    ASSERT_FALSE(result.ok());
    EXPECT_NE(Message(result.status()).find(part), std::string_view::npos) << result.status();
  }

  std::string folder_;
};

TEST_F(DataSourceTest, ReadsAFileBelowTheBaseDirectoryAsItIs) {
  EXPECT_EQ(ReadNamed("secret.txt").value(), "wonderland\n");
  EXPECT_EQ(ReadNamed("./x/../secret.txt").value(), "wonderland\n");
}

TEST_F(DataSourceTest, ReadsAnAbsoluteFile) {
  DataSource source;
  source.set_filename(folder_ + "/secret.txt");
  EXPECT_EQ(ReadDataSource(source, "/elsewhere").value(), "wonderland\n");
}

TEST_F(DataSourceTest, ReadsInlineData) {
  DataSource source;
  source.set_inline_string("text");
  EXPECT_EQ(ReadDataSource(source, folder_).value(), "text");
  source.set_inline_bytes(std::string("\0\xff", 2));
  EXPECT_EQ(ReadDataSource(source, folder_).value(), std::string("\0\xff", 2));
}

TEST_F(DataSourceTest, ReadsAnEnvironmentVariable) {
  ::setenv("CULVERT_DATA_SOURCE_TEST", "value", 1);
  DataSource source;
  source.set_environment_variable("CULVERT_DATA_SOURCE_TEST");
  EXPECT_EQ(ReadDataSource(source, folder_).value(), "value");
  ::setenv("CULVERT_DATA_SOURCE_TEST", "", 1);
  ExpectError(ReadDataSource(source, folder_),
              "environment variable CULVERT_DATA_SOURCE_TEST: is empty");
  ::unsetenv("CULVERT_DATA_SOURCE_TEST");
  ExpectError(ReadDataSource(source, folder_),
              "environment variable CULVERT_DATA_SOURCE_TEST: not set");
}

TEST_F(DataSourceTest, RefusesNoSource) {
  ExpectError(ReadDataSource({}, folder_), "needs one of");
}

TEST_F(DataSourceTest, NamesAFileThatIsMissing) {
  ExpectError(ReadNamed("absent.txt"), folder_ + "/absent.txt: no such file");
  ExpectError(ReadNamed("secret.txt/x"), "not a folder");
  ExpectError(ReadNamed(""), "name a file");
}

TEST_F(DataSourceTest, RefusesWhatIsNotAFile) {
  ExpectError(ReadNamed("."), "a directory");
  ExpectError(ReadNamed("/dev/zero"), "not a regular file");
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  ExpectError(ReadNamed("fifo"), "not a regular file");
}

TEST_F(DataSourceTest, RefusesEmptyData) {
  ExpectError(ReadNamed("empty.txt"), "empty.txt: is empty");
  DataSource source;
  source.set_inline_string("");
  ExpectError(ReadDataSource(source, folder_), "the inline data: is empty");
}

TEST_F(DataSourceTest, RefusesTooMuchData) {
  EXPECT_TRUE(ReadNamed("secret.txt", 11).ok());
  ExpectError(ReadNamed("secret.txt", 10), "secret.txt: larger than 10 bytes");
  DataSource source;
  source.set_inline_string("wonderland!");
  ExpectError(ReadDataSource(source, folder_, 10), "the inline data: larger than 10 bytes");
}

TEST_F(DataSourceTest, SaysWhoMayNotReadAFile) {
  ASSERT_EQ(::chmod((folder_ + "/secret.txt").c_str(), 0), 0);
  const PowerlessRoot powerless;
  const std::string expected =
      "secret.txt: not readable by uid " + std::to_string(::geteuid()) + ": check the mode";
  ExpectError(ReadNamed("secret.txt"), expected);
}

}  // namespace
}  // namespace culvert
