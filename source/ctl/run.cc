#include "source/ctl/run.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/base/status.h"
#include "source/base/units.h"
#include "source/base/version.h"
#include "source/ctl/commands.h"
#include "source/ctl/completion.h"

namespace culvert::ctl {
namespace {

constexpr std::string_view kProgram = "culvertctl";
constexpr std::string_view kDefaultAddress = "unix:/var/lib/culvert/admin.sock";

const std::array<exe::Option, 7> kCommonOptions = {{
    {"address", '\0', "ADDRESS", "unix:PATH or HOST:PORT ($CULVERT_ADMIN_ADDRESS)"},
    {"timeout", '\0', "DURATION", "how long to wait for an answer (30s)"},
    {"output", 'o', "text|json", "for people or for programs (text)"},
    {"ca", '\0', "FILE", "TLS, with a server that these vouch for"},
    {"certificate", '\0', "FILE", "what is shown to the server"},
    {"key", '\0', "FILE", "its private key"},
    {"server-name", '\0', "NAME", "whom the server's certificate is for"},
}};

// Commands that need no server.
std::vector<Entry> LocalCommands();

std::vector<Entry> AllCommands() {
  std::vector<Entry> all;
  for (std::vector<Entry> (*group)() :
       {ConfigCommands, VersionCommands, RuntimeCommands, ConnectionCommands, StatsCommands,
        ServerCommands, LocalCommands}) {
    for (Entry& entry : group()) all.push_back(std::move(entry));
  }
  return all;
}

std::vector<exe::Command> CommandsOf(const std::vector<Entry>& entries) {
  std::vector<exe::Command> commands;
  commands.reserve(entries.size());
  for (const Entry& entry : entries) commands.push_back(entry.command);
  return commands;
}

int Completion(const Invocation& invocation) {
  const std::vector<exe::Command> commands = CommandsOf(AllCommands());
  invocation.console.Print(BashCompletion(kProgram, commands, kCommonOptions));
  return kDone;
}

int Version(const Invocation& invocation) {
  invocation.console.Print(invocation.json ? fmt::format("{{\"version\": \"{}\"}}\n", kVersion)
                                           : fmt::format("{} {}\n", kProgram, kVersion));
  return kDone;
}

std::vector<Entry> LocalCommands() {
  return {
      {{"completion",
        "prints a script that completes command lines in a shell",
        "source <(culvertctl completion bash)",
        {},
        {{"bash", "the shell"}}},
       Completion},
      {{"version", "prints the version of culvertctl", "culvertctl version"}, Version},
  };
}

absl::StatusOr<std::optional<TlsOptions>> ReadTls(const exe::Arguments& arguments,
                                                  const Address& address) {
  TlsOptions tls{.ca_file = arguments.GetCommon("ca").value_or(""),
                 .certificate_file = arguments.GetCommon("certificate").value_or(""),
                 .key_file = arguments.GetCommon("key").value_or(""),
                 .server_name = arguments.GetCommon("server-name").value_or("")};
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return InvalidArgument("--certificate and --key go together");
  }
  if (tls.ca_file.empty() && tls.certificate_file.empty() && tls.server_name.empty()) {
    return std::nullopt;
  }
  if (tls.server_name.empty()) tls.server_name = address.host;
  if (tls.server_name.empty()) {
    return InvalidArgument("TLS over a unix socket wants --server-name");
  }
  return tls;
}

absl::StatusOr<ClientOptions> ReadClientOptions(const exe::Arguments& arguments,
                                                const Console& console) {
  ClientOptions options;
  std::optional<std::string> text = arguments.GetCommon("address");
  if (!text) text = console.environment("CULVERT_ADMIN_ADDRESS");
  auto address = ParseAddress(text.value_or(std::string(kDefaultAddress)));
  if (!address.ok()) return address.status();
  options.address = *std::move(address);
  auto tls = ReadTls(arguments, options.address);
  if (!tls.ok()) return tls.status();
  options.tls = *std::move(tls);
  if (const auto timeout_text = arguments.GetCommon("timeout")) {
    const auto timeout = ParseDuration(*timeout_text);
    if (!timeout.ok() || *timeout <= Duration::zero()) {
      return InvalidArgument(
          fmt::format("--timeout is a duration such as 10s or 1.5s, not '{}'", *timeout_text));
    }
    options.timeout = *timeout;
  }
  return options;
}

}  // namespace

int Run(std::span<const std::string_view> words, const Console& console) {
  const std::vector<Entry> entries = AllCommands();
  const std::vector<exe::Command> commands = CommandsOf(entries);
  const exe::ParsedCommand parsed =
      exe::ParseCommandLine(kProgram, commands, words, kCommonOptions);
  if (parsed.command == nullptr) {
    std::FILE* const stream = parsed.exit_status == kDone ? console.out : console.err;
    std::fputs(parsed.text.c_str(), stream);
    std::fflush(stream);
    return parsed.exit_status;
  }
  auto options = ReadClientOptions(parsed.arguments, console);
  Client client(options.ok() ? *options : ClientOptions());
  const Invocation invocation{.command = parsed.command->name,
                              .arguments = parsed.arguments,
                              .console = console,
                              .client = client,
                              .json = parsed.arguments.GetCommon("output") == "json"};
  if (!options.ok()) return invocation.WrongUsage(Message(options.status()));
  const int exit_status = entries[parsed.command - commands.data()].run(invocation);
  if (std::ferror(console.out) != 0) return invocation.Fail("the output cannot be written");
  return exit_status;
}

}  // namespace culvert::ctl
