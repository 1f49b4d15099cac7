// The process: loads a config, starts workers, serves until it is told to stop or another process
// takes over. Lives on the main thread, which carries no connection.
#ifndef CULVERT_SOURCE_SERVER_SERVER_H_
#define CULVERT_SOURCE_SERVER_SERVER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/server/admin_api.h"
#include "source/server/admin_listener.h"
#include "source/server/config_manager.h"
#include "source/server/control.h"
#include "source/server/initial_config.h"
#include "source/server/process.h"
#include "source/server/service_manager.h"
#include "source/server/successor.h"
#include "source/server/take_over_offer.h"
#include "source/server/take_over_request.h"
#include "source/server/worker_pool.h"

namespace culvert::server {

struct ServerInfo {
  bool draining = false;
  uint32_t workers = 0;
  uint32_t connections = 0;
  std::chrono::system_clock::time_point start;
  uint64_t config_version = 0;
  std::string node_id;
  std::string node_cluster;
};

class Server final : private SnapshotHost, private TakeOverOffer::Host {
 public:
  struct Options {
    std::string config_file;
    // Instead of process.workers of the config.
    std::optional<uint32_t> workers;
    StartFrom start_from = StartFrom::kLastApplied;
    // From the process that serves with the same state directory.
    bool take_over = false;
    // For SIGUSR2.
    ProgramStart program;
    // None: there is no admin API.
    AdminApiFactory make_admin_api;
  };

  Server(const filter::Registry& filters, Options options)
      : filters_(filters), options_(std::move(options)) {}
  ~Server() override;

  // Serves until SIGTERM or SIGINT, or until a successor has taken over; then drains. The exit
  // status of the program: 0, or 1 after errors were printed on stderr and nothing was started.
  int Run();

  // For the admin API, on the main thread (see Control).
  ConfigManager& configs() { return *configs_; }
  const SnapshotPtr& snapshot() const { return configs_->snapshot(); }
  WorkerPool& workers() { return *workers_; }
  stats::Registry& stats() { return process_->stats(); }
  ServerInfo info() const;
  // Takes no more connections and ends with the last one, or after the time-out (unset:
  // process.drain_timeout).
  void Drain(std::optional<Duration> timeout);
  // Closes what is open, after a moment in which whoever asked for it is answered, and ends.
  void Shutdown();
  void ReopenLogs();

 private:
  bool StartUp();
  bool LoadInitialConfig();
  bool AskPredecessor();
  bool BuildInitialConfig(InheritedSockets& inherited);
  bool OpenAdminSocket();
  bool WaitForSuccessor();
  bool Begin();
  bool Fail(std::string_view why);
  InheritedSockets TakeInherited();
  void WarnOfDescriptors(uint64_t descriptors) const;

  absl::Status Swap(SnapshotPtr snapshot) override;

  absl::StatusOr<TakeOverState> MakeOffer() override;
  void Release(const std::vector<net::SocketAddress>& taken, pid_t successor) override;
  void Abandoned(std::string_view why) override;
  void StartSuccessor();

  void Reload();
  void ReadUsersAgain();
  void ReportStatus();
  void CountReload(std::string_view what, bool ok);
  void OnSignal(int signal);
  void BeginDrain(LateRequests late_requests, std::optional<Duration> timeout);
  void Close();
  void EndIfIdle();
  void ShutDown();
  net::Task<void> WatchSignals(net::Fd fd);
  net::Task<void> WatchFiles();
  net::Task<void> EndDrain(Duration timeout);

  const filter::Registry& filters_;
  const Options options_;
  const std::chrono::system_clock::time_point start_ = std::chrono::system_clock::now();
  net::EventLoop loop_;
  net::Scope scope_{loop_};
  Control control_{loop_, *this};
  ServiceManager service_manager_ = ServiceManager::FromEnvironment();
  std::vector<ActivationSocket> activation_sockets_;
  std::string state_directory_;
  // What StartUp() works on; empty afterwards.
  std::optional<InitialConfig> initial_;
  uint32_t worker_count_ = 1;
  std::unique_ptr<Process> process_;
  std::unique_ptr<AdminApi> admin_api_;
  std::unique_ptr<TakeOverRequest> predecessor_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<ConfigManager> configs_;
  net::SocketAddress admin_address_;  // as configured
  std::unique_ptr<AdminListener> admin_listener_;
  std::unique_ptr<TakeOverOffer> offer_;
  std::string reported_status_;
  bool admin_taken_over_ = false;
  bool workers_idle_ = false;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SERVER_H_
