// A file with a name of its own that goes away with the test.
#ifndef CULVERT_TEST_IDENTITY_TEMPORARY_FILE_H_
#define CULVERT_TEST_IDENTITY_TEMPORARY_FILE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace culvert::identity {

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text)
      : path_(std::filesystem::path(testing::TempDir()) / "culvert-XXXXXX") {
    const int fd = ::mkstemp(path_.data());
    EXPECT_GE(fd, 0) << path_;
    ::close(fd);
    Write(text);
  }
  ~TemporaryFile() { Remove(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void Write(std::string_view text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
  }
  void Remove() const { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string folder() const { return path_.substr(0, path_.rfind('/')); }
  std::string filename() const { return path_.substr(path_.rfind('/') + 1); }

 private:
  std::string path_;
};

}  // namespace culvert::identity

#endif  // CULVERT_TEST_IDENTITY_TEMPORARY_FILE_H_
