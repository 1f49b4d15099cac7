#include "source/net/port_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "source/base/status.h"

namespace culvert::net {

std::optional<uint16_t> ParsePort(std::string_view text) {
  // from_chars of an unsigned type takes digits alone: no sign, no space.
  uint16_t port = 0;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

absl::StatusOr<PortRange> PortRange::Parse(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = ParsePort(text.substr(0, dash));
  const auto last = dash == text.npos ? first : ParsePort(text.substr(dash + 1));
  if (!first || !last || *first == 0 || *last == 0) {
    return InvalidArgument(fmt::format(
        "'{}' is not a port or a range of ports; write 443 or 8000-8999, of 1 to 65535", text));
  }
  if (*first > *last) {
    return InvalidArgument(
        fmt::format("'{}' begins behind its end; write {}-{}", text, *last, *first));
  }
  return PortRange{*first, *last};
}

absl::Status PortSet::Add(std::string_view text) {
  const absl::StatusOr<PortRange> range = PortRange::Parse(text);
  if (!range.ok()) return range.status();
  Add(*range);
  return absl::OkStatus();
}

bool PortSet::Contains(uint16_t port) const {
  return std::ranges::any_of(ranges_, [port](PortRange range) { return range.Contains(port); });
}

}  // namespace culvert::net
