// Whom a listener lets in among those whose certificate its authorities have signed: subject
// alternative names, one of which the certificate must have. Immutable; any thread.
#ifndef CULVERT_SOURCE_TLS_ALLOWED_NAMES_H_
#define CULVERT_SOURCE_TLS_ALLOWED_NAMES_H_

#include <string>
#include <vector>

#include "source/tls/certificate.h"

namespace culvert::tls {

class AllowedNames {
 public:
  AllowedNames() = default;
  // DNS names (`*.example.com` for exactly one label below), IP addresses, URIs and e-mail
  // addresses. DNS names compare without case, addresses by value, the others to the letter. The
  // kind counts: the address 10.0.0.7 is not the DNS name `10.0.0.7`.
  explicit AllowedNames(const std::vector<std::string>& names);

  bool empty() const { return names_.empty(); }
  // As they were given.
  std::vector<std::string> texts() const;
  // Whether one of `names` is allowed.
  bool Match(const AlternativeNames& names) const;

 private:
  struct Name {
    std::string text;
    std::string dns;  // empty if it is none
    std::string ip;   // empty if it is none
  };
  std::vector<Name> names_;
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_ALLOWED_NAMES_H_
