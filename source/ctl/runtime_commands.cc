#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "source/ctl/commands.h"
#include "source/ctl/human.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

constexpr auto kSoon = std::chrono::hours(14 * 24);

int Print(const Invocation& invocation, const Table& table) {
  invocation.console.PrintLines(table.Lines(invocation.console.TableOptions()));
  return kDone;
}

int Listeners(const Invocation& invocation) {
  v1::ListListenersResponse response;
  const Outcome outcome =
      invocation.Call("fetching the listeners", v1::ListListenersRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  Table table({{.title = "NAME", .minimum = 12},
               {.title = "ADDRESS", .minimum = 15},
               {.title = "CHAINS", .right = true, .rank = 2},
               {.title = "ACTIVE", .right = true},
               {.title = "TOTAL", .right = true, .rank = 1},
               {.title = "IN", .right = true, .rank = 3},
               {.title = "OUT", .right = true, .rank = 3}});
  for (const v1::Listener& listener : response.listeners()) {
    const std::string& bound = listener.bound_address();
    table.Add({listener.name(), bound.empty() ? listener.address() : bound,
               std::to_string(listener.filter_chains()),
               std::to_string(listener.connections_active()),
               std::to_string(listener.connections_total()),
               HumanSize(static_cast<double>(listener.bytes_received())),
               HumanSize(static_cast<double>(listener.bytes_sent()))});
  }
  return Print(invocation, table);
}

int Clusters(const Invocation& invocation) {
  v1::ListClustersResponse response;
  const Outcome outcome =
      invocation.Call("fetching the clusters", v1::ListClustersRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  Table table({{.title = "CLUSTER", .minimum = 12},
               {.title = "ENDPOINT", .minimum = 18},
               {.title = "STATE"},
               {.title = "ACTIVE", .right = true},
               {.title = "CONNECTS", .right = true, .rank = 1},
               {.title = "FAILED", .right = true, .rank = 1},
               {.title = "BALANCING", .rank = 2}});
  for (const v1::Cluster& cluster : response.clusters()) {
    if (cluster.endpoints().empty()) {
      table.Add({cluster.name(), "", "", "", "", "", cluster.load_balancing()});
    }
    for (const v1::Endpoint& endpoint : cluster.endpoints()) {
      const uint64_t failures = endpoint.connect_failures_total();
      table.Add({cluster.name(), endpoint.address(),
                 endpoint.ejected() ? Cell("ejected", Style::kRed) : Cell("ok", Style::kGreen),
                 std::to_string(endpoint.connections_active()),
                 std::to_string(endpoint.connects_total()), std::to_string(failures),
                 cluster.load_balancing()});
    }
  }
  return Print(invocation, table);
}

Cell Expiry(const v1::Certificate& certificate, WallTime now) {
  const WallTime end = ToWallTime(certificate.not_after());
  if (ToWallTime(certificate.not_before()) > now) return {"not valid yet", Style::kRed};
  if (end < now) return {fmt::format("{} ago", HumanAge(now - end)), Style::kRed};
  return {fmt::format("in {}", HumanAge(end - now)),
          end - now < kSoon ? Style::kYellow : Style::kPlain};
}

int Certificates(const Invocation& invocation) {
  v1::ListCertificatesResponse response;
  const Outcome outcome =
      invocation.Call("fetching the certificates", v1::ListCertificatesRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  std::ranges::stable_sort(*response.mutable_certificates(), {},
                           [](const v1::Certificate& c) { return c.not_after().seconds(); });
  Table table({{.title = "LISTENER", .minimum = 8},
               {.title = "EXPIRES"},
               {.title = "NAMES", .minimum = 16},
               {.title = "KEY", .rank = 1},
               {.title = "FILE", .minimum = 16},
               {.title = "SUBJECT", .rank = 3, .minimum = 16},
               {.title = "ISSUER", .rank = 4, .minimum = 16},
               {.title = "FINGERPRINT", .rank = 2}});
  const WallTime now = std::chrono::system_clock::now();
  for (const v1::Certificate& certificate : response.certificates()) {
    table.Add({certificate.listener(), Expiry(certificate, now),
               fmt::format("{}", fmt::join(certificate.alternative_names(), ",")),
               certificate.key(), certificate.file(), certificate.subject(), certificate.issuer(),
               certificate.fingerprint().substr(0, 16)});
  }
  return Print(invocation, table);
}

}  // namespace

std::vector<Entry> RuntimeCommands() {
  return {
      {{"listeners", "lists what is listened on, and how much it is used", "culvertctl listeners"},
       Listeners},
      {{"clusters", "lists clusters, their endpoints and how these do", "culvertctl clusters"},
       Clusters},
      {{"certs", "lists the certificates that listeners show, by expiry", "culvertctl certs"},
       Certificates},
  };
}

}  // namespace culvert::ctl
