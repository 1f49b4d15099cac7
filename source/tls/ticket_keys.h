// The keys that session tickets are sealed with: one set for all workers of a listener, so that a
// client that comes back to another worker still resumes. A new key takes over at an interval;
// tickets of the ones before are taken until they are too old (RFC 5077, section 5.5). Shared by
// the workers: every call may come from any of them.
#ifndef CULVERT_SOURCE_TLS_TICKET_KEYS_H_
#define CULVERT_SOURCE_TLS_TICKET_KEYS_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "source/base/time.h"

namespace culvert::tls {

// Leaves nothing behind in memory when it goes.
struct TicketKey {
  std::array<uint8_t, 16> name;
  std::array<uint8_t, 32> mac_key;
  std::array<uint8_t, 32> cipher_key;

  ~TicketKey();
};

class TicketKeys {
 public:
  static constexpr size_t kMostKeys = 3;

  // What another process needs to go on with the same keys.
  struct State {
    std::vector<TicketKey> keys;  // newest first, 1 to kMostKeys
    // Since the newest one took over.
    Duration age;
  };

  // A key seals tickets for one interval, which is not 0, and opens them for the two after it.
  TicketKeys(Duration rotation_interval, TimePoint now);
  TicketKeys(Duration rotation_interval, State state, TimePoint now);

  // The key that seals tickets now; makes a new one when its time has come.
  TicketKey Current(TimePoint now);

  // The key with this name, and whether tickets should be renewed because it is no longer the
  // current one.
  struct Found {
    TicketKey key;
    bool renew;
  };
  std::optional<Found> Find(std::span<const uint8_t> name, TimePoint now);

  State Export(TimePoint now);

 private:
  void RotateIfDue(TimePoint now);

  const Duration interval_;
  std::mutex mutex_;
  std::vector<TicketKey> keys_;  // newest first; guarded by mutex_
  TimePoint made_;               // when keys_[0] took over; guarded by mutex_
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_TICKET_KEYS_H_
