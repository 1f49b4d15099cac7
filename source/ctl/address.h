// Where the admin API is, and the way to it: a connected socket, or in plain words why there is
// none. Blocking; any thread.
#ifndef CULVERT_SOURCE_CTL_ADDRESS_H_
#define CULVERT_SOURCE_CTL_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/fd.h"

namespace culvert::ctl {

struct Address {
  std::optional<net::SocketAddress> unix_socket;
  // Where it is no unix socket; without brackets.
  std::string host = {};
  uint16_t port = 0;

  // `unix:/run/x.sock` or `HOST:PORT`
  std::string ToString() const;
};

// `unix:PATH`, a path with a slash in it, or `HOST:PORT`. The error says what to write instead.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// A connected stream socket, blocking. The error is a whole sentence that names the address, what
// is the matter and what to do.
absl::StatusOr<net::Fd> Connect(const Address& address, TimePoint deadline);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_ADDRESS_H_
