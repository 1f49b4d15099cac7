// The way of a line into one log file: a bounded buffer that workers append to, and a log thread
// that empties it. Made and shared out by LogThread::Open(); whoever logs keeps the shared_ptr. A
// full disk or a stuck reader costs lines, which are counted, and never makes a worker wait.
#ifndef CULVERT_SOURCE_ACCESS_LOG_WRITER_H_
#define CULVERT_SOURCE_ACCESS_LOG_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "source/access_log/log_file.h"
#include "source/access_log/waker.h"
#include "source/stats/registry.h"

namespace culvert::access_log {

// Says in words that a file fails, and that it works again; on the log thread.
using Reporter = std::function<void(std::string_view message)>;

class FileWriter {
 public:
  // `line` is whole, with its newline. Any thread; never waits for a file. False: dropped and
  // counted.
  bool Append(std::string_view line);

  const std::string& filename() const { return filename_; }

 private:
  friend class LogThread;

  struct Counters {
    stats::Counter& lines_written;
    stats::Counter& bytes_written;
    stats::Counter& lines_dropped_full;
    stats::Counter& lines_dropped_failed;
  };
  enum class Result { kDone, kMustWait };

  FileWriter(std::string filename, LogFile file, size_t limit, std::shared_ptr<Waker> waker,
             stats::Registry& registry, Reporter report);

  // A file that several listeners name has the largest of their buffers.
  void RaiseLimit(size_t limit);

  // What follows runs on the log thread. Writes the lines that wait, or as many as go without
  // waiting. Lines that are appended meanwhile may be left: they have woken the thread anew.
  Result Flush();
  // Opens the file by its name again; keeps the old one, and says so, when that fails.
  void Reopen();
  // Drops and counts what is left; Append() takes nothing more.
  void Close();
  int descriptor() const { return file_.descriptor(); }

  void TakeBatch();
  Result WriteBatch();
  // Drops and counts what is left of the batch.
  void DropBatch();
  void SkipHalfLine();
  void SetInFlight(size_t bytes);
  void NoteFailure(int error);
  void NoteSuccess();

  const std::string filename_;
  const std::shared_ptr<Waker> waker_;
  const Counters counters_;
  const Reporter report_;

  // Held for a copy of one line or a swap.
  std::mutex mutex_;
  std::string pending_;
  size_t in_flight_ = 0;  // bytes of batch_ not yet written: they count against the limit too
  size_t limit_ = 0;
  bool closed_ = false;

  // Log thread only.
  LogFile file_;
  std::string batch_;
  size_t batch_written_ = 0;
  bool failing_ = false;
  uint64_t lines_lost_ = 0;  // since it began to fail
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_WRITER_H_
