#include "source/net/cidr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

#include "source/base/status.h"

namespace culvert::net {
namespace {

IpAddress Mask(const IpAddress& address, int prefix_length) {
  std::array<uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix_length - 8 * i, 0, 8);
    bytes[i] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return address.is_v4() ? IpAddress::V4(std::span(bytes).first<4>()) : IpAddress::V6(bytes);
}

std::optional<int> ParsePrefixLength(std::string_view text, int max) {
  int length = 0;
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (length < 0 || length > max) return std::nullopt;
  return length;
}

}  // namespace

absl::StatusOr<Cidr> Cidr::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address) {
    return InvalidArgument(fmt::format(
        "'{}' is not a network; write 10.0.0.0/8, 2001:db8::/32 or a single address", text));
  }
  const int width = address->is_v4() ? 32 : 128;
  const std::optional<int> length =
      slash == text.npos ? width : ParsePrefixLength(text.substr(slash + 1), width);
  if (!length) {
    return InvalidArgument(fmt::format("'{}': the prefix length of {} must be 0 to {}", text,
                                       address->is_v4() ? "IPv4" : "IPv6", width));
  }
  const IpAddress network = Mask(*address, *length);
  if (network != *address) {
    return InvalidArgument(
        fmt::format("'{}' has bits set behind its prefix; write {}/{} for the network or {} for "
                    "the one address",
                    text, network.ToString(), *length, address->ToString()));
  }
  const IpAddress unmapped = network.Unmapped();
  const bool is_mapped = unmapped != network && *length >= 96;
  return is_mapped ? Cidr(unmapped, *length - 96) : Cidr(network, *length);
}

bool Cidr::Contains(const IpAddress& address) const {
  const IpAddress unmapped = address.Unmapped();
  return unmapped.family() == network_.family() && Mask(unmapped, prefix_length_) == network_;
}

std::string Cidr::ToString() const {
  return fmt::format("{}/{}", network_.ToString(), prefix_length_);
}

}  // namespace culvert::net
