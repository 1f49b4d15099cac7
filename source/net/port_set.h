// Ports and ranges of ports as a config names them: "443", "8000-8999". Values; any thread.
#ifndef CULVERT_SOURCE_NET_PORT_SET_H_
#define CULVERT_SOURCE_NET_PORT_SET_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace culvert::net {

// 0 to 65535 in decimal digits without sign, space or leading zero; nothing else.
std::optional<uint16_t> ParsePort(std::string_view text);

// Both ends belong to it.
struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;

  // "443" or "8000-8999", of 1 to 65535.
  static absl::StatusOr<PortRange> Parse(std::string_view text);

  bool Contains(uint16_t port) const { return first <= port && port <= last; }

  friend bool operator==(const PortRange&, const PortRange&) = default;
};

class PortSet {
 public:
  // Adds what PortRange::Parse reads, or changes nothing and says what is wrong.
  absl::Status Add(std::string_view text);
  void Add(PortRange range) { ranges_.push_back(range); }

  bool empty() const { return ranges_.empty(); }
  bool Contains(uint16_t port) const;

 private:
  std::vector<PortRange> ranges_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_PORT_SET_H_
