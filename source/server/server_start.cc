// How a server starts, and how it hands over to the next one.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "source/base/log.h"
#include "source/base/status.h"
#include "source/server/server.h"

namespace culvert::server {
namespace {

constexpr std::string_view kTakeOverOption = "--take-over";
constexpr Duration kTakeOverTimeout = std::chrono::seconds(10);
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

uint32_t WorkersOf(const config::v1::Config& config, std::optional<uint32_t> option) {
  const uint32_t workers = option.value_or(config.process().workers());
  return workers != 0 ? workers : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

bool Server::StartUp() {
  const uint64_t descriptors = RaiseDescriptorLimit();
  if (!LoadInitialConfig()) return false;
  auto process = Process::Create(filters_, worker_count_);
  if (!process.ok()) return Fail(Message(process.status()));
  process_ = *std::move(process);
  const config::v1::Process& settings = initial_->loaded.config.process();
  if (options_.make_admin_api) {
    admin_api_ = options_.make_admin_api(control_, settings.admin());
    process_->services().admin_gate = admin_api_.get();
  }
  process_->services().connections.set_limit(settings.max_connections());
  // A state directory has one process: found out before anything else of another one is met.
  if (predecessor_ == nullptr && !WaitForSuccessor()) return false;
  InheritedSockets inherited = TakeInherited();
  if (!BuildInitialConfig(inherited) || !OpenAdminSocket()) return false;
  WarnOfDescriptors(descriptors);
  // What nobody wanted is closed before the predecessor hears of it.
  inherited = InheritedSockets();
  return Begin();
}

bool Server::Fail(std::string_view why) {
  log::Error("{}", why);
  if (predecessor_ != nullptr) predecessor_->GiveUp(why);
  return false;
}

bool Server::LoadInitialConfig() {
  const config::LoadOptions load_options{filters_.Names()};
  config::LoadResult loaded = config::LoadConfigFile(options_.config_file, load_options);
  if (!loaded.ok()) {
    // The build adds what it finds, so that a user sees all of it at once.
    initial_.emplace();
    initial_->loaded = std::move(loaded);
    initial_->version.base_directory = BaseDirectoryOf(options_.config_file);
    return true;
  }
  auto directory = StateDirectoryOf(loaded.config, BaseDirectoryOf(options_.config_file));
  if (!directory.ok()) return Fail(Message(directory.status()));
  state_directory_ = *std::move(directory);
  if (options_.take_over && !AskPredecessor()) return false;
  // Another program takes over, not another config, unless the file was asked for.
  const bool as_before = predecessor_ != nullptr && options_.start_from == StartFrom::kLastApplied;
  const StartFrom start_from = as_before ? StartFrom::kRunning : options_.start_from;
  auto initial = ChooseInitialConfig(std::move(loaded), options_.config_file, state_directory_,
                                     start_from, load_options);
  if (!initial.ok()) return Fail(Message(initial.status()));
  initial_ = *std::move(initial);
  worker_count_ = WorkersOf(initial_->loaded.config, options_.workers);
  return true;
}

bool Server::AskPredecessor() {
  if (state_directory_.empty()) {
    return Fail(
        "--take-over needs process.state_directory: that is where the running process is found");
  }
  auto request = TakeOverRequest::Begin(state_directory_, Clock::now() + kTakeOverTimeout);
  if (absl::IsNotFound(request.status())) {
    log::Info(log::kTakeOver, "{}; starting afresh", Message(request.status()));
    return true;
  }
  if (!request.ok()) return Fail(Message(request.status()));
  predecessor_ = *std::move(request);
  log::Info(log::kTakeOver, "taking over from process {} (culvert {})", predecessor_->state().pid,
            predecessor_->state().program_version);
  return true;
}

InheritedSockets Server::TakeInherited() {
  InheritedSockets inherited;
  for (ActivationSocket& socket : activation_sockets_) {
    inherited.Add(socket.address, std::move(socket.fd), SocketOrigin::kServiceManager);
  }
  activation_sockets_.clear();
  if (predecessor_ == nullptr) return inherited;
  TakeOverState& state = predecessor_->state();
  process_->services().ticket_keys.Import(std::move(state.ticket_keys), Clock::now());
  for (const net::SocketAddress& address : state.listeners.addresses()) {
    InheritedSockets::Entry handed = state.listeners.Take(address);
    for (net::Fd& fd : handed.descriptors) inherited.Add(address, std::move(fd), handed.origin);
  }
  return inherited;
}

bool Server::BuildInitialConfig(InheritedSockets& inherited) {
  LoadedConfig loaded =
      process_->Build(std::move(initial_->loaded), initial_->version.base_directory, nullptr);
  if (loaded.snapshot == nullptr) {
    std::fputs(config::ToString(loaded.errors).c_str(), stderr);
    if (predecessor_ != nullptr) predecessor_->GiveUp("its config is wrong");
    return false;
  }
  for (const config::ConfigError& warning : loaded.warnings) {
    log::Warning(log::kConfig, "{}", config::ToString(warning));
  }
  std::vector<FieldError> none;  // the build has checked it
  auto workers = WorkerPool::Create(
      worker_count_, ResolverOptionsOf(loaded.snapshot->config.process().resolver(), none),
      stats());
  if (!workers.ok()) return Fail(Message(workers.status()));
  workers_ = *std::move(workers);
  if (const absl::Status swapped = workers_->Swap(nullptr, loaded.snapshot, &inherited);
      !swapped.ok()) {
    return Fail(Message(swapped));
  }
  SnapshotHost& host = *this;
  configs_ = std::make_unique<ConfigManager>(*process_, host);
  const absl::Status kept =
      configs_->Start(std::move(initial_->version), std::move(loaded.snapshot),
                      std::move(initial_->store), std::move(initial_->history));
  return kept.ok() || Fail(Message(kept));
}

bool Server::OpenAdminSocket() {
  auto address = AdminAddressOf(snapshot()->config.process(), state_directory_);
  if (!address.ok()) return Fail(Message(address.status()));
  if (admin_api_ == nullptr || !address->has_value()) return true;
  admin_address_ = **address;
  InheritedSockets::Entry handed;
  if (predecessor_ != nullptr) handed = predecessor_->state().admin.Take(**address);
  const bool inherits = !handed.descriptors.empty();
  auto listener = inherits
                      ? AdminListener::Inherit(**address, std::move(handed.descriptors.front()),
                                               handed.origin, scope_, *admin_api_)
                      : AdminListener::Open(**address, scope_, *admin_api_);
  if (!listener.ok()) return Fail(Message(listener.status()));
  admin_listener_ = *std::move(listener);
  admin_taken_over_ = inherits;
  return true;
}

// All is ready: from here on there are clients.
bool Server::Begin() {
  if (predecessor_ != nullptr) {
    std::vector<net::SocketAddress> taken = workers_->taken_over();
    if (admin_taken_over_) taken.push_back(admin_address_);
    // Who connects between its letting go and our start waits in the sockets' queues.
    const absl::Status committed =
        predecessor_->Commit(taken, stats(), Clock::now() + TakeOverRequest::kCommitTimeout);
    if (!committed.ok()) return Fail(Message(committed));
    predecessor_->Follow(scope_, [this] { EndIfIdle(); });
  }
  workers_->Start();
  if (admin_listener_ != nullptr) admin_listener_->Start();
  // Where that is refused, serving goes on all the same: nobody else does.
  if (predecessor_ != nullptr) WaitForSuccessor();
  const config::v1::Node& node = snapshot()->config.process().node();
  stats()
      .GetGauge("culvert_node_info", {{"id", node.id()}, {"cluster", node.cluster()}},
                "Always 1; the labels say which node.")
      .SetShared(1);
  log::Info("culvert is ready with {} worker{}", worker_count_, worker_count_ == 1 ? "" : "s");
  service_manager_.Ready();
  ReportStatus();
  return true;
}

bool Server::WaitForSuccessor() {
  if (state_directory_.empty()) return true;
  auto offer = TakeOverOffer::Listen(
      {.state_directory = state_directory_, .replaces = predecessor_ != nullptr}, stats(), *this,
      scope_);
  if (!offer.ok()) return Fail(Message(offer.status()));
  offer_ = *std::move(offer);
  return true;
}

absl::StatusOr<TakeOverState> Server::MakeOffer() {
  if (draining_) return FailedPrecondition("the process is draining");
  auto sockets = workers_->Sockets();
  if (!sockets.ok()) return sockets.status();
  TakeOverState state;
  state.listeners = *std::move(sockets);
  if (admin_listener_ != nullptr) {
    auto fd = admin_listener_->Duplicate();
    if (!fd.ok()) return fd.status();
    state.admin.Add(admin_address_, *std::move(fd), SocketOrigin::kPredecessor);
  }
  state.config_version = configs_->running()->number;
  state.ticket_keys = process_->services().ticket_keys.Export(Clock::now());
  configs_->Close("another process is taking over");
  return state;
}

void Server::Release(const std::vector<net::SocketAddress>& taken, pid_t successor) {
  service_manager_.ChangeMainPid(successor);
  if (admin_listener_ != nullptr) {
    const bool admin_taken = std::ranges::find(taken, admin_address_) != taken.end();
    if (admin_taken) admin_listener_->HandOver();
    admin_listener_.reset();
  }
  // Callers find the successor when they connect again.
  if (admin_api_ != nullptr) admin_api_->Stop();
  workers_->HandOver(taken);
  BeginDrain(LateRequests::kServed, std::nullopt);
}

void Server::Abandoned(std::string_view) {
  if (!draining_) configs_->Reopen();
}

void Server::StartSuccessor() {
  if (offer_ == nullptr) {
    log::Error(log::kTakeOver,
               "a new process can take over only where process.state_directory is set");
    return;
  }
  auto pid = server::StartSuccessor(options_.program, kTakeOverOption, scope_, [](std::string how) {
    log::Error(log::kTakeOver, "the new process {}", how);
  });
  if (!pid.ok()) {
    log::Error(log::kTakeOver, "{}", Message(pid.status()));
    return;
  }
  log::Info(log::kTakeOver, "process {} was started to take over", *pid);
}

void Server::WarnOfDescriptors(uint64_t descriptors) const {
  const uint32_t configured = snapshot()->config.process().max_connections();
  const uint64_t enough_for =
      (std::max<uint64_t>(descriptors, kDescriptorsOfProcess * 2) - kDescriptorsOfProcess) /
      kDescriptorsPerConnection;
  if (configured <= enough_for) return;
  log::Warning(
      "process.max_connections is {}, but {} file descriptors are enough for about {}; raise the "
      "limit (ulimit -n)",
      configured, descriptors, enough_for);
}

}  // namespace culvert::server
