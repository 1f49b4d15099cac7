#include "extensions/metrics/factory.h"

#include <memory>
#include <string>

#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "extensions/metrics/filter.h"

namespace culvert::extensions::metrics {
namespace {

constexpr std::string_view kDefaultPath = "/metrics";

class Factory final : public filter::HttpFilterFactory<v1::Metrics> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::HttpFilter> Create(const v1::Metrics& config,
                                                   filter::BuildContext& context) const override {
    const std::string path(config.path().empty() ? kDefaultPath : config.path());
    if (!path.starts_with('/') || path.find_first_of("?# ") != std::string::npos) {
      context.AddError("path",
                       "is no path; write one that begins with '/' and has no '?', '#' or space");
    }
    return std::make_shared<Metrics>(path, context.environment().stats());
  }
};

}  // namespace

filter::FilterFactoryPtr MakeMetricsFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::metrics
