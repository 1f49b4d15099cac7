#include "source/server/config_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "source/base/status.h"
#include "source/net/fd.h"
#include "source/server/stored_config.pb.h"

namespace culvert::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::nanoseconds;
using std::chrono::system_clock;

// A file is this line, the SHA-256 of the payload in hexadecimal, a space, the payload's length, a
// line end and the payload: a StoredConfig.
constexpr std::string_view kMagic = "culvert config 1\n";
constexpr std::string_view kSuffix = ".config";
constexpr std::string_view kTemporary = "incoming.";
constexpr size_t kChecksumSize = 64;
constexpr size_t kMaxFileSize = size_t{256} << 20;

absl::Status Failed(std::string_view what, const std::string& path, int error) {
  return FailedPrecondition(
      fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(error)));
}

std::string FileOf(const std::string& directory, uint64_t number) {
  return fmt::format("{}/{:010}{}", directory, number, kSuffix);
}

std::optional<uint64_t> NumberOf(std::string_view file_name) {
  if (!file_name.ends_with(kSuffix)) return std::nullopt;
  file_name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  const char* end = file_name.data() + file_name.size();
  const auto [stop, error] = std::from_chars(file_name.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

absl::Status SyncDirectory(const std::string& directory) {
  const net::Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return Failed("write", directory, errno);
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, std::initializer_list<std::string_view> parts) {
  const net::Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Failed("write", path, errno);
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const ssize_t written = write(fd.get(), part.data(), part.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failed("write", path, errno);
      part.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (fsync(fd.get()) != 0) return Failed("write", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return Failed("read", path, errno);
  if (!S_ISREG(info.st_mode) || static_cast<size_t>(info.st_size) > kMaxFileSize) {
    return FailedPrecondition(fmt::format("{} is not a file of ours", path));
  }
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t count = read(fd.get(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("read", path, errno);
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  content.resize(size);
  return content;
}

// The payload of a file; nothing if it is not whole.
std::optional<std::string_view> PayloadOf(std::string_view file) {
  if (!file.starts_with(kMagic)) return std::nullopt;
  file.remove_prefix(kMagic.size());
  const size_t line_end = file.find('\n');
  if (line_end == file.npos || line_end < kChecksumSize + 2) return std::nullopt;
  const std::string_view checksum = file.substr(0, kChecksumSize);
  const std::string_view payload = file.substr(line_end + 1);
  if (file.substr(kChecksumSize, line_end - kChecksumSize) != fmt::format(" {}", payload.size())) {
    return std::nullopt;
  }
  if (checksum != ChecksumOf(payload)) return std::nullopt;
  return payload;
}

// Says why not.
absl::StatusOr<ConfigVersionPtr> ReadVersion(const std::string& path, uint64_t number) {
  const absl::StatusOr<std::string> content = ReadFile(path);
  if (!content.ok()) return content.status();
  const auto payload = PayloadOf(*content);
  if (!payload) return FailedPrecondition(fmt::format("{} is torn or not a file of ours", path));
  StoredConfig stored;
  if (!stored.ParseFromArray(payload->data(), static_cast<int>(payload->size())) ||
      stored.number() != number) {
    return FailedPrecondition(fmt::format("{} does not hold version {}", path, number));
  }
  auto version = std::make_shared<ConfigVersion>();
  version->number = number;
  version->applied = system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(
      std::chrono::seconds(stored.applied().seconds()) + nanoseconds(stored.applied().nanos())));
  version->origin = stored.origin();
  version->author = stored.author();
  version->label = stored.label();
  version->base_directory = stored.base_directory();
  version->packed_config = std::move(*stored.mutable_packed_config());
  version->checksum = ChecksumOf(version->packed_config);
  return version;
}

std::string PayloadFor(const ConfigVersion& version) {
  StoredConfig stored;
  stored.set_number(version.number);
  const nanoseconds applied = version.applied.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(applied);
  stored.mutable_applied()->set_seconds(seconds.count());
  stored.mutable_applied()->set_nanos(static_cast<int32_t>((applied - seconds).count()));
  stored.set_origin(version.origin);
  stored.set_author(version.author);
  stored.set_label(version.label);
  stored.set_base_directory(version.base_directory);
  stored.set_packed_config(version.packed_config);
  return stored.SerializeAsString();
}

}  // namespace

PendingVersion::~PendingVersion() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::Status PendingVersion::Commit() {
  const std::string temporary = std::exchange(temporary_, "");
  if (rename(temporary.c_str(), file_.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return Failed("write", file_, error);
  }
  absl::Status synced = SyncDirectory(fs::path(file_).parent_path());
  if (!synced.ok()) unlink(file_.c_str());
  return synced;
}

absl::StatusOr<ConfigStore> ConfigStore::Open(const std::string& state_directory) {
  std::error_code error;
  const fs::path state = fs::absolute(state_directory, error);
  if (error) return Failed("find", state_directory, error.value());
  const fs::path directory = state / "config";
  // What is above is not ours: it gets the usual mode.
  fs::create_directories(state.parent_path(), error);
  for (const fs::path& path : {state, directory}) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failed("make", path, errno);
  }
  // It may have been made by hand. Fails if it is somebody else's.
  if (chmod(directory.c_str(), 0700) != 0 || access(directory.c_str(), W_OK | X_OK) != 0) {
    return Failed("use", directory, errno);
  }
  return ConfigStore(directory);
}

std::vector<uint64_t> ConfigStore::Numbers(std::vector<std::string>* foreign) const {
  std::vector<uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename();
    const auto number = NumberOf(name);
    if (number && FileOf(directory_, *number) == entry.path() && entry.is_regular_file(error)) {
      numbers.push_back(*number);
    } else if (foreign != nullptr && !name.starts_with(kTemporary)) {
      foreign->push_back(entry.path());
    }
  }
  std::ranges::sort(numbers, std::greater());
  return numbers;
}

std::vector<ConfigVersionPtr> ConfigStore::Load(std::vector<std::string>& warnings) const {
  std::vector<ConfigVersionPtr> versions;
  std::vector<std::string> torn;
  // Those that are newer than the newest whole one have a version in their place; others are but
  // missing in the history.
  const auto explain = [&](std::string_view consequence) {
    for (const std::string& what : torn)
      warnings.push_back(fmt::format("{}; {}", what, consequence));
    torn.clear();
  };
  std::vector<std::string> foreign;
  for (const uint64_t number : Numbers(&foreign)) {
    absl::StatusOr<ConfigVersionPtr> version = ReadVersion(FileOf(directory_, number), number);
    if (!version.ok()) {
      torn.emplace_back(Message(version.status()));
      continue;
    }
    if (versions.empty()) explain(fmt::format("version {} is used instead", number));
    versions.push_back(*std::move(version));
  }
  explain(versions.empty() ? "there is no other version" : "it is left out of the history");
  for (const std::string& path : foreign) {
    warnings.push_back(fmt::format("{} is not a file of ours; it is passed over", path));
  }
  return versions;
}

uint64_t ConfigStore::NewestNumber() const {
  const std::vector<uint64_t> numbers = Numbers(nullptr);
  return numbers.empty() ? 0 : numbers.front();
}

absl::StatusOr<PendingVersion> ConfigStore::Prepare(const ConfigVersion& version) const {
  const std::string payload = PayloadFor(version);
  const std::string header = fmt::format("{}{} {}\n", kMagic, ChecksumOf(payload), payload.size());
  // By process: one that is being replaced does not write into the file of its successor.
  PendingVersion pending(fmt::format("{}/{}{}", directory_, kTemporary, getpid()),
                         FileOf(directory_, version.number));
  absl::Status status = WriteFile(pending.temporary_, {header, payload});
  if (!status.ok()) return status;
  return pending;
}

void ConfigStore::Prune(uint64_t number, size_t kept) const {
  for (const uint64_t other : Numbers(nullptr)) {
    if (other == number) continue;
    if (kept > 0) {
      --kept;
    } else {
      unlink(FileOf(directory_, other).c_str());
    }
  }
}

absl::Status ConfigStore::Save(const ConfigVersion& version, size_t kept) const {
  absl::StatusOr<PendingVersion> pending = Prepare(version);
  if (!pending.ok()) return pending.status();
  absl::Status status = pending->Commit();
  if (status.ok()) Prune(version.number, kept);
  return status;
}

}  // namespace culvert::server
