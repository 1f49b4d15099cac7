// The messages of a take-over as bytes, and back: what comes is checked, since the other process
// may be of another version, or broken. Pure; used by both sides.
#ifndef CULVERT_SOURCE_SERVER_TAKE_OVER_MESSAGE_H_
#define CULVERT_SOURCE_SERVER_TAKE_OVER_MESSAGE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/net/address.h"
#include "source/net/io_result.h"
#include "source/server/fd_channel.h"
#include "source/server/take_over.pb.h"
#include "source/server/take_over_state.h"
#include "source/stats/snapshot.h"

namespace culvert::server {

inline constexpr uint32_t kTakeOverProtocol = 1;

// What each side takes from the other.
inline constexpr FdChannel::Limits kLimitsOfOffer = {.size = 16 * 1024 * 1024,
                                                     .descriptors = 32 * 1024};
inline constexpr FdChannel::Limits kLimitsOfRequest = {.size = 1024 * 1024, .descriptors = 0};

// What one side sends, and waits for, without descriptors.
ChannelMessage ToChannel(const take_over::Message& message);

// Takes the sockets out of `state`. An error where they are more than a successor takes.
absl::StatusOr<ChannelMessage> OfferMessage(TakeOverState state);
// Wipes the keys of `offer`.
absl::StatusOr<TakeOverState> StateOf(take_over::Offer& offer, std::vector<net::Fd> descriptors);

ChannelMessage ReadyMessage(std::span<const net::SocketAddress> taken);
absl::StatusOr<std::vector<net::SocketAddress>> TakenOf(const take_over::Ready& ready);

// At least one message, each of them about `size` at most.
std::vector<ChannelMessage> CountersMessages(const stats::Snapshot& counted,
                                             size_t size = 1024 * 1024);
// Leaves out what is malformed.
stats::Snapshot CountedOf(const take_over::Counters& counters);

// A message whose body is one of its kinds; unset where the bytes are none. Wipes them.
take_over::Message ParseMessage(std::string& payload);

// For the log: why a message did not come, or go.
std::string_view Explain(const net::IoResult& result);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_TAKE_OVER_MESSAGE_H_
