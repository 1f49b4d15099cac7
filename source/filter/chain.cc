#include "source/filter/chain.h"

#include <fmt/format.h>

#include <utility>

namespace culvert::filter {
namespace {

// The codec that stands between bytes and http filters where the config names none.
constexpr std::string_view kDefaultCodec = "http";

// Puts filters together in order and notes where they do not fit.
class Assembly {
 public:
  Assembly(const Registry& registry, BuildEnvironment& environment, const std::string& listener,
           std::vector<FieldError>& errors)
      : registry_(registry), environment_(environment), listener_(listener), errors_(errors) {}

  void Add(const config::v1::Filter& filter, const std::string& path) {
    const FilterFactory* factory = registry_.Find(filter.name());
    if (factory == nullptr) {
      Report(path, fmt::format("this build has no filter '{}'", filter.name()));
      return;
    }
    CheckFit(*factory, path);
    const size_t before = errors_.size();
    BuildContext context(environment_, fmt::format("{}.{}", path, filter.name()), listener_,
                         errors_);
    AnyFilter built = factory->CreateFromAny(filter.typed_config(), context);
    if (errors_.size() != before) failed_ = true;
    std::visit([this](auto& made) { Take(made); }, built);
    last_name_ = filter.name();
  }

  ChainPtr Finish(const std::string& path) {
    if (state_ == State::kRequests && !has_http_filter_) {
      Report(path, fmt::format("'{}' has no http filter after it; add one, such as http_connect",
                               last_name_));
    } else if (state_ == State::kBytes) {
      Report(path,
             "the chain does not end; its last filter must be a terminal such as tcp_proxy, or an "
             "http filter");
    }
    if (failed_) return nullptr;
    if (state_ == State::kRequests) terminal_ = codec_->Bind(std::move(http_filters_));
    return std::make_shared<const Chain>(std::move(filters_), std::move(terminal_));
  }

 private:
  enum class State { kBytes, kRequests, kEnded };

  void Report(const std::string& path, std::string message) {
    failed_ = true;
    errors_.push_back({path, std::move(message)});
  }

  void CheckFit(const FilterFactory& factory, const std::string& path) {
    const bool takes_bytes = factory.kind() != FilterKind::kHttp;
    if (state_ == State::kEnded) {
      Report(path, fmt::format("nothing can follow '{}', which ends the chain", last_name_));
    } else if (state_ == State::kRequests && takes_bytes) {
      Report(path, fmt::format("'{}' takes bytes, but '{}' before it gives requests; move it "
                               "before the http filters",
                               factory.name(), last_name_));
    }
    switch (factory.kind()) {
      case FilterKind::kStream:
        break;
      case FilterKind::kTerminal:
        state_ = State::kEnded;
        break;
      case FilterKind::kHttpCodec:
        state_ = State::kRequests;
        break;
      case FilterKind::kHttp:
        if (state_ == State::kBytes) UseDefaultCodec(path);
        has_http_filter_ = true;
        if (state_ != State::kEnded) state_ = State::kRequests;
        break;
    }
  }

  void UseDefaultCodec(const std::string& path) {
    const FilterFactory* factory = registry_.Find(kDefaultCodec);
    if (factory == nullptr) {
      Report(path, "this build has no http codec");
      return;
    }
    BuildContext context(environment_, path, listener_, errors_);
    AnyFilter built = factory->CreateFromAny({}, context);
    std::visit([this](auto& made) { Take(made); }, built);
  }

  void Take(std::monostate) { failed_ = true; }
  void Take(StreamFilterPtr& made) { filters_.push_back(std::move(made)); }
  void Take(StreamTerminalPtr& made) { terminal_ = std::move(made); }
  void Take(HttpCodecPtr& made) { codec_ = std::move(made); }
  void Take(HttpFilterPtr& made) { http_filters_.push_back(std::move(made)); }

  const Registry& registry_;
  BuildEnvironment& environment_;
  const std::string& listener_;
  std::vector<FieldError>& errors_;
  State state_ = State::kBytes;
  bool failed_ = false;
  bool has_http_filter_ = false;
  std::string last_name_;
  std::vector<StreamFilterPtr> filters_;
  StreamTerminalPtr terminal_;
  HttpCodecPtr codec_;
  std::vector<HttpFilterPtr> http_filters_;
};

}  // namespace

std::string_view ToString(FilterKind kind) {
  switch (kind) {
    case FilterKind::kStream:
      return "stream filter";
    case FilterKind::kTerminal:
      return "stream terminal";
    case FilterKind::kHttpCodec:
      return "http codec";
    case FilterKind::kHttp:
      return "http filter";
  }
  return "filter";
}

Task<void> Chain::Run(StreamPtr downstream, ConnectionContext& connection) const {
  for (const StreamFilterPtr& filter : filters_) {
    downstream = co_await filter->Accept(std::move(downstream), connection);
    if (downstream == nullptr) co_return;
  }
  co_await terminal_->Run(std::move(downstream), connection);
}

ChainPtr BuildChain(const google::protobuf::RepeatedPtrField<config::v1::Filter>& filters,
                    const std::string& path, const std::string& listener, const Registry& registry,
                    BuildEnvironment& environment, std::vector<FieldError>& errors) {
  const size_t before = errors.size();
  Assembly assembly(registry, environment, listener, errors);
  for (int i = 0; i < filters.size(); ++i) assembly.Add(filters[i], fmt::format("{}[{}]", path, i));
  ChainPtr chain = assembly.Finish(path);
  return errors.size() == before ? chain : nullptr;
}

}  // namespace culvert::filter
