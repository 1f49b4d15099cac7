#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "source/ctl/commands.h"
#include "source/ctl/human.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

int Get(const Invocation& invocation) {
  v1::GetRequest request;
  if (!invocation.arguments.words().empty()) {
    const std::string& text = invocation.arguments.words().front();
    const auto number = ParseNumber(text);
    if (!number || *number == 0) {
      return invocation.WrongUsage(
          fmt::format("VERSION is the number of a version, not '{}'", text));
    }
    request.set_version(*number);
  }
  v1::GetResponse response;
  const Outcome outcome = invocation.Call("fetching the config", request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) {
    if (const auto text = ToJson(response, JsonForm::kSparse); text.ok()) {
      invocation.console.Print(*text);
      return kDone;
    }
    // A filter that a newer server has: its message is not known here, but stands in the YAML.
    invocation.console.Warn(
        "culvertctl get: the config has filters that this culvertctl does not know; see 'yaml'");
    response.clear_config();
    return invocation.PrintJson(response, JsonForm::kSparse);
  }
  const bool on_terminal = invocation.console.terminal(invocation.console.out).has_value();
  invocation.console.Print(on_terminal ? PrintableLines(response.yaml()) : response.yaml());
  return kDone;
}

int History(const Invocation& invocation) {
  v1::HistoryResponse response;
  const Outcome outcome = invocation.Call("fetching the history", v1::HistoryRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  Table table({{.title = "VERSION", .right = true},
               {.title = "APPLIED (UTC)"},
               {.title = "AUTHOR", .minimum = 12},
               {.title = "ORIGIN", .minimum = 16},
               {.title = "LABEL", .minimum = 16},
               {.title = "CHECKSUM", .rank = 1}});
  for (const v1::Version& version : response.versions()) {
    const bool runs = version.number() == response.running_version();
    const Style style = runs ? Style::kGreen : Style::kPlain;
    table.Add({{fmt::format("{}{}", runs ? "* " : "", version.number()), style},
               {HumanTime(version.applied()), style},
               {version.author(), style},
               {version.origin(), style},
               {version.label(), style},
               {version.checksum().substr(0, 12), style}});
  }
  invocation.console.PrintLines(table.Lines(invocation.console.TableOptions()));
  return kDone;
}

std::string VersionLine(const v1::Version& version) {
  std::string line =
      fmt::format("{} version {} by {} from {}", HumanTime(version.applied()), version.number(),
                  version.author().empty() ? "the server" : version.author(), version.origin());
  if (!version.label().empty()) line += ": " + version.label();
  return Printable(line) + "\n";
}

int Watch(const Invocation& invocation) {
  int exit_status = kDone;
  const auto pace = ReadWatchPace(invocation, &exit_status);
  if (!pace) return exit_status;
  uint64_t shown = 0;
  uint64_t last = 0;
  const Outcome outcome =
      invocation.client.Watch(v1::WatchRequest(), [&](const v1::Version& version) {
        // Told again when the watch is taken up again.
        if (version.number() == last) return true;
        last = version.number();
        if (invocation.json) {
          invocation.PrintJson(version, JsonForm::kLine);
        } else {
          invocation.console.Print(VersionLine(version));
        }
        return ++shown != pace->count;
      });
  return outcome.ok() ? kDone : invocation.Refuse(outcome);
}

}  // namespace

std::vector<Entry> VersionCommands() {
  return {
      {{"get",
        "prints the running config, or a version that is kept",
        "culvertctl get > running.yaml",
        {},
        {{"VERSION", "its number in the history (the running one)", 0, 1}}},
       Get},
      {{"history", "lists the versions that are kept, newest first", "culvertctl history"},
       History},
      {{"watch",
        "prints the running version, and each new one when it comes",
        "culvertctl watch --output json",
        {{"count", '\0', "N", "ends after so many"}}},
       Watch},
  };
}

}  // namespace culvert::ctl
