// A folder that is gone after the test.
#ifndef CULVERT_TEST_CTL_TEMPORARY_DIRECTORY_H_
#define CULVERT_TEST_CTL_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace culvert::ctl {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    // Short, since the names of unix sockets are.
    std::string name = "/tmp/culvert_ctl_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string Path(std::string_view name) const { return path_ + "/" + std::string(name); }

  std::string Write(std::string_view name, std::string_view content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

 private:
  std::string path_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_TEST_CTL_TEMPORARY_DIRECTORY_H_
