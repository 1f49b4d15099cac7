// The gRPC API. It listens nowhere: connections are handed to it, from the process's own socket or
// from a listener that ends in `admin`. Owned by the server; handlers run on gRPC's threads.
#ifndef CULVERT_SOURCE_ADMIN_ADMIN_SERVER_H_
#define CULVERT_SOURCE_ADMIN_ADMIN_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/server/admin_api.h"

namespace culvert::admin {

class AdminServer final : public server::AdminApi {
 public:
  struct Options {
    // Connections at once.
    uint32_t max_connections = 64;
    uint32_t max_watches = 16;
    // Bytes of a request.
    uint32_t max_message_size = 64u << 20;
    // The filters that a config may name.
    std::vector<std::string> filter_names = {};

    static Options Of(const config::v1::Admin& config);
  };

  // Starts no thread before the first connection.
  AdminServer(server::Control& control, Options options);
  // Stops it.
  ~AdminServer() override;

  bool Adopt(net::Fd socket, filter::AdminCaller caller) override;

  // What grpc.health.v1 says from now on; serving at first. Any thread.
  void SetServing(bool serving) override;

  // Closes the Control, so that nobody waits for the main thread any more, lets calls that are
  // nearly done answer, ends the others, and closes all connections. On the main thread, before the
  // workers are gone.
  void Stop() override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_ADMIN_SERVER_H_
