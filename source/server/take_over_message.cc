#include "source/server/take_over_message.h"

#include <fmt/format.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "source/base/status.h"

namespace culvert::server {

using take_over::Message;

namespace {

// Unlike ToString(), the same to the byte.
std::string AddressText(const net::SocketAddress& address) {
  return address.is_unix() ? "unix:" + address.unix_path() : address.ToString();
}

template <typename Bytes>
void Wipe(Bytes& bytes) {
  explicit_bzero(bytes.data(), bytes.size());
}

void AddSockets(InheritedSockets& sockets,
                google::protobuf::RepeatedPtrField<take_over::Sockets>& out,
                std::vector<net::Fd>& descriptors) {
  for (const net::SocketAddress& address : sockets.addresses()) {
    InheritedSockets::Entry entry = sockets.Take(address);
    take_over::Sockets& added = *out.Add();
    added.set_address(AddressText(address));
    added.set_count(static_cast<uint32_t>(entry.descriptors.size()));
    added.set_of_service_manager(entry.origin == SocketOrigin::kServiceManager);
    std::ranges::move(entry.descriptors, std::back_inserter(descriptors));
  }
}

void AddKeys(const tls::TicketKeyStore::Exported& keys, take_over::TicketKeySet& out) {
  out.set_listener(keys.owner.listener);
  out.set_policy(keys.owner.policy);
  out.set_rotation_interval_ns(keys.owner.rotation_interval.count());
  out.set_age_ns(keys.state.age.count());
  for (const tls::TicketKey& key : keys.state.keys) {
    take_over::TicketKey& added = *out.add_keys();
    added.set_name(key.name.data(), key.name.size());
    added.set_mac_key(key.mac_key.data(), key.mac_key.size());
    added.set_cipher_key(key.cipher_key.data(), key.cipher_key.size());
  }
}

void WipeKeys(take_over::Offer& offer) {
  for (take_over::TicketKeySet& set : *offer.mutable_ticket_keys()) {
    for (take_over::TicketKey& key : *set.mutable_keys()) {
      Wipe(*key.mutable_mac_key());
      Wipe(*key.mutable_cipher_key());
    }
  }
}

template <size_t kSize>
bool Copy(const std::string& bytes, std::array<uint8_t, kSize>& out) {
  if (bytes.size() != kSize) return false;
  std::ranges::copy(bytes, out.begin());
  return true;
}

// What else is wrong with a set of keys, the store finds out.
std::optional<tls::TicketKeyStore::Exported> KeysOf(const take_over::TicketKeySet& set) {
  tls::TicketKeyStore::Exported keys;
  keys.owner = {set.listener(), set.policy(), Duration(set.rotation_interval_ns())};
  keys.state.age = Duration(set.age_ns());
  for (const take_over::TicketKey& key : set.keys()) {
    tls::TicketKey& added = keys.state.keys.emplace_back();
    if (!Copy(key.name(), added.name) || !Copy(key.mac_key(), added.mac_key) ||
        !Copy(key.cipher_key(), added.cipher_key))
      return std::nullopt;
  }
  return keys;
}

bool IsListeningStream(int fd) {
  int listening = 0;
  int type = 0;
  socklen_t length = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0) return false;
  length = sizeof type;
  return listening == 1 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         type == SOCK_STREAM;
}

// Takes descriptors from `at` on.
absl::StatusOr<InheritedSockets> SocketsOf(
    const google::protobuf::RepeatedPtrField<take_over::Sockets>& offered,
    std::span<net::Fd>& descriptors) {
  InheritedSockets sockets;
  for (const take_over::Sockets& one : offered) {
    const auto address = net::SocketAddress::Parse(one.address());
    if (!address.ok()) return address.status();
    if (one.count() > descriptors.size())
      return InvalidArgument("fewer sockets came than were announced");
    for (net::Fd& fd : descriptors.first(one.count())) {
      if (!IsListeningStream(fd.get())) {
        return InvalidArgument(
            fmt::format("what came for {} is no listening socket", address->ToString()));
      }
      sockets.Add(
          *address, std::move(fd),
          one.of_service_manager() ? SocketOrigin::kServiceManager : SocketOrigin::kPredecessor);
    }
    descriptors = descriptors.subspan(one.count());
  }
  return sockets;
}

take_over::Family& AddFamily(const stats::FamilySnapshot& family, take_over::Counters& out) {
  take_over::Family& added = *out.add_families();
  added.set_name(family.name);
  added.set_help(family.help);
  added.mutable_bounds()->Add(family.bounds.begin(), family.bounds.end());
  for (const auto& [name, value] : family.samples.front().labels) added.add_label_names(name);
  return added;
}

void AddSample(const stats::Sample& sample, take_over::Family& out) {
  take_over::Series& added = *out.add_series();
  for (const auto& [name, value] : sample.labels) added.add_label_values(value);
  if (const auto* histogram = std::get_if<stats::HistogramValue>(&sample.value)) {
    added.mutable_buckets()->Add(histogram->buckets.begin(), histogram->buckets.end());
    added.set_sum(histogram->sum);
  } else {
    added.set_count(std::get<uint64_t>(sample.value));
  }
}

std::optional<stats::Sample> SampleOf(const take_over::Family& family,
                                      const take_over::Series& series) {
  if (series.label_values_size() != family.label_names_size()) return std::nullopt;
  stats::Sample sample;
  for (int i = 0; i < family.label_names_size(); ++i)
    sample.labels.emplace_back(family.label_names(i), series.label_values(i));
  if (family.bounds().empty()) {
    sample.value = uint64_t{series.count()};
  } else {
    sample.value =
        stats::HistogramValue{{series.buckets().begin(), series.buckets().end()}, series.sum()};
  }
  return sample;
}

}  // namespace

std::string TakeOverPath(std::string_view state_directory) {
  return fmt::format("{}/takeover.sock", state_directory);
}

ChannelMessage ToChannel(const Message& message) { return {message.SerializeAsString(), {}}; }

absl::StatusOr<ChannelMessage> OfferMessage(TakeOverState state) {
  Message message;
  take_over::Offer& offer = *message.mutable_offer();
  std::vector<net::Fd> descriptors;
  offer.set_program_version(state.program_version);
  offer.set_config_version(state.config_version);
  AddSockets(state.listeners, *offer.mutable_listeners(), descriptors);
  AddSockets(state.admin, *offer.mutable_admin(), descriptors);
  for (const auto& keys : state.ticket_keys) AddKeys(keys, *offer.add_ticket_keys());
  ChannelMessage made{message.SerializeAsString(), std::move(descriptors)};
  WipeKeys(offer);
  if (made.descriptors.size() > kLimitsOfOffer.descriptors ||
      made.payload.size() > kLimitsOfOffer.size) {
    Wipe(made.payload);
    return FailedPrecondition(
        fmt::format("{} sockets are more than can be handed over; stop and start instead",
                    made.descriptors.size()));
  }
  return made;
}

absl::StatusOr<TakeOverState> StateOf(take_over::Offer& offer, std::vector<net::Fd> descriptors) {
  TakeOverState state;
  state.program_version = offer.program_version();
  state.config_version = offer.config_version();
  for (const take_over::TicketKeySet& set : offer.ticket_keys()) {
    if (auto keys = KeysOf(set)) state.ticket_keys.push_back(*std::move(keys));
  }
  WipeKeys(offer);
  std::span<net::Fd> left = descriptors;
  auto listeners = SocketsOf(offer.listeners(), left);
  if (!listeners.ok()) return listeners.status();
  auto admin = SocketsOf(offer.admin(), left);
  if (!admin.ok()) return admin.status();
  if (!left.empty()) return InvalidArgument("more sockets came than were announced");
  state.listeners = *std::move(listeners);
  state.admin = *std::move(admin);
  return state;
}

ChannelMessage ReadyMessage(std::span<const net::SocketAddress> taken) {
  Message message;
  message.mutable_ready();
  for (const net::SocketAddress& address : taken)
    message.mutable_ready()->add_taken(AddressText(address));
  return ToChannel(message);
}

absl::StatusOr<std::vector<net::SocketAddress>> TakenOf(const take_over::Ready& ready) {
  std::vector<net::SocketAddress> taken;
  for (const std::string& text : ready.taken()) {
    auto address = net::SocketAddress::Parse(text);
    if (!address.ok()) return address.status();
    taken.push_back(*std::move(address));
  }
  return taken;
}

std::vector<ChannelMessage> CountersMessages(const stats::Snapshot& counted, size_t size) {
  std::vector<ChannelMessage> messages;
  Message message;
  size_t used = 0;
  const auto finish = [&](bool more) {
    message.mutable_counters()->set_more(more);
    messages.push_back(ToChannel(message));
    message.mutable_counters()->Clear();
    used = 0;
  };
  for (const stats::FamilySnapshot& family : counted) {
    take_over::Family* out = nullptr;
    for (const stats::Sample& sample : family.samples) {
      if (used >= size) {
        finish(true);
        out = nullptr;
      }
      if (out == nullptr) {
        out = &AddFamily(family, *message.mutable_counters());
        used += out->ByteSizeLong();
      }
      AddSample(sample, *out);
      used += out->series().rbegin()->ByteSizeLong();
    }
  }
  finish(false);
  return messages;
}

stats::Snapshot CountedOf(const take_over::Counters& counters) {
  stats::Snapshot counted;
  for (const take_over::Family& family : counters.families()) {
    stats::FamilySnapshot& added = counted.emplace_back();
    added.name = family.name();
    added.help = family.help();
    added.kind = family.bounds().empty() ? stats::Kind::kCounter : stats::Kind::kHistogram;
    added.bounds = {family.bounds().begin(), family.bounds().end()};
    for (const take_over::Series& series : family.series()) {
      if (auto sample = SampleOf(family, series)) added.samples.push_back(*std::move(sample));
    }
  }
  return counted;
}

Message ParseMessage(std::string& payload) {
  Message message;
  if (!message.ParseFromString(payload)) message.Clear();
  Wipe(payload);
  return message;
}

std::string_view Explain(const net::IoResult& result) {
  if (result.ended() || result.error == net::IoError::kReset ||
      result.error == net::IoError::kTruncated)
    return "it closed the connection";
  switch (result.error) {
    case net::IoError::kTimedOut:
      return "it did not answer in time";
    case net::IoError::kCancelled:
      return "this process ends";
    case net::IoError::kProtocol:
      return "it sent a malformed message";
    case net::IoError::kResources:
      return "there are not enough file descriptors; raise the limit (ulimit -n)";
    default:
      return "the connection to it failed";
  }
}

}  // namespace culvert::server
