#include "extensions/metrics/filter.h"

#include "source/stats/prometheus.h"

namespace culvert::extensions::metrics {

using culvert::http::Exchange;
using culvert::http::RequestHead;
using culvert::http::Response;
using filter::ConnectionContext;
using filter::HttpVerdict;
using filter::Task;

namespace {

std::string_view WithoutQuery(std::string_view path) { return path.substr(0, path.find('?')); }

Response MethodNotAllowed() {
  Response response = culvert::http::ErrorResponse(405, "metrics are read with GET",
                                                   culvert::http::ProxyError::kHttpRequestError);
  response.headers.Add("Allow", "GET, HEAD");
  return response;
}

}  // namespace

Task<HttpVerdict> Metrics::OnRequest(Exchange& exchange, ConnectionContext& connection) const {
  const RequestHead& request = exchange.request();
  // A proxy's client asks for somebody else's metrics.
  if (exchange.is_proxy_request() || WithoutQuery(request.path) != path_) {
    co_return HttpVerdict::kNext;
  }
  Response response;
  if (request.method == "GET" || request.method == "HEAD") {
    response.headers.Add("Content-Type", stats::kPrometheusContentType);
    response.body = stats::FormatPrometheus(registry_.Read());
    connection.End(kName, {Side::kDownstream, Stage::kRequestHead, "answered"});
  } else {
    connection.End(kName, {Side::kDownstream, Stage::kRequestHead, "method_not_allowed"});
    response = MethodNotAllowed();
  }
  // Whether the client has got it makes no difference here.
  co_await exchange.Respond(std::move(response));
  co_return HttpVerdict::kDone;
}

}  // namespace culvert::extensions::metrics
