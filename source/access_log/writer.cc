#include "source/access_log/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "source/base/status.h"

namespace culvert::access_log {
namespace {

// Room for lines up to here is set aside at once, so that appending does not allocate; pages that
// are never touched cost nothing.
constexpr size_t kReserved = 1 << 20;

uint64_t CountLines(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

FileWriter::FileWriter(std::string filename, LogFile file, size_t limit,
                       std::shared_ptr<Waker> waker, stats::Registry& registry, Reporter report)
    : filename_(std::move(filename)),
      waker_(std::move(waker)),
      counters_{
          registry.GetCounter("culvert_access_log_lines_written_total", {{"file", filename_}},
                              "Access-log lines written."),
          registry.GetCounter("culvert_access_log_written_bytes_total", {{"file", filename_}},
                              "Bytes of access-log lines written."),
          registry.GetCounter("culvert_access_log_lines_dropped_total",
                              {{"file", filename_}, {"reason", "buffer_full"}},
                              "Access-log lines lost."),
          registry.GetCounter("culvert_access_log_lines_dropped_total",
                              {{"file", filename_}, {"reason", "write_failed"}},
                              "Access-log lines lost."),
      },
      report_(std::move(report)),
      limit_(limit),
      file_(std::move(file)) {
  pending_.reserve(std::min(limit, kReserved));
  batch_.reserve(std::min(limit, kReserved));
}

bool FileWriter::Append(std::string_view line) {
  bool was_empty = false;
  bool now_half_full = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || pending_.size() + in_flight_ + line.size() > limit_) {
      (closed_ ? counters_.lines_dropped_failed : counters_.lines_dropped_full).AddShared();
      return false;
    }
    const size_t before = pending_.size();
    pending_ += line;
    was_empty = before == 0;
    now_half_full = before < limit_ / 2 && pending_.size() >= limit_ / 2;
  }
  // Between these two the thread has been told already.
  if (now_half_full) {
    waker_->Wake(Waker::Urgency::kNow);
  } else if (was_empty) {
    waker_->Wake(Waker::Urgency::kSoon);
  }
  return true;
}

void FileWriter::RaiseLimit(size_t limit) {
  const std::lock_guard lock(mutex_);
  limit_ = std::max(limit_, limit);
}

FileWriter::Result FileWriter::Flush() {
  if (WriteBatch() == Result::kMustWait) return Result::kMustWait;
  TakeBatch();
  return WriteBatch();
}

void FileWriter::Reopen() {
  absl::StatusOr<LogFile> opened = LogFile::Open(filename_);
  if (!opened.ok()) {
    report_(fmt::format("access log: {}; the file that was open stays in use",
                        Message(opened.status())));
    return;
  }
  if (opened->SameAs(file_)) return;
  SkipHalfLine();
  file_ = std::move(*opened);
}

void FileWriter::Close() {
  DropBatch();
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    std::swap(batch_, pending_);
  }
  DropBatch();
  if (lines_lost_ == 0) return;
  report_(fmt::format("access log '{}': closed; lines lost: {}", filename_, lines_lost_));
}

void FileWriter::TakeBatch() {
  const std::lock_guard lock(mutex_);
  std::swap(batch_, pending_);
  in_flight_ = batch_.size();
}

FileWriter::Result FileWriter::WriteBatch() {
  const std::string_view rest = std::string_view(batch_).substr(batch_written_);
  if (rest.empty()) return Result::kDone;
  const LogFile::Progress progress = file_.Write(rest);
  batch_written_ += progress.written;
  counters_.bytes_written.AddShared(progress.written);
  counters_.lines_written.AddShared(CountLines(rest.substr(0, progress.written)));
  if (progress.error == EAGAIN) {
    SetInFlight(batch_.size() - batch_written_);
    return Result::kMustWait;
  }
  if (progress.error != 0) {
    NoteFailure(progress.error);
  } else {
    NoteSuccess();
  }
  DropBatch();
  return Result::kDone;
}

void FileWriter::DropBatch() {
  const uint64_t lines = CountLines(std::string_view(batch_).substr(batch_written_));
  counters_.lines_dropped_failed.AddShared(lines);
  lines_lost_ += lines;
  batch_.clear();
  batch_written_ = 0;
  SetInFlight(0);
}

void FileWriter::SkipHalfLine() {
  // Only a pipe that is full can have stopped inside a line; its rest means nothing in another
  // file.
  if (batch_written_ == 0 || batch_[batch_written_ - 1] == '\n') return;
  batch_written_ = batch_.find('\n', batch_written_) + 1;
  counters_.lines_dropped_failed.AddShared();
  ++lines_lost_;
}

void FileWriter::SetInFlight(size_t bytes) {
  const std::lock_guard lock(mutex_);
  in_flight_ = bytes;
}

void FileWriter::NoteFailure(int error) {
  if (std::exchange(failing_, true)) return;
  report_(fmt::format("access log '{}': {}; lines are lost until it can be written again",
                      filename_, std::strerror(error)));
}

void FileWriter::NoteSuccess() {
  if (!std::exchange(failing_, false)) return;
  report_(fmt::format("access log '{}': written again; lines lost: {}", filename_,
                      std::exchange(lines_lost_, 0)));
}

}  // namespace culvert::access_log
