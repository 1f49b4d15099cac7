// The commands of culvertctl, by what they are about. Each returns an exit status.
#ifndef CULVERT_SOURCE_CTL_COMMANDS_H_
#define CULVERT_SOURCE_CTL_COMMANDS_H_

#include <vector>

#include "source/ctl/invocation.h"

namespace culvert::ctl {

std::vector<Entry> ConfigCommands();      // apply, validate, diff, rollback
std::vector<Entry> VersionCommands();     // get, history, watch
std::vector<Entry> RuntimeCommands();     // listeners, clusters, certs
std::vector<Entry> ConnectionCommands();  // tunnels, kill
std::vector<Entry> StatsCommands();       // stats
std::vector<Entry> ServerCommands();      // info, log-level, reopen-logs, drain, shutdown

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_COMMANDS_H_
