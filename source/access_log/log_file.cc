#include "source/access_log/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "source/base/status.h"

namespace culvert::access_log {
namespace {

constexpr mode_t kMode = 0640;

int InheritedDescriptor(std::string_view filename) {
  if (filename == "/dev/stdout") return STDOUT_FILENO;
  if (filename == "/dev/stderr") return STDERR_FILENO;
  return -1;
}

ssize_t WriteOnce(int descriptor, std::string_view data) {
  ssize_t written;
  do {
    written = write(descriptor, data.data(), data.size());
  } while (written < 0 && errno == EINTR);
  return written;
}

}  // namespace

absl::StatusOr<LogFile> LogFile::Open(const std::string& filename) {
  const int inherited = InheritedDescriptor(filename);
  // O_NONBLOCK: to open a FIFO that nobody reads must fail, not wait.
  const int descriptor =
      inherited >= 0
          ? fcntl(inherited, F_DUPFD_CLOEXEC, 0)
          : open(filename.c_str(),
                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, kMode);
  if (descriptor < 0) {
    const char* hint = errno == ENXIO ? " (a FIFO needs a process that reads it)" : "";
    return FailedPrecondition(
        fmt::format("cannot open '{}' to append: {}{}", filename, std::strerror(errno), hint));
  }
  return LogFile(descriptor, inherited >= 0 ? Origin::kInherited : Origin::kNamed);
}

LogFile::LogFile(int descriptor, Origin origin) : descriptor_(descriptor), origin_(origin) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return;
  regular_ = S_ISREG(status.st_mode);
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

LogFile::LogFile(LogFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      origin_(other.origin_),
      regular_(other.regular_),
      device_(other.device_),
      inode_(other.inode_),
      half_line_(other.half_line_),
      owes_newline_(other.owes_newline_) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  origin_ = other.origin_;
  regular_ = other.regular_;
  device_ = other.device_;
  inode_ = other.inode_;
  half_line_ = other.half_line_;
  owes_newline_ = other.owes_newline_;
  return *this;
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

LogFile::Progress LogFile::Write(std::string_view lines) {
  Progress progress;
  while (progress.written < lines.size()) {
    const std::string_view rest = owes_newline_ ? "\n" : lines.substr(progress.written);
    const size_t chunk = NextChunk(rest);
    if (chunk == 0) {
      progress.error = EAGAIN;
      return progress;
    }
    const ssize_t written = WriteOnce(descriptor_, rest.substr(0, chunk));
    if (written <= 0) {
      progress.error = written < 0 ? errno : EIO;
      if (progress.error != EAGAIN) TakeBackHalfLine();
      return progress;
    }
    if (owes_newline_) {
      owes_newline_ = false;
      continue;
    }
    NoteWritten(rest.substr(0, written));
    progress.written += written;
  }
  return progress;
}

bool LogFile::SameAs(const LogFile& other) const {
  return device_ == other.device_ && inode_ == other.inode_;
}

size_t LogFile::NextChunk(std::string_view lines) const {
  if (regular_) return lines.size();
  // An inherited descriptor is shared with other processes, so it cannot be made non-blocking. But
  // a pipe that poll() calls writable has room for PIPE_BUF bytes; that many are also written in
  // one piece, never mixed with what other writers of the pipe say. Whole lines are taken where
  // they fit.
  pollfd ready = {descriptor_, POLLOUT, 0};
  if (poll(&ready, 1, 0) <= 0) return 0;
  if (lines.size() <= PIPE_BUF) return lines.size();
  const size_t last_end = lines.substr(0, PIPE_BUF).rfind('\n');
  return last_end == lines.npos ? PIPE_BUF : last_end + 1;
}

void LogFile::NoteWritten(std::string_view part) {
  const size_t last_end = part.rfind('\n');
  half_line_ = last_end == part.npos ? half_line_ + part.size() : part.size() - last_end - 1;
}

void LogFile::TakeBackHalfLine() {
  if (half_line_ == 0) return;
  const auto half = static_cast<off_t>(std::exchange(half_line_, 0));
  // Only where our bytes are still the last of the file: another process may append to it too.
  struct stat status = {};
  const off_t end = lseek(descriptor_, 0, SEEK_CUR);
  const bool last = regular_ && origin_ == Origin::kNamed && fstat(descriptor_, &status) == 0 &&
                    end >= half && status.st_size == end;
  owes_newline_ = !last || ftruncate(descriptor_, end - half) != 0;
}

}  // namespace culvert::access_log
