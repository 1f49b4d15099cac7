#include "source/http/request_target.h"

#include <algorithm>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

constexpr Refusal kNoTarget{400, "the request target is neither a path nor an absolute URI"};
constexpr Refusal kBadAuthority{400, "the authority of the request target is not host[:port]"};

bool IsAlpha(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// RFC 3986, 3.1.
bool IsScheme(std::string_view text) {
  return !text.empty() && IsAlpha(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsAlpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

uint16_t DefaultPort(std::string_view scheme) {
  if (EqualsIgnoreCase(scheme, "http")) return 80;
  if (EqualsIgnoreCase(scheme, "https")) return 443;
  return 0;
}

std::optional<Refusal> ReadAuthorityForm(RequestHead& request) {
  const auto authority = ParseAuthority(request.target);
  if (!authority || !authority->port) return Refusal{400, "CONNECT needs host:port"};
  request.target_form = TargetForm::kAuthority;
  request.host = request.target;
  request.authority = *authority;
  return std::nullopt;
}

// `default_port` becomes the one of the target's scheme.
std::optional<Refusal> ReadAbsoluteForm(RequestHead& request, uint16_t& default_port) {
  const size_t scheme_size = request.target.find("://");
  if (scheme_size == std::string_view::npos) return kNoTarget;
  const std::string_view scheme = request.target.substr(0, scheme_size);
  if (!IsScheme(scheme)) return kNoTarget;

  const std::string_view rest = request.target.substr(scheme_size + 3);
  const size_t host_size = std::min(rest.find_first_of("/?"), rest.size());
  const auto authority = ParseAuthority(rest.substr(0, host_size));
  if (!authority) return kBadAuthority;

  request.target_form = TargetForm::kAbsolute;
  request.host = rest.substr(0, host_size);
  request.authority = *authority;
  request.path = host_size == rest.size() ? "/" : rest.substr(host_size);
  default_port = DefaultPort(scheme);
  return std::nullopt;
}

std::optional<Refusal> ReadForm(RequestHead& request, uint16_t& default_port) {
  if (request.method == "CONNECT") return ReadAuthorityForm(request);
  if (request.target.starts_with('/')) {
    request.target_form = TargetForm::kOrigin;
    request.path = request.target;
    return std::nullopt;
  }
  if (request.target == "*") {
    if (request.method != "OPTIONS") return Refusal{400, "only OPTIONS may ask for *"};
    request.target_form = TargetForm::kAsterisk;
    request.path = request.target;
    return std::nullopt;
  }
  return ReadAbsoluteForm(request, default_port);
}

}  // namespace

std::optional<Refusal> ReadTarget(RequestHead& request) {
  uint16_t default_port = 0;
  if (const auto refusal = ReadForm(request, default_port)) return refusal;

  const auto host = request.Find("Host");
  if (!host) {
    if (request.minor_version == 0) return std::nullopt;
    return Refusal{400, "no Host"};
  }
  if (request.Count("Host") > 1) return Refusal{400, "repeated Host"};
  const auto authority = ParseAuthority(*host);
  if (!authority) return Refusal{400, "invalid Host"};

  if (request.target_form == TargetForm::kAbsolute &&
      !SameAuthority(*authority, request.authority, default_port)) {
    return Refusal{400, "Host is another than the request target's"};
  }
  if (request.host.empty()) {
    request.host = *host;
    request.authority = *authority;
  }
  return std::nullopt;
}

}  // namespace culvert::http
