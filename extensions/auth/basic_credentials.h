// The Basic scheme (RFC 7617): reads what a client sends in Authorization or Proxy-Authorization,
// and writes what asks for it. Pure; credentials are owned by the coroutine that checks them, and
// wiped with it.
#ifndef CULVERT_EXTENSIONS_AUTH_BASIC_CREDENTIALS_H_
#define CULVERT_EXTENSIONS_AUTH_BASIC_CREDENTIALS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "source/identity/secret.h"

namespace culvert::extensions::auth {

// Of a user name and password with the colon between them. The longest that can be right have 767.
inline constexpr size_t kMaxCredentialsSize = 1024;

class BasicCredentials {
 public:
  // From the value of the field. Nothing for another scheme, for what is no strict base64 of a user
  // name, a colon and a password, for control characters (RFC 7617, 2), for an empty name, and for
  // what is too long.
  static std::optional<BasicCredentials> Parse(std::string_view field_value);

  std::string_view user() const { return text_.view().substr(0, user_size_); }
  // May be empty, and may hold colons.
  std::string_view password() const { return text_.view().substr(user_size_ + 1); }

 private:
  BasicCredentials(std::string_view text, size_t user_size) : text_(text), user_size_(user_size) {}

  identity::Secret text_;  // `user:password`
  size_t user_size_;
};

// The value of WWW-Authenticate or Proxy-Authenticate. `realm` has no control characters.
std::string BasicChallenge(std::string_view realm);

}  // namespace culvert::extensions::auth

#endif  // CULVERT_EXTENSIONS_AUTH_BASIC_CREDENTIALS_H_
