// The `culvert` program: run, validate, version.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extensions/registry.h"
#include "source/admin/admin_server.h"
#include "source/base/log.h"
#include "source/base/status.h"
#include "source/base/version.h"
#include "source/exe/command_line.h"
#include "source/server/server.h"

namespace culvert::exe {
namespace {

constexpr uint32_t kMostWorkers = 256;

const std::array<Command, 3> kCommands = {{
    {"run",
     "serves the config until it gets SIGTERM, then drains; SIGHUP reads the file again, SIGUSR1 "
     "opens logs again, SIGUSR2 starts the program anew to take over",
     "culvert run -c /etc/culvert/proxy.yaml",
     {{"config", 'c', "FILE", "the config: .yaml, .yml, .json, .textproto or .pb", true},
      {"workers", '\0', "N", "event loops, instead of process.workers; 0: one a CPU"},
      {"log-level", '\0', "LEVEL", "trace, debug, info, warning or error (info)"},
      {"start-from", '\0', "WHICH",
       "last-applied: what the admin API applied last, if the state directory has it; or file "
       "(last-applied)"},
      {"take-over", '\0', "", "takes sockets and state over from the process that serves now"}}},
    {"validate",
     "does all that run would do short of listening, and says what is wrong",
     "culvert validate -c proxy.yaml",
     {{"config", 'c', "FILE", "the config: .yaml, .yml, .json, .textproto or .pb", true}}},
    {"version",
     "prints the version",
     "culvert version --output json",
     {{"output", '\0', "FORMAT", "text or json (text)"}}},
}};

int WrongUsage(std::string_view command, std::string_view message) {
  fmt::print(stderr, "culvert {}: {}; see culvert {} --help\n", command, message, command);
  return 2;
}

int Run(const Arguments& arguments, server::ProgramStart program) {
  server::Server::Options options;
  options.config_file = *arguments.Get("config");
  options.take_over = arguments.Has("take-over");
  options.program = std::move(program);
  if (const auto text = arguments.Get("workers")) {
    uint32_t workers = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), workers);
    if (error != std::errc() || end != text->data() + text->size() || workers > kMostWorkers) {
      return WrongUsage(
          "run", fmt::format("--workers is a number from 0 to {}, not '{}'", kMostWorkers, *text));
    }
    options.workers = workers;
  }
  if (const auto text = arguments.Get("log-level")) {
    const auto level = log::ParseLevel(*text);
    if (!level) {
      return WrongUsage(
          "run",
          fmt::format("--log-level is trace, debug, info, warning or error, not '{}'", *text));
    }
    log::SetLevel(*level);
  }
  if (const auto text = arguments.Get("start-from")) {
    const auto start_from = server::ParseStartFrom(*text);
    if (!start_from) {
      return WrongUsage("run",
                        fmt::format("--start-from is last-applied or file, not '{}'", *text));
    }
    options.start_from = *start_from;
  }
  const filter::Registry registry = extensions::MakeRegistry();
  options.make_admin_api = [&registry](server::Control& control, const config::v1::Admin& config) {
    admin::AdminServer::Options limits = admin::AdminServer::Options::Of(config);
    limits.filter_names = registry.Names();
    return std::make_unique<admin::AdminServer>(control, std::move(limits));
  };
  return server::Server(registry, std::move(options)).Run();
}

int Validate(const Arguments& arguments) {
  const std::string file = *arguments.Get("config");
  const filter::Registry registry = extensions::MakeRegistry();
  auto process = server::Process::Create(registry, 1);
  if (!process.ok()) {
    fmt::print(stderr, "{}\n", Message(process.status()));
    return 1;
  }
  const server::LoadedConfig loaded = (*process)->Load(file);
  if (loaded.snapshot == nullptr) {
    std::fputs(config::ToString(loaded.errors).c_str(), stderr);
    return 1;
  }
  const size_t listeners = loaded.snapshot->listeners.size();
  const size_t clusters = loaded.snapshot->clusters.size();
  fmt::print("{}: ok: {} listener{}, {} cluster{}\n", file, listeners, listeners == 1 ? "" : "s",
             clusters, clusters == 1 ? "" : "s");
  return 0;
}

int Version(const Arguments& arguments) {
  const std::string output = arguments.Get("output").value_or("text");
  if (output == "json") {
    fmt::print("{{\"version\": \"{}\", \"tls\": \"BoringSSL\"}}\n", kVersion);
  } else if (output == "text") {
    fmt::print("culvert {} (BoringSSL)\n", kVersion);
  } else {
    return WrongUsage("version", fmt::format("--output is text or json, not '{}'", output));
  }
  return 0;
}

int Main(const std::vector<std::string_view>& words, server::ProgramStart program) {
  const ParsedCommand parsed = ParseCommandLine("culvert", kCommands, words);
  if (parsed.command == nullptr) {
    std::fputs(parsed.text.c_str(), parsed.exit_status == 0 ? stdout : stderr);
    return parsed.exit_status;
  }
  if (parsed.command->name == "run") return Run(parsed.arguments, std::move(program));
  if (parsed.command->name == "validate") return Validate(parsed.arguments);
  return Version(parsed.arguments);
}

}  // namespace
}  // namespace culvert::exe

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  return culvert::exe::Main({argv + 1, argv + argc}, culvert::server::RememberStart(arguments));
}
