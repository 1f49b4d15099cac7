#include "source/access_log/log_thread.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "source/base/status.h"

namespace culvert::access_log {
namespace {

using Clock = std::chrono::steady_clock;

// For poll(2): rounded up, so that nothing is tried a moment too early; -1 for a moment that never
// comes.
int MillisecondsUntil(Clock::time_point when) {
  if (when == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

// While it lives threads start with signals blocked: SIGPIPE becomes EPIPE, SIGTERM and the like go
// to the main thread. Faults stay as they are.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogThread>> LogThread::Start(stats::Registry& registry,
                                                            Reporter report,
                                                            LogThreadOptions options) {
  std::unique_ptr<LogThread> log(new LogThread(registry, std::move(report), options));
  if (log->waker_->descriptor() < 0) {
    return Unavailable(fmt::format("access log: eventfd: {}", std::strerror(errno)));
  }
  const SignalsBlocked blocked;
  try {
    log->thread_ = std::thread(&LogThread::Run, log.get());
  } catch (const std::system_error& error) {
    return Unavailable(fmt::format("access log: no thread: {}", error.what()));
  }
  pthread_setname_np(log->thread_.native_handle(), "culvert-log");
  return log;
}

LogThread::LogThread(stats::Registry& registry, Reporter report, LogThreadOptions options)
    : registry_(registry), report_(std::move(report)), options_(options) {
  polled_.push_back({waker_->descriptor(), POLLIN, 0});
}

LogThread::~LogThread() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::shared_ptr<FileWriter>> LogThread::Open(const std::string& filename,
                                                            size_t buffer_size) {
  const std::lock_guard lock(mutex_);
  if (ended_) return FailedPrecondition("access log: the log thread has ended");
  const auto found = files_.find(filename);
  if (found != files_.end()) {
    File& file = found->second;
    file.writer->RaiseLimit(buffer_size);
    if (std::shared_ptr<FileWriter> handle = file.handle.lock()) return handle;
    file.give_up_at = Clock::time_point::max();
    return NewHandle(file);
  }
  absl::StatusOr<LogFile> opened = LogFile::Open(filename);
  if (!opened.ok()) return opened.status();
  File& file = files_[filename];
  file.writer.reset(
      new FileWriter(filename, std::move(*opened), buffer_size, waker_, registry_, report_));
  return NewHandle(file);
}

std::shared_ptr<FileWriter> LogThread::NewHandle(File& file) {
  // The thread finds the handle expired and closes the file once its lines are written.
  std::shared_ptr<FileWriter> handle(
      file.writer.get(),
      [writer = file.writer, waker = waker_](FileWriter*) { waker->Wake(Waker::Urgency::kNow); });
  file.handle = handle;
  return handle;
}

void LogThread::Reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
  }
  waker_->Wake(Waker::Urgency::kNow);
}

bool LogThread::Flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const uint64_t ticket = ++flushes_asked_;
  waker_->Wake(Waker::Urgency::kNow);
  flushed_.wait_for(lock, timeout, [&] { return ended_ || flushes_done_ >= ticket; });
  return flushes_done_ >= ticket;
}

void LogThread::Stop(std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    stop_at_ = std::min(stop_at_, Clock::now() + timeout);
  }
  waker_->Wake(Waker::Urgency::kNow);
  if (thread_.joinable()) thread_.join();
}

void LogThread::Run() {
  while (true) {
    WaitForWork();
    Round round = BeginRound();
    WriteFiles(round);
    if (!EndRound(round)) return;
  }
}

void LogThread::WaitForWork() {
  const int ready = poll(polled_.data(), polled_.size(), MillisecondsUntil(wake_at_));
  bool urgent = waker_->Drain();
  const bool only_waker = ready == 1 && polled_[0].revents != 0;
  if (!only_waker) return;
  // Lines have come. A moment's patience, and one wake-up and one write serve many of them.
  const auto flush_at = std::min(wake_at_, Clock::now() + options_.flush_interval);
  while (!urgent && Clock::now() < flush_at) {
    poll(polled_.data(), 1, MillisecondsUntil(flush_at));
    urgent = waker_->Drain();
  }
}

LogThread::Round LogThread::BeginRound() {
  const std::lock_guard lock(mutex_);
  Round round;
  round.reopen = std::exchange(reopen_, false);
  round.flush_ticket = flushes_asked_;
  round.stop_at = stop_at_;
  for (auto& [name, file] : files_) {
    if (file.handle.expired() && file.give_up_at == Clock::time_point::max()) {
      file.give_up_at = Clock::now() + options_.close_timeout;
    }
    round.tasks.push_back({file.writer, file.give_up_at});
  }
  return round;
}

void LogThread::WriteFiles(Round& round) {
  polled_.resize(1);
  wake_at_ = Clock::time_point::max();
  for (Task& task : round.tasks) {
    FileWriter::Result result = task.writer->Flush();
    if (round.reopen) {
      task.writer->Reopen();
      result = task.writer->Flush();
    }
    task.must_wait = result == FileWriter::Result::kMustWait;
    if (!task.must_wait) continue;
    polled_.push_back({task.writer->descriptor(), POLLOUT, 0});
    wake_at_ = std::min({wake_at_, task.give_up_at, round.stop_at});
  }
}

bool LogThread::EndRound(const Round& round) {
  CloseUnused(round);
  const bool all_written = polled_.size() == 1;
  const bool stop =
      round.stop_at != Clock::time_point::max() && (all_written || Clock::now() >= round.stop_at);
  if (stop) CloseAll();
  const std::lock_guard lock(mutex_);
  if (all_written) flushes_done_ = round.flush_ticket;
  flushed_.notify_all();
  return !stop;
}

void LogThread::CloseUnused(const Round& round) {
  for (const Task& task : round.tasks) {
    if (task.must_wait ? Clock::now() < task.give_up_at
                       : task.give_up_at == Clock::time_point::max()) {
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      const auto found = files_.find(task.writer->filename());
      // Opened again since the round began: lines may have come.
      if (found->second.give_up_at == Clock::time_point::max()) continue;
      files_.erase(found);
    }
    task.writer->Close();
  }
}

void LogThread::CloseAll() {
  std::map<std::string, File> files;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    files.swap(files_);
  }
  for (auto& [name, file] : files) file.writer->Close();
}

}  // namespace culvert::access_log
