#include "source/server/admin_address.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>

#include "source/base/status.h"

namespace culvert::server {

using net::SocketAddress;

namespace {

constexpr const char* kFileName = "admin.sock";

bool IsLoopback(const net::IpAddress& address) {
  constexpr uint8_t kLoopbackNetwork = 127;
  std::array<uint8_t, 16> v6{};
  v6.back() = 1;
  const net::IpAddress ip = address.Unmapped();
  return ip.is_v4() ? ip.bytes()[0] == kLoopbackNetwork : ip == net::IpAddress::V6(v6);
}

absl::StatusOr<SocketAddress> ParseAdminAddress(std::string_view text) {
  auto address = SocketAddress::Parse(text);
  if (!address.ok()) return address.status();
  if (address->is_unix() && address->unix_path().starts_with('@')) {
    return InvalidArgument(
        fmt::format("'{}': a name without a file has no mode that keeps others out; write "
                    "unix:/run/culvert/admin.sock",
                    text));
  }
  if (address->is_ip() && !IsLoopback(address->ip())) {
    return InvalidArgument(fmt::format(
        "'{}': other machines could reach it; write a unix socket or 127.0.0.1:9901, and for "
        "others a listener that ends in the filter 'admin'",
        text));
  }
  return address;
}

}  // namespace

absl::Status CheckAdminAddress(std::string_view address) {
  return ParseAdminAddress(address).status();
}

absl::StatusOr<std::optional<SocketAddress>> AdminAddressOf(const config::v1::Process& process,
                                                            std::string_view state_directory) {
  std::string text = process.admin().address();
  if (text.empty() && !state_directory.empty())
    text = "unix:" + (std::filesystem::path(state_directory) / kFileName).string();
  if (text.empty()) return std::optional<SocketAddress>();
  auto address = ParseAdminAddress(text);
  if (address.ok()) return std::optional<SocketAddress>(*std::move(address));
  if (!process.admin().address().empty()) return address.status();
  return InvalidArgument(
      fmt::format("{}; set process.admin.address to another one", Message(address.status())));
}

}  // namespace culvert::server
