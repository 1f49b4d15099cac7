// What a process hands to its successor beside its counters, as plain values. Made by the old
// process, consumed by the new one, on their main threads.
#ifndef CULVERT_SOURCE_SERVER_TAKE_OVER_STATE_H_
#define CULVERT_SOURCE_SERVER_TAKE_OVER_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/server/inherited_sockets.h"
#include "source/tls/ticket_key_store.h"

namespace culvert::server {

struct TakeOverState {
  // Who gives it. Filled in for the successor; the giver need not.
  pid_t pid = 0;
  std::string program_version;
  InheritedSockets listeners;
  // Those of the admin API: one at most.
  InheritedSockets admin;
  // The version of the config that runs; 0: none is kept.
  uint64_t config_version = 0;
  std::vector<tls::TicketKeyStore::Exported> ticket_keys;
};

// Where a process waits for its successor.
std::string TakeOverPath(std::string_view state_directory);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_TAKE_OVER_STATE_H_
