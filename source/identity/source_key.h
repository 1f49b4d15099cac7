// Who counts as one source of attempts to come in: an IPv4 address, an IPv6 /64 (a host has all of
// it to choose from), all clients of unix sockets together. A pure function.
#ifndef CULVERT_SOURCE_IDENTITY_SOURCE_KEY_H_
#define CULVERT_SOURCE_IDENTITY_SOURCE_KEY_H_

#include <string>

#include "source/net/address.h"

namespace culvert::identity {

// For CredentialVerifier::Request and FailureThrottle. IPv4-mapped addresses count as IPv4.
std::string SourceKey(const net::SocketAddress& client);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_SOURCE_KEY_H_
