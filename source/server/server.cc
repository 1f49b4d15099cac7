#include "source/server/server.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include "source/base/duration.h"
#include "source/base/log.h"
#include "source/base/status.h"
#include "source/net/stream_io.h"

namespace culvert::server {

using net::Task;
using net::Wait;

namespace {

constexpr Duration kFileCheckInterval = std::chrono::seconds(1);
constexpr Duration kDefaultDrainTimeout = std::chrono::seconds(30);
constexpr Duration kShutdownGrace = std::chrono::milliseconds(200);
constexpr Duration kFarewellTimeout = std::chrono::seconds(2);
constexpr std::chrono::milliseconds kLogFlushTimeout{2000};

std::string_view PluralEnd(size_t count) { return count == 1 ? "" : "s"; }

void LogRefusal(const std::string& file, const ApplyOutcome& outcome) {
  std::string why = outcome.message;
  if (outcome.kind == ApplyOutcome::Kind::kInvalid) {
    std::fputs(config::ToString(outcome.errors).c_str(), stderr);
    why = fmt::format("{} error{}", outcome.errors.size(), PluralEnd(outcome.errors.size()));
  } else if (outcome.kind == ApplyOutcome::Kind::kNeedsRestart) {
    why = fmt::format("a change of {} needs a restart; restart for it, or undo the change",
                      fmt::join(outcome.restart_fields, ", "));
  }
  log::Error(log::kConfig, "{}: {}; the running config stays", file, why);
}

}  // namespace

Server::~Server() = default;

int Server::Run() {
  // Both before any thread exists: the environment is no place for threads, and all of them inherit
  // the blocked signals, which come by the descriptor alone.
  auto activated = TakeActivationSockets(TakeActivationEnvironment());
  if (!activated.ok()) {
    log::Error("{}", Message(activated.status()));
    return 1;
  }
  activation_sockets_ = *std::move(activated);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // splice has no flag against it
  net::Fd signal_fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  const bool started = StartUp();
  initial_.reset();
  if (started) {
    net::Spawn(scope_, WatchSignals(std::move(signal_fd)), [] {});
    net::Spawn(scope_, WatchFiles(), [] {});
    loop_.Run();
  }
  ShutDown();
  return started ? 0 : 1;
}

absl::Status Server::Swap(SnapshotPtr snapshot) {
  return workers_->Swap(configs_->snapshot(), snapshot, nullptr);
}

void Server::CountReload(std::string_view what, bool ok) {
  stats()
      .GetCounter("culvert_reloads_total",
                  {{"what", std::string(what)}, {"result", ok ? "done" : "refused"}},
                  "Times that the config, or the users of a file, were read again.")
      .AddShared();
}

void Server::Reload() {
  const std::string& file = options_.config_file;
  service_manager_.Reloading();
  const ApplyOutcome outcome = configs_->ApplyFile(file);
  const bool ok = outcome.kind == ApplyOutcome::Kind::kApplied ||
                  outcome.kind == ApplyOutcome::Kind::kUnchanged;
  CountReload("config", ok);
  if (ok) {
    log::Info(log::kConfig, "{}: loaded again; version {} runs", file, outcome.version->number);
  } else {
    LogRefusal(file, outcome);
  }
  service_manager_.Ready();
}

void Server::OnSignal(int signal) {
  switch (signal) {
    case SIGHUP:
      if (!draining_) Reload();
      break;
    case SIGUSR1:
      ReopenLogs();
      break;
    case SIGUSR2:
      if (!draining_) StartSuccessor();
      break;
    default:
      if (draining_) {
        Close();
      } else {
        Drain(std::nullopt);
      }
  }
}

Task<void> Server::WatchSignals(net::Fd fd) {
  net::FdEvents events;
  loop_.Watch(fd.get(), events);
  while (true) {
    signalfd_siginfo info;
    if (read(fd.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      OnSignal(static_cast<int>(info.ssi_signo));
      continue;
    }
    events.readable.Clear();
    const net::WaitOutcome outcome = co_await Wait(kNever, &events.readable);
    if (outcome == net::WaitOutcome::kCancelled) co_return;
  }
}

// Files of users and certificates change seldom: looking at them once a second is cheap and needs
// no inotify limits.
Task<void> Server::WatchFiles() {
  while (true) {
    const net::WaitOutcome outcome = co_await net::SleepUntil(loop_.now() + kFileCheckInterval);
    if (outcome == net::WaitOutcome::kCancelled) co_return;
    // What many changes in a row leave in the heap goes back to the system.
    if (workers_->SweepRetired() > 0) malloc_trim(0);
    ReadUsersAgain();
    if (!draining_) configs_->RefreshFiles();
    ReportStatus();
  }
}

void Server::ReadUsersAgain() {
  for (const auto& [name, provider] : snapshot()->identity_providers) {
    const auto changed = provider->ReloadIfChanged();
    if (!changed.ok() || *changed) CountReload("identity_provider", changed.ok());
    if (!changed.ok()) {
      log::Warning(log::kIdentity, "identity provider {}: {}; the users from before stay", name,
                   Message(changed.status()));
    } else if (*changed) {
      log::Info(log::kIdentity, "identity provider {}: users were read again", name);
    }
  }
}

// For `systemctl status`.
void Server::ReportStatus() {
  const uint32_t open = workers_->connections();
  std::string status =
      fmt::format("{}, {} connection{}, config version {}", draining_ ? "draining" : "serving",
                  open, PluralEnd(open), configs_->running()->number);
  if (status == reported_status_) return;
  service_manager_.SetStatus(status);
  reported_status_ = std::move(status);
}

void Server::ReopenLogs() {
  process_->logs().Reopen();
  log::Info(log::kAccessLog, "access logs are being opened again");
}

ServerInfo Server::info() const {
  const config::v1::Node& node = configs_->snapshot()->config.process().node();
  return {.draining = draining_,
          .workers = worker_count_,
          .connections = workers_->connections(),
          .start = start_,
          .config_version = configs_->running()->number,
          .node_id = node.id(),
          .node_cluster = node.cluster()};
}

void Server::Drain(std::optional<Duration> timeout) {
  if (draining_) return;
  service_manager_.Stopping();
  if (offer_ != nullptr) offer_->Stop();
  BeginDrain(LateRequests::kRefused, timeout);
}

void Server::BeginDrain(LateRequests late_requests, std::optional<Duration> timeout) {
  draining_ = true;
  if (admin_api_ != nullptr) admin_api_->SetServing(false);
  configs_->Close("the process is draining");
  const config::v1::Process& process = snapshot()->config.process();
  const Duration limit = timeout.value_or(
      DurationOr(process.has_drain_timeout(), process.drain_timeout(), kDefaultDrainTimeout));
  const uint32_t open = workers_->connections();
  log::Info("draining: {} connection{} open, for {} s at most", open, PluralEnd(open),
            std::chrono::duration_cast<std::chrono::seconds>(limit).count());
  workers_->Drain(loop_, late_requests, [this] {
    workers_idle_ = true;
    EndIfIdle();
  });
  net::Spawn(scope_, EndDrain(limit), [] {});
}

Task<void> Server::EndDrain(Duration timeout) {
  const net::WaitOutcome outcome = co_await net::SleepUntil(After(loop_.now(), timeout));
  if (outcome == net::WaitOutcome::kTimedOut) Close();
}

void Server::Shutdown() {
  if (draining_) {
    net::Spawn(scope_, EndDrain(kShutdownGrace), [] {});
  } else {
    Drain(kShutdownGrace);
  }
}

void Server::Close() {
  if (std::exchange(closing_, true)) return;
  const uint32_t open = workers_->connections();
  if (open > 0)
    log::Warning("closing {} connection{} that did not end in time", open, PluralEnd(open));
  workers_->CloseAll(net::CancelReason::kShutdown);
  EndIfIdle();
}

void Server::EndIfIdle() {
  // The process before this one may still count what is to be passed on to the one after it; and a
  // service manager ends what is left of a service when its main process has ended.
  const bool waits_for_predecessor =
      !closing_ && predecessor_ != nullptr && !predecessor_->predecessor_gone();
  if (workers_idle_ && !waits_for_predecessor) loop_.Stop();
}

void Server::ShutDown() {
  // Who waits for an answer of this thread is let go.
  control_.Close();
  scope_.Cancel(net::CancelReason::kShutdown);
  // Lets the coroutines of this thread end.
  loop_.RunOnce(Clock::now());
  if (admin_api_ != nullptr) admin_api_->Stop();
  if (workers_ != nullptr) workers_->Stop();
  if (offer_ != nullptr) offer_->Finish(Clock::now() + kFarewellTimeout);
  offer_.reset();
  predecessor_.reset();
  admin_listener_.reset();
  configs_.reset();
  if (process_ != nullptr) {
    // Its threads post to the workers' loops: they end before those are gone.
    process_->services().verifier.reset();
    workers_.reset();
    process_->logs().Stop(kLogFlushTimeout);
    if (draining_) log::Info("stopped");
  }
}

}  // namespace culvert::server
