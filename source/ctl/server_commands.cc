#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "source/base/units.h"
#include "source/ctl/commands.h"
#include "source/ctl/human.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

std::string_view StateName(v1::ServerInfo::State state) {
  switch (state) {
    case v1::ServerInfo::SERVING:
      return "serving";
    case v1::ServerInfo::DRAINING:
      return "draining";
    default:
      return "unknown";
  }
}

int Info(const Invocation& invocation) {
  v1::ServerInfo info;
  const Outcome outcome = invocation.Call("asking the server", v1::GetInfoRequest(), &info);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(info);
  const auto age = std::chrono::system_clock::now() - ToWallTime(info.start());
  std::vector<std::string> lines = {
      fmt::format("version      {}", Printable(info.version())),
      fmt::format("state        {}", StateName(info.state())),
      fmt::format("pid          {}", info.pid()),
      fmt::format("started      {} UTC, {} ago", HumanTime(info.start()), HumanAge(age)),
      fmt::format("config       version {}", info.config_version()),
      fmt::format("workers      {}", info.workers()),
      fmt::format("connections  {}", info.connections())};
  if (!info.node_id().empty()) {
    lines.push_back(fmt::format("node         {}", Printable(info.node_id())));
  }
  if (!info.node_cluster().empty()) {
    lines.push_back(fmt::format("cluster      {}", Printable(info.node_cluster())));
  }
  invocation.console.PrintLines(lines);
  return kDone;
}

Style StyleOf(std::string_view level) {
  return level == "debug" || level == "trace" ? Style::kYellow : Style::kPlain;
}

// `LEVEL` or `COMPONENT=LEVEL`
v1::SetLogLevelRequest ReadLevel(const std::string& word) {
  v1::SetLogLevelRequest request;
  const size_t equals = word.find('=');
  if (equals != std::string::npos) request.set_component(word.substr(0, equals));
  request.set_level(equals == std::string::npos ? word : word.substr(equals + 1));
  return request;
}

int LogLevel(const Invocation& invocation) {
  v1::LogLevels levels;
  Outcome outcome;
  const auto& words = invocation.arguments.words();
  if (words.empty()) {
    outcome = invocation.Call("asking the server", v1::GetLogLevelsRequest(), &levels);
  }
  for (const std::string& word : words) {
    outcome = invocation.Call("asking the server", ReadLevel(word), &levels);
    if (!outcome.ok()) break;
  }
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(levels);
  Table table({{.title = "COMPONENT"}, {.title = "LEVEL"}});
  for (const auto& component : levels.components()) {
    table.Add({component.name(), {component.level(), StyleOf(component.level())}});
  }
  invocation.console.PrintLines(table.Lines(invocation.console.TableOptions()));
  return kDone;
}

int ReopenLogs(const Invocation& invocation) {
  v1::ReopenLogsResponse response;
  const Outcome outcome =
      invocation.Call("opening the logs again", v1::ReopenLogsRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  invocation.console.Print("access logs are open again\n");
  return kDone;
}

int Drain(const Invocation& invocation) {
  v1::DrainRequest request;
  std::string limit = "process.drain_timeout has passed";
  if (const auto text = invocation.arguments.Get("timeout")) {
    const auto timeout = ParseDuration(*text);
    if (!timeout.ok()) {
      return invocation.WrongUsage(
          fmt::format("--timeout is a duration such as 30s or 5m, not '{}'", *text));
    }
    *request.mutable_timeout() = ToProto(*timeout);
    limit = FormatDuration(*timeout) + " have passed";
  }
  v1::DrainResponse response;
  const Outcome outcome = invocation.Call("asking the server", request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  invocation.console.Print(
      fmt::format("draining: {} open; the server ends with the last of them, or when {}\n",
                  Count(response.connections(), "connection"), limit));
  return kDone;
}

int Shutdown(const Invocation& invocation) {
  v1::ShutdownResponse response;
  const Outcome outcome = invocation.Call("asking the server", v1::ShutdownRequest(), &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  invocation.console.Print(fmt::format("the server ends, and with it {}\n",
                                       Count(response.connections(), "connection")));
  return kDone;
}

}  // namespace

std::vector<Entry> ServerCommands() {
  return {
      {{"info", "tells what the server is and how it does", "culvertctl info --output json"}, Info},
      {{"log-level",
        "shows or sets how much the server logs, by component",
        "culvertctl log-level listener=debug",
        {},
        {{"[COMPONENT=]LEVEL", "trace, debug, info, warning or error", 0, SIZE_MAX}}},
       LogLevel},
      {{"reopen-logs", "opens access logs again, after they were moved", "culvertctl reopen-logs"},
       ReopenLogs},
      {{"drain",
        "takes no new connections, and ends when the last has ended",
        "culvertctl drain --timeout 5m",
        {{"timeout", '\0', "DURATION", "closes those that are left after it"}}},
       Drain},
      {{"shutdown", "closes every connection and ends the server", "culvertctl shutdown"},
       Shutdown},
  };
}

}  // namespace culvert::ctl
