// One command as it was given, with what it works with. Made by Run(); the main thread's.
#ifndef CULVERT_SOURCE_CTL_INVOCATION_H_
#define CULVERT_SOURCE_CTL_INVOCATION_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source/ctl/client.h"
#include "source/ctl/console.h"
#include "source/ctl/json.h"
#include "source/ctl/progress.h"
#include "source/exe/command_line.h"

namespace culvert::ctl {

// What commands return: exit statuses.
inline constexpr int kDone = 0;
inline constexpr int kNo = 1;
inline constexpr int kWrongUsage = 2;

struct Invocation {
  std::string_view command;
  const exe::Arguments& arguments;
  const Console& console;
  Client& client;
  bool json = false;

  // Says `message` and where help is.
  int WrongUsage(std::string_view message) const;
  // Says why a call did not do what it was asked for: errors of a config one per line, as
  // `FILE:LINE:COLUMN: PATH: MESSAGE`, and as JSON too where that is asked for.
  int Refuse(const Outcome& outcome) const;
  // Says what is wrong on this side.
  int Fail(std::string_view message) const;
  int PrintJson(const google::protobuf::Message& message,
                JsonForm form = JsonForm::kIndented) const;

  // `doing` is what is said of a call that takes long: `applying proxy.yaml`.
  template <class Request, class Response>
  Outcome Call(std::string doing, const Request& request, Response* response) const {
    const Progress progress(console, std::move(doing));
    return client.Call(request, response);
  }

  // The value of an option, or empty.
  std::string Text(std::string_view option) const { return arguments.Get(option).value_or(""); }
};

// A command and what carries it out.
struct Entry {
  exe::Command command;
  int (*run)(const Invocation&) = nullptr;
};

// A whole number without a sign.
std::optional<uint64_t> ParseNumber(std::string_view text);

// Options that more than one command has.
inline constexpr exe::Option kWatchOption = {"watch", 'w', "", "shows it again and again"};
inline constexpr exe::Option kIntervalOption = {"interval", '\0', "DURATION",
                                                "between two looks, with --watch (1s)"};
inline constexpr exe::Option kCountOption = {"count", '\0', "N", "ends --watch after so many"};

// How a watch goes, by these options.
struct WatchPace {
  Duration interval = std::chrono::seconds(1);
  std::optional<uint64_t> count;
};
// Nothing if an option is wrong; `exit_status` is to be returned then.
std::optional<WatchPace> ReadWatchPace(const Invocation& invocation, int* exit_status);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_INVOCATION_H_
