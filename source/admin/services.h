// The services of the API, each in a file of its own. The AdminServer makes them, twice: for
// callers that may change things and for those that may not.
#ifndef CULVERT_SOURCE_ADMIN_SERVICES_H_
#define CULVERT_SOURCE_ADMIN_SERVICES_H_

#include <memory>

#include "source/admin/backend.h"

namespace grpc {
class Service;
}

namespace culvert::admin {

// `backend` outlives them. Their handlers block, on gRPC's threads.
std::unique_ptr<grpc::Service> MakeConfigService(const Backend& backend);
std::unique_ptr<grpc::Service> MakeRuntimeService(const Backend& backend);
std::unique_ptr<grpc::Service> MakeConnectionService(const Backend& backend);
std::unique_ptr<grpc::Service> MakeServerService(const Backend& backend);

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_SERVICES_H_
