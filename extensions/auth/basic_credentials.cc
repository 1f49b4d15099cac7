#include "extensions/auth/basic_credentials.h"

#include <algorithm>

#include "source/base/base64.h"
#include "source/http/syntax.h"
#include "source/identity/htpasswd.h"

namespace culvert::extensions::auth {
namespace {

constexpr size_t kMaxEncodedSize = (kMaxCredentialsSize + 2) / 3 * 4;

// Of `scheme 1*SP token68` (RFC 9110, 11.4), the last part; nothing if the scheme is another.
std::optional<std::string_view> EncodedPart(std::string_view field_value) {
  const size_t scheme_size = std::min(field_value.find(' '), field_value.size());
  if (!culvert::http::EqualsIgnoreCase(field_value.substr(0, scheme_size), "Basic")) {
    return std::nullopt;
  }
  const size_t start =
      std::min(field_value.find_first_not_of(' ', scheme_size), field_value.size());
  return field_value.substr(start);
}

}  // namespace

std::optional<BasicCredentials> BasicCredentials::Parse(std::string_view field_value) {
  const auto encoded = EncodedPart(field_value);
  if (!encoded || encoded->size() > kMaxEncodedSize) return std::nullopt;
  std::optional<std::string> decoded = Base64Decode(*encoded);
  if (!decoded) return std::nullopt;
  std::optional<BasicCredentials> credentials;
  const size_t colon = decoded->find(':');
  if (colon != std::string::npos && colon > 0 && decoded->size() <= kMaxCredentialsSize &&
      !identity::HasControlCharacter(*decoded)) {
    credentials = BasicCredentials(*decoded, colon);
  }
  identity::Wipe(*decoded);
  return credentials;
}

std::string BasicChallenge(std::string_view realm) {
  std::string challenge = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') challenge.push_back('\\');
    challenge.push_back(c);
  }
  return challenge.append("\", charset=\"UTF-8\"");
}

}  // namespace culvert::extensions::auth
