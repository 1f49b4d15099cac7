// The Proxy-Status field (RFC 9209): tells a client which hop failed it and how.
// Plain values; any thread.
#ifndef CULVERT_SOURCE_HTTP_PROXY_STATUS_H_
#define CULVERT_SOURCE_HTTP_PROXY_STATUS_H_

#include <optional>
#include <string>
#include <string_view>

namespace culvert::http {

// RFC 9209, 2.3, all of them and in its order.
enum class ProxyError {
  kDnsTimeout,
  kDnsError,
  kDestinationNotFound,
  kDestinationUnavailable,
  kDestinationIpProhibited,
  kDestinationIpUnroutable,
  kConnectionRefused,
  kConnectionTerminated,
  kConnectionTimeout,
  kConnectionReadTimeout,
  kConnectionWriteTimeout,
  kConnectionLimitReached,
  kTlsProtocolError,
  kTlsCertificateError,
  kTlsAlertReceived,
  kHttpRequestError,
  kHttpRequestDenied,
  kHttpResponseIncomplete,
  kHttpResponseHeaderSectionSize,
  kHttpResponseHeaderSize,
  kHttpResponseBodySize,
  kHttpResponseTrailerSectionSize,
  kHttpResponseTrailerSize,
  kHttpResponseTransferCoding,
  kHttpResponseContentCoding,
  kHttpResponseTimeout,
  kHttpUpgradeFailed,
  kHttpProtocolError,
  kProxyInternalResponse,
  kProxyInternalError,
  kProxyConfigurationError,
  kProxyLoopDetected,
};

// As it stands in the field, such as "connection_refused".
std::string_view ProxyErrorName(ProxyError error);

// One member of the field's list. Its views are the caller's.
struct ProxyStatus {
  std::string_view proxy = "culvert";
  std::optional<ProxyError> error = std::nullopt;
  // For humans; left out when empty. Must not tell a client what it may not know.
  std::string_view details = {};
  // Host or address that the proxy turned to; left out when empty.
  std::string_view next_hop = {};

  // The field's value, as a structured field (RFC 8941). Bytes that no string of it may hold become
  // `?`.
  std::string Serialize() const;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_PROXY_STATUS_H_
