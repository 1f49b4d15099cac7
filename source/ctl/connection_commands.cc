#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "source/ctl/commands.h"
#include "source/ctl/human.h"
#include "source/ctl/screen.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

using Connections = google::protobuf::RepeatedPtrField<v1::Connection>;

// At the width of a common terminal a list has totals and a watch has rates.
Table MakeTable(const Connections& connections, bool watch) {
  const int totals = watch ? 4 : 1;
  const int rates = watch ? 1 : 4;
  Table table({{.title = "ID", .right = true},
               {.title = "LISTENER", .rank = 5, .minimum = 8},
               {.title = "USER", .minimum = 5},
               {.title = "SOURCE", .minimum = 12},
               {.title = "DESTINATION", .minimum = 20},
               {.title = "PHASE", .rank = 2, .minimum = 7},
               {.title = "AGE", .right = true, .rank = 3},
               {.title = "IN", .right = true, .rank = totals},
               {.title = "OUT", .right = true, .rank = totals},
               {.title = "IN/S", .right = true, .rank = rates},
               {.title = "OUT/S", .right = true, .rank = rates}});
  const WallTime now = std::chrono::system_clock::now();
  for (const v1::Connection& connection : connections) {
    table.Add({std::to_string(connection.id()), connection.listener(), connection.user(),
               connection.source(), connection.destination(), connection.phase(),
               HumanAge(now - ToWallTime(connection.start())),
               ShortSize(static_cast<double>(connection.bytes_received())),
               ShortSize(static_cast<double>(connection.bytes_sent())),
               ShortSize(connection.receive_rate()), ShortSize(connection.send_rate())});
  }
  return table;
}

std::string Heading(const Connections& connections) {
  double received = 0;
  double sent = 0;
  for (const v1::Connection& connection : connections) {
    received += connection.receive_rate();
    sent += connection.send_rate();
  }
  return fmt::format("{}, {} in, {} out", Count(connections.size(), "connection"),
                     HumanRate(received), HumanRate(sent));
}

v1::ConnectionFilter ReadFilter(const Invocation& invocation) {
  v1::ConnectionFilter filter;
  filter.set_listener(invocation.Text("listener"));
  filter.set_user(invocation.Text("user"));
  filter.set_source(invocation.Text("source"));
  filter.set_destination(invocation.Text("destination"));
  filter.set_phase(invocation.Text("phase"));
  return filter;
}

int WatchTunnels(const Invocation& invocation, uint32_t limit) {
  int exit_status = kDone;
  const auto pace = ReadWatchPace(invocation, &exit_status);
  if (!pace) return exit_status;
  v1::WatchConnectionsRequest request;
  *request.mutable_filter() = ReadFilter(invocation);
  request.set_limit(limit);
  *request.mutable_interval() = ToProto(pace->interval);
  Screen screen(invocation.console);
  uint64_t shown = 0;
  v1::ListConnectionsResponse list;
  const auto show = [&](const v1::ListConnectionsResponse& page) {
    list.MergeFrom(page);
    if (!list.complete()) return true;
    if (invocation.json) {
      invocation.PrintJson(list, JsonForm::kLine);
    } else {
      // The busiest on top: these are looked for, and not all may fit.
      std::ranges::stable_sort(*list.mutable_connections(), std::ranges::greater(),
                               [](const v1::Connection& connection) {
                                 return connection.receive_rate() + connection.send_rate();
                               });
      screen.Draw(Heading(list.connections()), MakeTable(list.connections(), true));
    }
    list.Clear();
    return ++shown != pace->count;
  };
  const Outcome outcome = invocation.client.Watch(request, show);
  return outcome.ok() ? kDone : invocation.Refuse(outcome);
}

int Tunnels(const Invocation& invocation) {
  uint32_t limit = 0;
  if (const auto text = invocation.arguments.Get("limit")) {
    const auto number = ParseNumber(*text);
    if (!number || *number == 0 || *number > UINT32_MAX) {
      return invocation.WrongUsage(fmt::format("--limit is a number from 1, not '{}'", *text));
    }
    limit = static_cast<uint32_t>(*number);
  }
  if (invocation.arguments.Has("watch")) return WatchTunnels(invocation, limit);
  v1::ListConnectionsRequest request;
  *request.mutable_filter() = ReadFilter(invocation);
  request.set_limit(limit);
  v1::ListConnectionsResponse response;
  const Outcome outcome = invocation.Call("fetching the connections", request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  const Table table = MakeTable(response.connections(), false);
  invocation.console.PrintLines(table.Lines(invocation.console.TableOptions()));
  return kDone;
}

int Kill(const Invocation& invocation) {
  const auto& words = invocation.arguments.words();
  if (words.empty() != invocation.arguments.Has("user")) {
    return invocation.WrongUsage("wants either the IDs of connections or --user NAME");
  }
  std::vector<v1::KillRequest> requests;
  if (words.empty()) requests.emplace_back().set_user(invocation.Text("user"));
  for (const std::string& word : words) {
    const auto id = ParseNumber(word);
    if (!id) {
      return invocation.WrongUsage(
          fmt::format("ID is the number of a connection, as in tunnels, not '{}'", word));
    }
    requests.emplace_back().set_id(*id);
  }
  v1::KillResponse total;
  int exit_status = kDone;
  for (const v1::KillRequest& request : requests) {
    v1::KillResponse response;
    const Outcome outcome = invocation.Call("ending connections", request, &response);
    if (!outcome.ok()) exit_status = invocation.Refuse(outcome);
    total.set_killed(total.killed() + response.killed());
  }
  if (invocation.json) {
    const int printed = invocation.PrintJson(total);
    return printed != kDone ? printed : exit_status;
  }
  if (exit_status == kDone || total.killed() > 0) {
    invocation.console.Print(fmt::format("ended {}\n", Count(total.killed(), "connection")));
  }
  return exit_status;
}

}  // namespace

std::vector<Entry> ConnectionCommands() {
  return {
      {{"tunnels",
        "lists connections and the tunnels that they carry",
        "culvertctl tunnels --watch --user alice",
        {kWatchOption,
         {"user", 'u', "NAME", "only those of this user"},
         {"listener", 'l', "NAME", "only those at this listener"},
         {"source", '\0', "ADDRESS", "only those from this address"},
         {"destination", '\0', "TEXT", "only those to where this is part of"},
         {"phase", '\0', "chain_match|tls_handshake|request|auth|connect|tunnel|response",
          "only those that are there"},
         {"limit", 'n', "N", "no more than so many"},
         kIntervalOption,
         kCountOption}},
       Tunnels},
      {{"kill",
        "ends connections, by ID or all of a user",
        "culvertctl kill 4711",
        {{"user", 'u', "NAME", "every connection of this user"}},
        {{"ID", "the number of a connection, as tunnels lists it", 0, SIZE_MAX}}},
       Kill},
  };
}

}  // namespace culvert::ctl
