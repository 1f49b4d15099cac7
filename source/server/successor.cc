#include "source/server/successor.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "source/base/status.h"
#include "source/net/event_loop.h"
#include "source/net/task.h"

namespace culvert::server {
namespace {

// As execvp would find it.
std::string FindInPath(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    const std::filesystem::path file = std::filesystem::path(folder) / name;
    if (!folder.empty() && access(file.c_str(), X_OK) == 0) return file.string();
  }
  return "";
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentOfChild() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    // The sockets come by the take-over.
    if (!std::string_view(*variable).starts_with("LISTEN_")) variables.emplace_back(*variable);
  }
  return variables;
}

std::string Describe(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exited with status {}", info.si_status);
  return fmt::format("was killed by signal {} ({})", info.si_status, strsignal(info.si_status));
}

net::Task<void> WaitForEnd(net::Fd process, pid_t pid, std::function<void(std::string)> on_end) {
  net::Scope& scope = co_await net::CurrentScope();
  net::FdEvents events;
  events.readable.Clear();
  if (!scope.loop().Watch(process.get(), events)) co_return;
  while (true) {
    const net::WaitOutcome outcome = co_await net::Wait(kNever, &events.readable);
    if (outcome != net::WaitOutcome::kReady) co_return;
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0) co_return;
    if (info.si_pid == pid) {
      on_end(Describe(info));
      co_return;
    }
    events.readable.Clear();
  }
}

}  // namespace

ProgramStart RememberStart(std::span<const char* const> arguments) {
  ProgramStart program;
  program.arguments.assign(arguments.begin(), arguments.end());
  const std::string name = program.arguments.empty() ? "" : program.arguments.front();
  std::error_code error;
  if (name.find('/') != name.npos) {
    program.path = std::filesystem::absolute(name, error).string();
  } else if (!name.empty()) {
    program.path = FindInPath(name);
  }
  if (program.path.empty()) {
    program.path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  }
  return program;
}

absl::StatusOr<pid_t> StartSuccessor(const ProgramStart& program, std::string_view option,
                                     net::Scope& scope, std::function<void(std::string)> on_end) {
  std::vector<std::string> arguments = program.arguments;
  if (std::ranges::find(arguments, option) == arguments.end()) arguments.emplace_back(option);
  std::vector<std::string> environment = EnvironmentOfChild();
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t ignored;
  sigemptyset(&none);
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.path.c_str(), nullptr, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return FailedPrecondition(
        fmt::format("cannot start {}: {}", program.path, std::strerror(error)));
  }
  // No other child can have got the number: this one has not been waited for.
  net::Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process.valid()) {
    net::Spawn(scope, WaitForEnd(std::move(process), pid, std::move(on_end)), [] {});
  }
  return pid;
}

}  // namespace culvert::server
