#include <string>
#include <utility>

#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "source/admin/call.h"
#include "source/admin/errors.h"
#include "source/admin/runtime_messages.h"
#include "source/admin/services.h"
#include "source/server/server.h"

namespace culvert::admin {

using server::Server;

namespace {

// The messages are made on the main thread, which nothing waits for, so that no part of a snapshot
// dies on another.
v1::ListListenersResponse ListListenersOf(Server& server) {
  v1::ListListenersResponse response;
  for (const server::ListenerSnapshotPtr& listener : server.snapshot()->listeners) {
    const auto bound = server.workers().BoundAddress(listener->address);
    *response.add_listeners() = ToMessage(*listener, bound ? bound->ToString() : std::string());
  }
  return response;
}

v1::ListClustersResponse ListClustersOf(Server& server) {
  v1::ListClustersResponse response;
  const server::Snapshot& snapshot = *server.snapshot();
  const TimePoint now = Clock::now();
  for (const auto& config : snapshot.config.clusters()) {
    const auto found = snapshot.clusters.find(config.name());
    if (found != snapshot.clusters.end()) *response.add_clusters() = ToMessage(*found->second, now);
  }
  return response;
}

v1::ListCertificatesResponse ListCertificatesOf(Server& server) {
  v1::ListCertificatesResponse response;
  for (const server::ListenerSnapshotPtr& listener : server.snapshot()->listeners) {
    for (const filter::CertificateFacts& certificate : listener->certificates) {
      *response.add_certificates() = ToMessage(certificate, listener->name);
    }
  }
  return response;
}

class RuntimeService final : public v1::RuntimeService::Service {
 public:
  explicit RuntimeService(const Backend& backend) : backend_(backend) {}

  grpc::Status ListListeners(grpc::ServerContext* context, const v1::ListListenersRequest*,
                             v1::ListListenersResponse* response) override {
    return Answer(*context, ListListenersOf, *response);
  }

  grpc::Status ListClusters(grpc::ServerContext* context, const v1::ListClustersRequest*,
                            v1::ListClustersResponse* response) override {
    return Answer(*context, ListClustersOf, *response);
  }

  grpc::Status ListCertificates(grpc::ServerContext* context, const v1::ListCertificatesRequest*,
                                v1::ListCertificatesResponse* response) override {
    return Answer(*context, ListCertificatesOf, *response);
  }

  grpc::Status GetStats(grpc::ServerContext* context, const v1::GetStatsRequest* request,
                        v1::GetStatsResponse* response) override {
    const Call call(backend_, *context);
    const stats::Registry* registry = StatsOf(call);
    if (registry == nullptr) return call.Unanswered();
    *response = ToMessage(registry->Read(), request->filter());
    return grpc::Status::OK;
  }

  grpc::Status WatchStats(grpc::ServerContext* context, const v1::WatchStatsRequest* request,
                          grpc::ServerWriter<v1::GetStatsResponse>* writer) override {
    FieldError error;
    const auto interval = IntervalOf(request->has_interval(), request->interval(), error);
    if (!interval) return InvalidField(error);
    const WatchSlot slot(backend_.watches);
    if (!slot.taken()) return TooManyWatches();
    const Call call(backend_, *context, Call::Kind::kWatch);
    const stats::Registry* registry = StatsOf(call);
    if (registry == nullptr) return call.Unanswered();
    TimePoint next = Clock::now();
    do {
      if (!writer->Write(ToMessage(registry->Read(), request->filter()))) break;
      next = std::max(next + *interval, Clock::now());
    } while (call.SleepUntil(next));
    return call.Unanswered();
  }

 private:
  template <class Function, class Response>
  grpc::Status Answer(const grpc::ServerContext& context, Function function, Response& response) {
    const Call call(backend_, context);
    auto answer = call.OnMain(function);
    if (!answer) return call.Unanswered();
    response = *std::move(answer);
    return grpc::Status::OK;
  }

  // Outlives the call and may be read from its thread. Null: see call.Unanswered().
  static const stats::Registry* StatsOf(const Call& call) {
    return call.OnMain([](Server& server) { return &server.stats(); }).value_or(nullptr);
  }

  const Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRuntimeService(const Backend& backend) {
  return std::make_unique<RuntimeService>(backend);
}

}  // namespace culvert::admin
