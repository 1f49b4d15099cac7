// Cancellation. A Scope is the life of one piece of work (a connection, a worker, one attempt to
// connect): whatever a coroutine of it waits for can be ended from outside, and every later wait
// ends at once. A scope belongs to one event loop and its thread. Scopes nest: cancelling one
// cancels those inside it.
#ifndef CULVERT_SOURCE_NET_SCOPE_H_
#define CULVERT_SOURCE_NET_SCOPE_H_

#include <cstdint>

namespace culvert::net {

class EventLoop;
class Scope;

enum class CancelReason : uint8_t {
  kNone,
  kShutdown,    // the process ends
  kDrained,     // the time that its chain had left is over
  kLifetime,    // the connection was allowed to live so long
  kKilled,      // somebody asked for it
  kSuperseded,  // another attempt won
};

// Something that a scope can end: a wait, or a scope within.
class Cancellable {
 public:
  Cancellable() = default;
  Cancellable(const Cancellable&) = delete;
  Cancellable& operator=(const Cancellable&) = delete;

 protected:
  ~Cancellable() { Leave(); }
  void Enter(Scope& scope);
  void Leave();

 private:
  friend class Scope;
  virtual void OnCancel(CancelReason reason) = 0;

  Scope* scope_ = nullptr;
  Cancellable* previous_ = nullptr;
  Cancellable* next_ = nullptr;
};

class Scope final : public Cancellable {
 public:
  explicit Scope(EventLoop& loop) : loop_(loop) {}
  // A scope within `parent`, which must outlive it.
  // NOLINTNEXTLINE(google-explicit-constructor): no copy, though it has the form of one.
  explicit Scope(Scope& parent) : loop_(parent.loop_), reason_(parent.reason_) { Enter(parent); }

  // Ends every wait of this scope and of those within. The coroutines go on from the loop, not from
  // inside this call. The first reason stays.
  void Cancel(CancelReason reason);

  bool cancelled() const { return reason_ != CancelReason::kNone; }
  CancelReason reason() const { return reason_; }
  EventLoop& loop() const { return loop_; }

 private:
  friend class Cancellable;
  void OnCancel(CancelReason reason) override { Cancel(reason); }

  EventLoop& loop_;
  Cancellable* first_ = nullptr;
  CancelReason reason_ = CancelReason::kNone;
};

inline void Cancellable::Enter(Scope& scope) {
  scope_ = &scope;
  previous_ = nullptr;
  next_ = scope.first_;
  if (next_ != nullptr) next_->previous_ = this;
  scope.first_ = this;
}

inline void Cancellable::Leave() {
  if (scope_ == nullptr) return;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    scope_->first_ = next_;
  }
  if (next_ != nullptr) next_->previous_ = previous_;
  scope_ = nullptr;
}

inline void Scope::Cancel(CancelReason reason) {
  if (!cancelled()) reason_ = reason;
  while (Cancellable* inner = first_) {
    inner->Leave();
    inner->OnCancel(reason_);
  }
}

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_SCOPE_H_
