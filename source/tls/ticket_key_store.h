// The session ticket keys of a process: they belong to a listener and to what its clients have to
// show, not to one config, so that clients resume their sessions after a reload, and after another
// process has taken over. Owned by the process; main thread.
#ifndef CULVERT_SOURCE_TLS_TICKET_KEY_STORE_H_
#define CULVERT_SOURCE_TLS_TICKET_KEY_STORE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "source/base/time.h"
#include "source/tls/ticket_keys.h"

namespace culvert::tls {

class TicketKeyStore {
 public:
  // Who shares keys. A ticket resumes only where it was made, so all that must not change between
  // the two handshakes is in here.
  struct Owner {
    std::string listener;
    // ResumptionPolicyOf() of the options.
    std::string policy;
    Duration rotation_interval;

    friend auto operator<=>(const Owner&, const Owner&) = default;
  };
  // For a process that takes over. Holds secrets.
  struct Exported {
    Owner owner;
    TicketKeys::State state;
  };

  // The owner's keys, new ones if there are none. They are kept for as long as somebody has them.
  std::shared_ptr<TicketKeys> Get(const Owner& owner, TimePoint now);

  // All that are in use.
  std::vector<Exported> Export(TimePoint now);
  // Held until somebody asks for them, or they are too old to open a ticket. Passes over what
  // Export() would not give, and owners that have keys.
  void Import(std::vector<Exported> keys, TimePoint now);

 private:
  struct Entry {
    std::weak_ptr<TicketKeys> keys;
    // Of imported ones.
    std::shared_ptr<TicketKeys> held;
    TimePoint hold_until;
  };

  void RemoveUnused(TimePoint now);

  std::map<Owner, Entry> entries_;
  // How many entries there may be before it is worth a look which are unused.
  size_t next_look_ = 64;
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_TICKET_KEY_STORE_H_
