// A chain of filters whose neighbours fit: stream filters, then one terminal. Built with the
// config, immutable, shared by the workers.
#ifndef CULVERT_SOURCE_FILTER_CHAIN_H_
#define CULVERT_SOURCE_FILTER_CHAIN_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <memory>
#include <string>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/filter/filter.h"
#include "source/filter/registry.h"

namespace culvert::filter {

class Chain {
 public:
  Chain(std::vector<StreamFilterPtr> filters, StreamTerminalPtr terminal)
      : filters_(std::move(filters)), terminal_(std::move(terminal)) {}

  // Carries one connection from its first byte to its last.
  Task<void> Run(StreamPtr downstream, ConnectionContext& connection) const;

 private:
  std::vector<StreamFilterPtr> filters_;
  StreamTerminalPtr terminal_;
};
using ChainPtr = std::shared_ptr<const Chain>;

// `path` is that of the filter list: `listeners[0].filters`. Null after errors were reported:
// filters that the registry does not have, configs that their factories refuse, neighbours that do
// not fit.
ChainPtr BuildChain(const google::protobuf::RepeatedPtrField<config::v1::Filter>& filters,
                    const std::string& path, const std::string& listener, const Registry& registry,
                    BuildEnvironment& environment, std::vector<FieldError>& errors);

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_CHAIN_H_
