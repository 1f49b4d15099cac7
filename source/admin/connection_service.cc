#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "source/admin/call.h"
#include "source/admin/connection_rates.h"
#include "source/admin/errors.h"
#include "source/admin/runtime_messages.h"
#include "source/admin/services.h"
#include "source/base/log.h"
#include "source/server/server.h"

namespace culvert::admin {

using server::ConnectionPage;
using server::ConnectionQuery;
using server::Server;
using server::Worker;

namespace {

using Writer = grpc::ServerWriter<v1::ListConnectionsResponse>;

constexpr uint32_t kMostInPage = 512;

// The workers live as long as the server, and calls end before that. Nothing: see Unanswered().
std::optional<std::vector<Worker*>> WorkersOf(const Call& call) {
  return call.OnMain([](Server& server) {
    std::vector<Worker*> workers;
    for (const auto& worker : server.workers().workers()) workers.push_back(worker.get());
    return workers;
  });
}

// Sends one list of the connections of all workers, page by page. False: the call has ended.
bool SendList(const Call& call, const std::vector<Worker*>& workers, const ConnectionQuery& query,
              uint32_t limit, ConnectionRates& rates, Writer& writer) {
  uint32_t left = limit != 0 ? limit : std::numeric_limits<uint32_t>::max();
  for (Worker* worker : workers) {
    uint64_t after = 0;
    do {
      const auto page = call.Await<ConnectionPage>([&](auto done) {
        worker->ListConnections(query, after, std::min(left, kMostInPage), std::move(done));
      });
      if (!page) return false;
      const auto now = std::chrono::system_clock::now();
      v1::ListConnectionsResponse response;
      for (const server::ConnectionInfo& connection : page->connections) {
        v1::Connection& message = *response.add_connections();
        message = ToMessage(connection);
        rates.Set(connection, now, message);
      }
      left -= static_cast<uint32_t>(page->connections.size());
      if (response.connections_size() > 0 && !writer.Write(response)) return false;
      after = page->next;
    } while (after != 0 && left > 0);
    if (left == 0) break;
  }
  rates.EndRound();
  v1::ListConnectionsResponse end;
  end.set_complete(true);
  return writer.Write(end);
}

class ConnectionService final : public v1::ConnectionService::Service {
 public:
  explicit ConnectionService(const Backend& backend) : backend_(backend) {}

  grpc::Status List(grpc::ServerContext* context, const v1::ListConnectionsRequest* request,
                    Writer* writer) override {
    FieldError error;
    const auto query = FromMessage(request->filter(), error);
    if (!query) return InvalidField(error);
    const Call call(backend_, *context);
    const auto workers = WorkersOf(call);
    if (!workers) return call.Unanswered();
    ConnectionRates rates;
    if (!SendList(call, *workers, *query, request->limit(), rates, *writer)) {
      return call.Unanswered();
    }
    return grpc::Status::OK;
  }

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchConnectionsRequest* request,
                     Writer* writer) override {
    FieldError error;
    const auto query = FromMessage(request->filter(), error);
    if (!query) return InvalidField(error);
    const auto interval = IntervalOf(request->has_interval(), request->interval(), error);
    if (!interval) return InvalidField(error);
    const WatchSlot slot(backend_.watches);
    if (!slot.taken()) return TooManyWatches();
    const Call call(backend_, *context, Call::Kind::kWatch);
    const auto workers = WorkersOf(call);
    if (!workers) return call.Unanswered();
    ConnectionRates rates;
    TimePoint next = Clock::now();
    do {
      if (!SendList(call, *workers, *query, request->limit(), rates, *writer)) break;
      next = std::max(next + *interval, Clock::now());
    } while (call.SleepUntil(next));
    return call.Unanswered();
  }

  grpc::Status Kill(grpc::ServerContext* context, const v1::KillRequest* request,
                    v1::KillResponse* response) override {
    if (!backend_.may_change()) return ReadOnly();
    const bool by_user = request->which_case() == v1::KillRequest::kUser;
    if (by_user ? request->user().empty() : request->id() == 0) {
      return InvalidField({by_user ? "user" : "id", "names no connection; set `id` or `user`"});
    }
    const Call call(backend_, *context);
    const auto workers = WorkersOf(call);
    if (!workers) return call.Unanswered();
    uint32_t killed = 0;
    for (Worker* worker : *workers) {
      const auto count = call.Await<uint32_t>([&](auto done) {
        if (by_user) {
          worker->KillUser(request->user(), std::move(done));
        } else {
          worker->Kill(request->id(), std::move(done));
        }
      });
      if (!count) return call.Unanswered();
      killed += *count;
    }
    const std::string whose = by_user ? fmt::format("of user {}", request->user())
                                      : fmt::format("with the id {}", request->id());
    if (killed == 0) {
      return {grpc::StatusCode::NOT_FOUND, fmt::format("there is no connection {}", whose)};
    }
    log::Info(log::kAdmin, "{} ended {} connection{} {}", call.caller(), killed,
              killed == 1 ? "" : "s", whose);
    response->set_killed(killed);
    return grpc::Status::OK;
  }

 private:
  const Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConnectionService(const Backend& backend) {
  return std::make_unique<ConnectionService>(backend);
}

}  // namespace culvert::admin
