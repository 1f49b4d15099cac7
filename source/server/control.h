// How other threads reach the server: the admin API's way in. Owned by the server; any thread but
// the main one.
#ifndef CULVERT_SOURCE_SERVER_CONTROL_H_
#define CULVERT_SOURCE_SERVER_CONTROL_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "source/base/time.h"
#include "source/net/event_loop.h"

namespace culvert::server {

class Server;

class Control {
 public:
  Control(net::EventLoop& main_loop, Server& server) : loop_(main_loop), server_(server) {}

  // Runs `function(Server&)` on the main thread and waits for what it returns (not void). Nothing
  // if the deadline passes first, or the server has closed. A function that has not begun by then
  // is not run; one that has goes on to its end. It must own what it refers to.
  template <class Function>
  auto OnMain(TimePoint deadline, Function function)
      -> std::optional<decltype(function(std::declval<Server&>()))> {
    using Result = decltype(function(std::declval<Server&>()));
    struct Call {
      Function function;
      std::optional<Result> result;
      bool given_up = false;
    };
    auto call = std::make_shared<Call>(Call{std::move(function), std::nullopt});
    std::unique_lock lock(mutex_);
    if (closed_) return std::nullopt;
    loop_.Post([this, call] {
      {
        std::scoped_lock check(mutex_);
        if (call->given_up || closed_) return;
      }
      Result result = call->function(server_);
      std::scoped_lock store(mutex_);
      call->result = std::move(result);
      changed_.notify_all();
    });
    changed_.wait_until(lock, deadline, [&] { return call->result.has_value() || closed_; });
    call->given_up = true;
    return std::move(call->result);
  }

  // On the main thread, before it stops: whoever waits is let go.
  void Close() {
    std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  net::EventLoop& loop_;
  Server& server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONTROL_H_
