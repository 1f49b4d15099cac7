// A gRPC server in the test's process that gives the answers it is told to give, and keeps the
// requests that it got. On a unix socket of its own folder. (gRPC's headers stay in
// fake_server.cc.)
#ifndef CULVERT_TEST_CTL_FAKE_SERVER_H_
#define CULVERT_TEST_CTL_FAKE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "api/culvert/admin/v1/config.pb.h"
#include "api/culvert/admin/v1/runtime.pb.h"

namespace culvert::ctl {

namespace v1 = culvert::admin::v1;

struct Answers {
  // Not OK (0): what every call gets instead of an answer; a stream after what it has.
  int error_code = 0;
  std::string error_message;
  std::string error_details;

  v1::ValidateResponse validate;
  v1::ApplyResponse apply;  // of Rollback as well
  v1::GetResponse get;
  v1::DiffResponse diff;
  v1::HistoryResponse history;
  v1::ListListenersResponse listeners;
  v1::ListClustersResponse clusters;
  v1::ListCertificatesResponse certificates;
  v1::GetStatsResponse stats;
  v1::KillResponse kill;
  v1::ServerInfo info;
  v1::LogLevels log_levels;
  v1::DrainResponse drain;
  v1::ShutdownResponse shutdown;

  // Streams: these, and then nothing until the caller goes (or the error).
  std::vector<v1::ListConnectionsResponse> connections;  // of a List: and then the end
  std::vector<v1::Version> versions;
  std::vector<v1::GetStatsResponse> stats_watch;
};

struct Requests {
  v1::ValidateRequest validate;
  v1::ApplyRequest apply;
  v1::GetRequest get;
  v1::DiffRequest diff;
  v1::RollbackRequest rollback;
  v1::GetStatsRequest stats;
  v1::WatchStatsRequest watch_stats;
  v1::ListConnectionsRequest list_connections;
  v1::WatchConnectionsRequest watch_connections;
  std::vector<v1::KillRequest> kills;
  std::vector<v1::SetLogLevelRequest> log_levels;
  v1::DrainRequest drain;
  bool reopened_logs = false;
  bool shut_down = false;
};

class FakeServer {
 public:
  // Listens on `socket_path`.
  explicit FakeServer(const std::string& socket_path, Answers answers = {});
  // Ends every call.
  ~FakeServer();

  // To be set and read while no call is under way.
  Answers& answers();
  const Requests& requests() const;

 private:
  struct Services;
  std::unique_ptr<Services> services_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_TEST_CTL_FAKE_SERVER_H_
