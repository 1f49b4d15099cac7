// A directory for one test, removed with what is in it.
#ifndef CULVERT_TEST_ACCESS_LOG_TEMPORARY_DIRECTORY_H_
#define CULVERT_TEST_ACCESS_LOG_TEMPORARY_DIRECTORY_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace culvert::access_log {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "culvert_log_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string ReadFile(const std::string& filename) {
  std::ostringstream content;
  content << std::ifstream(filename, std::ios::binary).rdbuf();
  return content.str();
}

}  // namespace culvert::access_log

#endif  // CULVERT_TEST_ACCESS_LOG_TEMPORARY_DIRECTORY_H_
