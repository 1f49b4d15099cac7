// An IPv4 or IPv6 address as a value: parsed strictly, printed canonically, compared and hashed.
// Owns nothing; any thread.
#ifndef CULVERT_SOURCE_NET_IP_ADDRESS_H_
#define CULVERT_SOURCE_NET_IP_ADDRESS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace culvert::net {

class IpAddress {
 public:
  enum class Family : uint8_t { kV4, kV6 };

  // 0.0.0.0
  constexpr IpAddress() = default;

  static constexpr IpAddress V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return IpAddress(Family::kV4, {a, b, c, d});
  }
  // From network order.
  static constexpr IpAddress V4(std::span<const uint8_t, 4> bytes) {
    return V4(bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  static constexpr IpAddress V6(const std::array<uint8_t, 16>& bytes) {
    return IpAddress(Family::kV6, bytes);
  }

  // "192.0.2.1" or "2001:db8::1": four decimal octets without leading zeros, or RFC 4291
  // section 2.2 without brackets and zone. Anything else is no address.
  static std::optional<IpAddress> Parse(std::string_view text);

  constexpr Family family() const { return family_; }
  constexpr bool is_v4() const { return family_ == Family::kV4; }
  constexpr bool is_v6() const { return family_ == Family::kV6; }

  // 4 or 16 bytes in network order, valid as long as the address is.
  constexpr std::span<const uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4u : 16u}; }

  // ::ffff:192.0.2.1 as 192.0.2.1, which is what the kernel sends to; any other address as it is.
  IpAddress Unmapped() const;

  // RFC 5952; IPv4-mapped addresses in mixed notation.
  std::string ToString() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const IpAddress& address) {
    return H::combine(std::move(state), address.family_, address.bytes_);
  }

 private:
  constexpr IpAddress(Family family, const std::array<uint8_t, 16>& bytes)
      : family_(family), bytes_(bytes) {}

  Family family_ = Family::kV4;
  std::array<uint8_t, 16> bytes_{};  // An IPv4 address fills the first four; the rest stay zero.
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_IP_ADDRESS_H_
