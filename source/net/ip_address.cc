#include "source/net/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace culvert::net {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsMapped(const IpAddress& address) {
  return address.is_v6() && std::ranges::equal(address.bytes().first<12>(), kMappedPrefix);
}

struct Run {
  int begin = 0;
  int length = 0;
};

// The run of zero groups that "::" stands for: the longest, the first of equals, never a single one
// (RFC 5952 section 4.2).
Run LongestZeroRun(std::span<const uint16_t, 8> groups) {
  Run best;
  Run current;
  for (int i = 0; i < 8; ++i) {
    if (groups[i] != 0) {
      current = {i + 1, 0};
    } else if (++current.length > best.length) {
      best = current;
    }
  }
  return best.length >= 2 ? best : Run{8, 0};
}

std::string FormatV6(std::span<const uint8_t> bytes) {
  std::array<uint16_t, 8> groups;
  for (int i = 0; i < 8; ++i) {
    groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const Run zeros = LongestZeroRun(groups);
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    fmt::format_to(std::back_inserter(text), "{:x}", groups[i]);
  }
  return text;
}

std::string FormatV4(std::span<const uint8_t> bytes) {
  return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  // inet_pton is strict, but it reads a C string.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  const bool is_v6 = text.find(':') != text.npos;
  IpAddress address(is_v6 ? Family::kV6 : Family::kV4, {});
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, terminated.data(), address.bytes_.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

IpAddress IpAddress::Unmapped() const {
  return IsMapped(*this) ? V4(std::span(bytes_).last<4>()) : *this;
}

std::string IpAddress::ToString() const {
  if (is_v4()) return FormatV4(bytes_);
  if (IsMapped(*this)) return "::ffff:" + FormatV4(std::span(bytes_).last<4>());
  return FormatV6(bytes_);
}

}  // namespace culvert::net
