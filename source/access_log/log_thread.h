// The one thread that writes all access logs of the process. Owned by main(); the registry that it
// counts in must outlive it and every file it opened. All methods may be called on any thread.
#ifndef CULVERT_SOURCE_ACCESS_LOG_LOG_THREAD_H_
#define CULVERT_SOURCE_ACCESS_LOG_LOG_THREAD_H_

#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "source/access_log/waker.h"
#include "source/access_log/writer.h"
#include "source/stats/registry.h"

namespace culvert::access_log {

struct LogThreadOptions {
  // How long lines gather before they are written; a buffer that is half full is written at once.
  std::chrono::milliseconds flush_interval{100};
  // How long a file that nobody uses any more may take to be written before what is left is
  // dropped.
  std::chrono::milliseconds close_timeout{5000};
};

class LogThread {
 public:
  // Fails when the process is out of descriptors or threads. `report` runs on the log thread.
  static absl::StatusOr<std::unique_ptr<LogThread>> Start(stats::Registry& registry,
                                                          Reporter report,
                                                          LogThreadOptions options = {});
  // Stops without waiting for files that would make it wait.
  ~LogThread();

  // Opens a file, or shares it when it is open by that name; `buffer_size` bounds the bytes of the
  // lines that wait, and the largest one asked for holds. Whoever logs keeps the pointer; when the
  // last is gone the file is flushed and closed.
  absl::StatusOr<std::shared_ptr<FileWriter>> Open(const std::string& filename, size_t buffer_size);

  // Opens all files by name again, for logrotate. Returns at once; lines appended before still go
  // to the old files.
  void Reopen();

  // Waits until what was appended and asked for so far is done. False: not within `timeout`.
  bool Flush(std::chrono::milliseconds timeout);

  // Writes what waits, for at most `timeout`, drops the rest, closes the files and ends the thread.
  void Stop(std::chrono::milliseconds timeout);

 private:
  using Clock = std::chrono::steady_clock;

  struct File {
    std::shared_ptr<FileWriter> writer;
    // What users share. Expired: no more lines come.
    std::weak_ptr<FileWriter> handle;
    // When to close an expired one whatever is left; max(): it is in use.
    Clock::time_point give_up_at = Clock::time_point::max();
  };

  // What the thread has to do before it waits again.
  struct Task {
    std::shared_ptr<FileWriter> writer;
    Clock::time_point give_up_at;
    bool must_wait = false;
  };
  struct Round {
    std::vector<Task> tasks;
    bool reopen = false;
    uint64_t flush_ticket = 0;
    Clock::time_point stop_at = Clock::time_point::max();
  };

  LogThread(stats::Registry& registry, Reporter report, LogThreadOptions options);

  std::shared_ptr<FileWriter> NewHandle(File& file);

  // On the log thread.
  void Run();
  void WaitForWork();
  Round BeginRound();
  void WriteFiles(Round& round);
  // False: the thread is to end.
  bool EndRound(const Round& round);
  void CloseUnused(const Round& round);
  void CloseAll();

  stats::Registry& registry_;
  const Reporter report_;
  const LogThreadOptions options_;
  const std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();

  std::mutex mutex_;
  std::condition_variable flushed_;
  std::map<std::string, File> files_;
  bool reopen_ = false;
  bool ended_ = false;
  uint64_t flushes_asked_ = 0;
  uint64_t flushes_done_ = 0;
  Clock::time_point stop_at_ = Clock::time_point::max();

  // Log thread only: the waker and the files that make us wait, and when to stop waiting for them.
  std::vector<pollfd> polled_;
  Clock::time_point wake_at_ = Clock::time_point::max();

  std::thread thread_;
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_LOG_THREAD_H_
