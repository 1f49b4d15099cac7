#include "source/tls/allowed_names.h"

#include <algorithm>
#include <cctype>

#include "source/net/ip_address.h"

namespace culvert::tls {

AllowedNames::AllowedNames(const std::vector<std::string>& names) {
  for (const std::string& text : names) {
    Name name{text, {}, {}};
    if (const auto address = net::IpAddress::Parse(text)) {
      name.ip = address->ToString();
    } else {
      name.dns = text;
      std::ranges::transform(name.dns, name.dns.begin(),
                             [](unsigned char c) { return std::tolower(c); });
    }
    names_.push_back(std::move(name));
  }
}

std::vector<std::string> AllowedNames::texts() const {
  std::vector<std::string> texts;
  for (const Name& name : names_) texts.push_back(name.text);
  return texts;
}

bool AllowedNames::Match(const AlternativeNames& names) const {
  return std::ranges::any_of(names_, [&](const Name& allowed) {
    if (!allowed.ip.empty()) return std::ranges::count(names.ip, allowed.ip) > 0;
    return std::ranges::any_of(
               names.dns, [&](const auto& name) { return MatchesServerName(allowed.dns, name); }) ||
           std::ranges::count(names.uri, allowed.text) > 0 ||
           std::ranges::count(names.email, allowed.text) > 0;
  });
}

}  // namespace culvert::tls
