#include "source/http/proxy_status.h"

#include <algorithm>
#include <iterator>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

// By ProxyError.
constexpr std::string_view kErrorNames[] = {
    "dns_timeout",
    "dns_error",
    "destination_not_found",
    "destination_unavailable",
    "destination_ip_prohibited",
    "destination_ip_unroutable",
    "connection_refused",
    "connection_terminated",
    "connection_timeout",
    "connection_read_timeout",
    "connection_write_timeout",
    "connection_limit_reached",
    "tls_protocol_error",
    "tls_certificate_error",
    "tls_alert_received",
    "http_request_error",
    "http_request_denied",
    "http_response_incomplete",
    "http_response_header_section_size",
    "http_response_header_size",
    "http_response_body_size",
    "http_response_trailer_section_size",
    "http_response_trailer_size",
    "http_response_transfer_coding",
    "http_response_content_coding",
    "http_response_timeout",
    "http_upgrade_failed",
    "http_protocol_error",
    "proxy_internal_response",
    "proxy_internal_error",
    "proxy_configuration_error",
    "proxy_loop_detected",
};
static_assert(std::size(kErrorNames) == static_cast<size_t>(ProxyError::kProxyLoopDetected) + 1);

// RFC 8941, 3.3.4.
bool IsStructuredToken(std::string_view text) {
  if (text.empty()) return false;
  const char first = text.front();
  const bool starts =
      (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '*';
  return starts && std::all_of(text.begin(), text.end(),
                               [](char c) { return IsTokenChar(c) || c == ':' || c == '/'; });
}

// RFC 8941, 3.3.3 and 4.1.6.
void AppendString(std::string_view text, std::string& out) {
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c >= ' ' && c <= '~' ? c : '?');
  }
  out.push_back('"');
}

void AppendStringParameter(std::string_view key, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out.append("; ").append(key).append("=");
  AppendString(value, out);
}

}  // namespace

std::string_view ProxyErrorName(ProxyError error) {
  return kErrorNames[static_cast<size_t>(error)];
}

std::string ProxyStatus::Serialize() const {
  std::string out;
  if (IsStructuredToken(proxy)) {
    out = proxy;
  } else {
    AppendString(proxy, out);
  }
  if (error) out.append("; error=").append(ProxyErrorName(*error));
  AppendStringParameter("details", details, out);
  AppendStringParameter("next-hop", next_hop, out);
  return out;
}

}  // namespace culvert::http
