// The process: loads a config, starts workers, serves until it is told to stop. Lives on the main
// thread, which carries no connection.
#ifndef CULVERT_SOURCE_SERVER_SERVER_H_
#define CULVERT_SOURCE_SERVER_SERVER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/server/process.h"
#include "source/server/worker.h"

namespace culvert::server {

class Server {
 public:
  struct Options {
    std::string config_file;
    // Instead of process.workers of the config.
    std::optional<uint32_t> workers;
  };

  Server(const filter::Registry& filters, Options options)
      : filters_(filters), options_(std::move(options)) {}
  ~Server();

  // Serves until SIGTERM or SIGINT, then drains. The exit status of the program: 0, or 1 after
  // errors were printed on stderr and nothing was started.
  int Run();

 private:
  bool StartUp();
  // All or nothing: false, with the reason logged, if a new address cannot be bound.
  bool Apply(SnapshotPtr snapshot);
  void Reload();
  bool TryReload();
  void CountReload(std::string_view what, bool ok);
  void OnSignal(int signal);
  void Drain();
  void OnWorkerIdle();
  void Close();
  void ShutDown();
  net::Task<void> WatchSignals(net::Fd fd);
  net::Task<void> WatchFiles();
  net::Task<void> EndDrain(Duration timeout);

  const filter::Registry& filters_;
  const Options options_;
  net::EventLoop loop_;
  net::Scope scope_{loop_};
  std::unique_ptr<Process> process_;
  SnapshotPtr snapshot_;
  // Whose files are to be removed at the end.
  std::vector<std::string> unix_paths_;
  std::vector<std::unique_ptr<Worker>> workers_;
  uint32_t idle_workers_ = 0;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SERVER_H_
