#include "source/base/data_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "source/base/status.h"

namespace culvert {
namespace {

using config::v1::DataSource;

// Closes on every way out of ReadFile().
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status OpenError(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
      return NotFound(fmt::format(
          "{}: no such file: check the name (relative names start at the config file's folder)",
          path));
    case ENOTDIR:
      return NotFound(fmt::format("{}: a part of the name is not a folder: check the name", path));
    case EACCES:
      return FailedPrecondition(
          fmt::format("{}: not readable by uid {}: check the mode of the file and of its folders",
                      path, ::geteuid()));
    default:
      return Unavailable(fmt::format("{}: cannot be read: {}", path, std::strerror(error)));
  }
}

absl::Status TooLarge(std::string_view what, size_t max_size) {
  return InvalidArgument(
      fmt::format("{}: larger than {} bytes: is it the right one?", what, max_size));
}

absl::Status CheckKind(const std::string& path, mode_t mode) {
  if (S_ISDIR(mode)) {
    return InvalidArgument(fmt::format("{}: a directory, not a file: name a file in it", path));
  }
  if (!S_ISREG(mode)) return InvalidArgument(fmt::format("{}: not a regular file", path));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return NotFound(fmt::format("environment variable {}: not set for this process", name));
  }
  return std::string(value);
}

absl::StatusOr<std::string> ReadSpecifier(const DataSource& source, const std::string& path,
                                          size_t max_size) {
  switch (source.specifier_case()) {
    case DataSource::kFilename:
      return ReadFile(path, max_size);
    case DataSource::kInlineString:
      return source.inline_string();
    case DataSource::kInlineBytes:
      return source.inline_bytes();
    case DataSource::kEnvironmentVariable:
      return ReadVariable(source.environment_variable());
    case DataSource::SPECIFIER_NOT_SET:
      break;
  }
  return InvalidArgument(
      "needs one of filename, inline_string, inline_bytes and environment_variable");
}

// What the data came from, for messages.
std::string Describe(const DataSource& source, const std::string& path) {
  switch (source.specifier_case()) {
    case DataSource::kFilename:
      return path;
    case DataSource::kEnvironmentVariable:
      return fmt::format("environment variable {}", source.environment_variable());
    default:
      return "the inline data";
  }
}

}  // namespace

std::string ResolveFilename(std::string_view filename, std::string_view base_directory) {
  return (std::filesystem::path(base_directory) / filename).lexically_normal().string();
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_size) {
  // O_NONBLOCK: a FIFO without a writer would otherwise stop the process here.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return OpenError(path, errno);
  struct stat facts;
  if (::fstat(file.get(), &facts) != 0) return OpenError(path, errno);
  if (absl::Status status = CheckKind(path, facts.st_mode); !status.ok()) return status;
  std::string data;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t count = ::read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return OpenError(path, errno);
    if (count == 0) return data;
    if (data.size() + count > max_size) return TooLarge(path, max_size);
    data.append(buffer, count);
  }
}

absl::StatusOr<std::string> ReadDataSource(const DataSource& source,
                                           std::string_view base_directory, size_t max_size) {
  const bool is_file = source.specifier_case() == DataSource::kFilename;
  if (is_file && source.filename().empty()) {
    return InvalidArgument("filename: is empty: name a file");
  }
  const std::string path = is_file ? ResolveFilename(source.filename(), base_directory) : "";
  absl::StatusOr<std::string> data = ReadSpecifier(source, path, max_size);
  if (!data.ok()) return data;
  if (data->size() > max_size) return TooLarge(Describe(source, path), max_size);
  if (data->empty()) return InvalidArgument(fmt::format("{}: is empty", Describe(source, path)));
  return data;
}

}  // namespace culvert
