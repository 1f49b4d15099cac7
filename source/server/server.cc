#include "source/server/server.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

#include "source/base/duration.h"
#include "source/base/log.h"
#include "source/base/status.h"
#include "source/net/stream_io.h"
#include "source/server/listening_socket.h"

namespace culvert::server {

using google::protobuf::util::MessageDifferencer;
using net::Task;
using net::Wait;

namespace {

constexpr Duration kFileCheckInterval = std::chrono::seconds(1);
constexpr Duration kDefaultDrainTimeout = std::chrono::seconds(30);
constexpr std::chrono::milliseconds kLogFlushTimeout{2000};
// A descriptor for each side of a connection, and some for the process itself.
constexpr uint32_t kDescriptorsPerConnection = 2;
constexpr uint32_t kDescriptorsOfProcess = 256;

// Connections need descriptors: take all that the system gives us.
uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit wanted = limit;
    wanted.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_cur;
}

void PrintErrors(const std::vector<config::ConfigError>& errors) {
  std::fputs(config::ToString(errors).c_str(), stderr);
}

// The config of the listener on that address, or null.
const config::v1::Listener* FindListener(const Snapshot& snapshot,
                                         const net::SocketAddress& address) {
  const auto found = std::ranges::find_if(
      snapshot.listeners,
      [&](const ListenerSnapshotPtr& listener) { return listener->address == address; });
  if (found == snapshot.listeners.end()) return nullptr;
  return &snapshot.config.listeners(static_cast<int>(found - snapshot.listeners.begin()));
}

// Whether all that listeners refer to is the same.
bool SameButListeners(config::v1::Config a, config::v1::Config b) {
  a.clear_listeners();
  b.clear_listeners();
  return MessageDifferencer::Equals(a, b);
}

uint32_t WorkersOf(const config::v1::Config& config, std::optional<uint32_t> option) {
  const uint32_t workers = option.value_or(config.process().workers());
  return workers != 0 ? workers : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Server::~Server() = default;

int Server::Run() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  // Before any thread exists: all of them inherit it, and signals come by the descriptor alone.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // splice has no flag against it
  net::Fd signal_fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!StartUp()) return 1;
  net::Spawn(scope_, WatchSignals(std::move(signal_fd)), [] {});
  net::Spawn(scope_, WatchFiles(), [] {});
  loop_.Run();
  ShutDown();
  return 0;
}

bool Server::StartUp() {
  const uint64_t descriptors = RaiseDescriptorLimit();
  // The number of workers shapes the counters, so it is read before the rest is built.
  const config::LoadResult first = config::LoadConfigFile(options_.config_file, {filters_.Names()});
  const uint32_t workers = first.errors.empty() ? WorkersOf(first.config, options_.workers) : 1;
  auto process = Process::Create(filters_, workers);
  if (!process.ok()) {
    log::Error("{}", Message(process.status()));
    return false;
  }
  process_ = *std::move(process);
  LoadedConfig loaded = process_->Load(options_.config_file);
  if (loaded.snapshot == nullptr) {
    PrintErrors(loaded.errors);
    return false;
  }
  const uint32_t by_descriptors = static_cast<uint32_t>(
      (std::max<uint64_t>(descriptors, kDescriptorsOfProcess * 2) - kDescriptorsOfProcess) /
      kDescriptorsPerConnection);
  const uint32_t configured = loaded.snapshot->config.process().max_connections();
  process_->services().connections.set_limit(configured);
  if (configured > by_descriptors) {
    log::Warning(
        "process.max_connections is {}, but {} file descriptors are enough for about {}; raise the "
        "limit "
        "(ulimit -n)",
        configured, descriptors, by_descriptors);
  }
  std::vector<FieldError> none;  // Load has checked it
  const net::ResolverOptions resolver =
      ResolverOptionsOf(loaded.snapshot->config.process().resolver(), none);
  for (uint32_t i = 0; i < workers; ++i) {
    auto worker = Worker::Create(i, resolver, process_->stats());
    if (!worker.ok()) {
      log::Error("{}", Message(worker.status()));
      return false;
    }
    workers_.push_back(*std::move(worker));
  }
  if (!Apply(std::move(loaded.snapshot))) {
    workers_.clear();
    return false;
  }
  for (auto& worker : workers_) worker->Start();
  const config::v1::Node& node = snapshot_->config.process().node();
  process_->stats()
      .GetGauge("culvert_node_info", {{"id", node.id()}, {"cluster", node.cluster()}},
                "Always 1; the labels say which node.")
      .SetShared(1);
  log::Info("culvert is ready with {} worker{}", workers, workers == 1 ? "" : "s");
  return true;
}

bool Server::Apply(SnapshotPtr snapshot) {
  const bool same_surroundings =
      snapshot_ != nullptr && SameButListeners(snapshot_->config, snapshot->config);
  std::vector<std::vector<WorkerListener>> parts(workers_.size());
  std::vector<const ListenerSnapshot*> added;
  for (size_t index = 0; index < snapshot->listeners.size(); ++index) {
    const ListenerSnapshotPtr& listener = snapshot->listeners[index];
    const config::v1::Listener* before =
        snapshot_ != nullptr ? FindListener(*snapshot_, listener->address) : nullptr;
    const bool unchanged =
        same_surroundings && before != nullptr &&
        MessageDifferencer::Equals(*before, snapshot->config.listeners(static_cast<int>(index)));
    std::vector<net::Fd> sockets(workers_.size());
    if (before == nullptr) {
      auto opened = OpenListeningSockets(listener->address, listener->backlog,
                                         static_cast<uint32_t>(workers_.size()));
      if (!opened.ok()) {
        log::Error("listener {}: {}", listener->name, Message(opened.status()));
        return false;
      }
      sockets = *std::move(opened);
      added.push_back(listener.get());
    }
    for (size_t i = 0; i < workers_.size(); ++i)
      parts[i].push_back({listener, std::move(sockets[i]), unchanged});
  }
  for (int i = 0; i < snapshot->config.listeners_size(); ++i) {
    const config::v1::Listener& listener = snapshot->config.listeners(i);
    snapshot->listeners[i]->limits->Configure(listener.max_connections(),
                                              listener.max_connections_per_source());
  }
  for (size_t i = 0; i < workers_.size(); ++i) workers_[i]->Apply(std::move(parts[i]));
  for (const ListenerSnapshot* listener : added) {
    log::Info("listener {} on {}", listener->name, listener->address.ToString());
    if (listener->address.is_unix()) unix_paths_.push_back(listener->address.unix_path());
  }
  // The path of a listener that has gone may be another process's by the time that this one ends.
  std::erase_if(unix_paths_, [&](const std::string& path) {
    const bool gone =
        std::ranges::none_of(snapshot->listeners, [&](const ListenerSnapshotPtr& listener) {
          return listener->address.is_unix() && listener->address.unix_path() == path;
        });
    if (gone) unlink(path.c_str());
    return gone;
  });
  snapshot_ = std::move(snapshot);
  return true;
}

void Server::CountReload(std::string_view what, bool ok) {
  process_->stats()
      .GetCounter("culvert_reloads_total",
                  {{"what", std::string(what)}, {"result", ok ? "done" : "refused"}},
                  "Times that the config, or the users of a file, were read again.")
      .AddShared();
}

void Server::Reload() { CountReload("config", TryReload()); }

bool Server::TryReload() {
  LoadedConfig loaded = process_->Load(options_.config_file);
  if (loaded.snapshot == nullptr) {
    PrintErrors(loaded.errors);
    log::Error("{}: {} error{}; the running config stays", options_.config_file,
               loaded.errors.size(), loaded.errors.size() == 1 ? "" : "s");
    return false;
  }
  if (!MessageDifferencer::Equals(loaded.snapshot->config.process(), snapshot_->config.process())) {
    log::Error(
        "{}: process: cannot change while running; restart for it, or undo the change; the running "
        "config stays",
        options_.config_file);
    return false;
  }
  if (!Apply(std::move(loaded.snapshot))) return false;
  log::Info("{}: loaded again", options_.config_file);
  return true;
}

void Server::OnSignal(int signal) {
  switch (signal) {
    case SIGHUP:
      if (!draining_) Reload();
      break;
    case SIGUSR1:
      process_->logs().Reopen();
      log::Info("access logs are being opened again");
      break;
    default:
      if (draining_) {
        Close();
      } else {
        Drain();
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

// Files of users are small and change seldom: looking at them once a second is cheap and needs no
// inotify limits.
Task<void> Server::WatchFiles() {
  while (true) {
    const net::WaitOutcome outcome = co_await net::SleepUntil(loop_.now() + kFileCheckInterval);
    if (outcome == net::WaitOutcome::kCancelled) co_return;
    for (const auto& [name, provider] : snapshot_->identity_providers) {
      const auto changed = provider->ReloadIfChanged();
      if (!changed.ok() || *changed) CountReload("identity_provider", changed.ok());
      if (!changed.ok()) {
        log::Warning("identity provider {}: {}; the users from before stay", name,
                     Message(changed.status()));
      } else if (*changed) {
        log::Info("identity provider {}: users were read again", name);
      }
    }
  }
}

void Server::Drain() {
  draining_ = true;
  const config::v1::Process& process = snapshot_->config.process();
  const Duration timeout =
      DurationOr(process.has_drain_timeout(), process.drain_timeout(), kDefaultDrainTimeout);
  uint32_t open = 0;
  for (auto& worker : workers_) open += worker->connections();
  log::Info("draining: {} connection{} open, for {} s at most", open, open == 1 ? "" : "s",
            std::chrono::duration_cast<std::chrono::seconds>(timeout).count());
  for (auto& worker : workers_) worker->Drain(loop_, [this] { OnWorkerIdle(); });
  net::Spawn(scope_, EndDrain(timeout), [] {});
}

Task<void> Server::EndDrain(Duration timeout) {
  const net::WaitOutcome outcome = co_await net::SleepUntil(After(loop_.now(), timeout));
  if (outcome == net::WaitOutcome::kTimedOut) Close();
}

void Server::Close() {
  if (std::exchange(closing_, true)) return;
  uint32_t open = 0;
  for (auto& worker : workers_) open += worker->connections();
  if (open > 0)
    log::Warning("closing {} connection{} that did not end in time", open, open == 1 ? "" : "s");
  for (auto& worker : workers_) worker->CloseAll(net::CancelReason::kShutdown);
}

void Server::OnWorkerIdle() {
  if (++idle_workers_ < workers_.size()) return;
  scope_.Cancel(net::CancelReason::kShutdown);
  loop_.Stop();
}

void Server::ShutDown() {
  // Lets the coroutines of this thread end.
  loop_.RunOnce(Clock::now());
  for (auto& worker : workers_) worker->Stop();
  snapshot_.reset();
  // Its threads post to the workers' loops: they end before those are gone.
  process_->services().verifier.reset();
  workers_.clear();
  process_->logs().Stop(kLogFlushTimeout);
  for (const std::string& path : unix_paths_) unlink(path.c_str());
  log::Info("stopped");
}

}  // namespace culvert::server
