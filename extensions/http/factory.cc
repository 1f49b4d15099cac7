#include "extensions/http/factory.h"

#include <utility>

#include "api/culvert/extensions/http/v1/http.pb.h"
#include "extensions/http/terminal.h"
#include "source/base/duration.h"

namespace culvert::extensions::http {
namespace {

class Codec final : public filter::HttpCodec {
 public:
  Codec(culvert::http::Http1Options options, Stats stats) : options_(options), stats_(stats) {}
  filter::StreamTerminalPtr Bind(std::vector<filter::HttpFilterPtr> filters) const override {
    return std::make_shared<Terminal>(options_, stats_, std::move(filters));
  }

 private:
  const culvert::http::Http1Options options_;
  const Stats stats_;
};

class Factory final : public filter::HttpCodecFactory<v1::Http> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::HttpCodec> Create(const v1::Http& config,
                                                  filter::BuildContext& context) const override {
    culvert::http::Http1Options options;
    if (config.max_head_size() != 0) options.head_limits.max_head_size = config.max_head_size();
    if (config.max_headers() != 0) options.head_limits.max_headers = config.max_headers();
    if (config.has_max_discarded_body()) options.max_discarded_body = config.max_discarded_body();
    options.head_timeout = DurationOr(config.has_request_head_timeout(),
                                      config.request_head_timeout(), options.head_timeout);
    options.idle_timeout =
        DurationOr(config.has_idle_timeout(), config.idle_timeout(), options.idle_timeout);
    const Stats stats = {&context.Counter("culvert_http_requests_total",
                                          "Requests whose head was read and understood."),
                         &context.Counter("culvert_http_requests_refused_total",
                                          "Requests that broke the rules of HTTP."),
                         &context.Counter("culvert_http_requests_unclaimed_total",
                                          "Requests that no filter claimed.")};
    return std::make_shared<Codec>(options, stats);
  }
};

}  // namespace

filter::FilterFactoryPtr MakeHttpFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::http
