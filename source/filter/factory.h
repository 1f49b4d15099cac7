// A factory makes the filters of one extension from their config. The base class of its kind does
// the casting; an extension writes name() and Create().
#ifndef CULVERT_SOURCE_FILTER_FACTORY_H_
#define CULVERT_SOURCE_FILTER_FACTORY_H_

#include <google/protobuf/any.pb.h>

#include <memory>
#include <string_view>

#include "source/filter/build_context.h"
#include "source/filter/filter.h"

namespace culvert::filter {

class FilterFactory {
 public:
  virtual ~FilterFactory() = default;

  // The key in the config, the folder, and the proto package `culvert.extensions.<name>.v1`.
  virtual std::string_view name() const = 0;
  virtual FilterKind kind() const = 0;

  // Builds from a config of the extension's message; an empty Any is an empty config. Reports
  // errors to the context and gives nothing if there were any.
  virtual AnyFilter CreateFromAny(const google::protobuf::Any& config,
                                  BuildContext& context) const = 0;
};
using FilterFactoryPtr = std::unique_ptr<const FilterFactory>;

namespace internal {

template <class Config, class Filter, FilterKind Kind>
class TypedFactory : public FilterFactory {
 public:
  FilterKind kind() const final { return Kind; }

  AnyFilter CreateFromAny(const google::protobuf::Any& any, BuildContext& context) const final {
    Config config;
    if (!any.type_url().empty() && !any.UnpackTo(&config)) {
      context.AddError("", "the config is not a " + Config::descriptor()->full_name());
      return {};
    }
    std::shared_ptr<const Filter> filter = Create(config, context);
    if (filter == nullptr || context.has_errors()) return {};
    return filter;
  }

  // Null, or anything, after errors were reported to the context.
  virtual std::shared_ptr<const Filter> Create(const Config& config,
                                               BuildContext& context) const = 0;
};

}  // namespace internal

template <class Config>
using StreamFilterFactory = internal::TypedFactory<Config, StreamFilter, FilterKind::kStream>;
template <class Config>
using StreamTerminalFactory = internal::TypedFactory<Config, StreamTerminal, FilterKind::kTerminal>;
template <class Config>
using HttpCodecFactory = internal::TypedFactory<Config, HttpCodec, FilterKind::kHttpCodec>;
template <class Config>
using HttpFilterFactory = internal::TypedFactory<Config, HttpFilter, FilterKind::kHttp>;

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_FACTORY_H_
