#include "source/ctl/progress.h"

#include <fmt/format.h>

#include <utility>

#include "source/ctl/human.h"
#include "source/ctl/text.h"

namespace culvert::ctl {

Progress::Progress(const Console& console, std::string what, std::chrono::milliseconds patience)
    : console_(console), what_(Printable(what)) {
  if (!console_.terminal(console_.err)) return;
  thread_ = std::thread([this, patience] { Run(patience); });
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Progress::Run(std::chrono::milliseconds patience) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, patience, [this] { return done_; })) return;
  do {
    const std::string age = HumanAge(std::chrono::steady_clock::now() - start);
    const size_t columns = console_.terminal(console_.err).value_or(Terminal()).columns;
    const std::string line = fmt::format("{} ... {}", what_, age);
    fmt::print(console_.err, "\r{}\x1b[K", Shorten(line, columns - 1));
    std::fflush(console_.err);
  } while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return done_; }));
  fmt::print(console_.err, "\r\x1b[K");
  std::fflush(console_.err);
}

}  // namespace culvert::ctl
