// A config that was applied, with its secrets, and what is known of how. Immutable; kept in the
// history and in the state directory. Any thread.
#ifndef CULVERT_SOURCE_SERVER_CONFIG_VERSION_H_
#define CULVERT_SOURCE_SERVER_CONFIG_VERSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/culvert/config/v1/config.pb.h"

namespace culvert::server {

struct ConfigVersion {
  uint64_t number = 0;
  std::chrono::system_clock::time_point applied;
  std::string origin;    // `file /etc/culvert/proxy.yaml`, `api`, `rollback to 3`
  std::string author;    // `uid 0`; empty for a file
  std::string label;     // what the author says of it
  std::string checksum;  // ChecksumOf(packed_config)
  std::string base_directory;
  // Serialised, by Pack(): versions are kept for long and looked into seldom, and a message takes
  // several times the memory.
  std::string packed_config;

  // Unpacks a copy, which for a large config takes long enough to keep it off the main thread.
  config::v1::Config config() const;
};
using ConfigVersionPtr = std::shared_ptr<const ConfigVersion>;

// Equal configs give equal bytes, but for what an Any in them holds.
std::string Pack(const config::v1::Config& config);

// SHA-256 in hexadecimal.
std::string ChecksumOf(std::string_view packed_config);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONFIG_VERSION_H_
