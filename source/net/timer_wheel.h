// Timers of one event loop: a hierarchical wheel of 1 ms ticks. Arming and disarming are a few
// instructions and never a system call, so that every read may have a deadline.
// One thread; a timer is owned by whoever arms it and leaves the wheel when it is destroyed.
#ifndef CULVERT_SOURCE_NET_TIMER_WHEEL_H_
#define CULVERT_SOURCE_NET_TIMER_WHEEL_H_

#include <array>
#include <cstdint>
#include <optional>

#include "source/base/time.h"

namespace culvert::net {

class TimerWheel;

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }

  bool armed() const { return wheel_ != nullptr; }
  void Disarm();

 protected:
  // Runs once on the loop's thread, disarmed; may arm again.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;
  TimerWheel* wheel_ = nullptr;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  uint64_t tick_ = 0;
  uint8_t level_ = 0;  // where it is linked: `tick_` alone no longer says so once time has moved on
  uint8_t slot_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start) : start_(start) {}

  // Fires `timer` at the first tick that is not before `when`; re-arms one that is armed. kNever
  // disarms.
  void Arm(Timer& timer, TimePoint when);

  // Fires all that are due.
  void Advance(TimePoint now);

  // When Advance has something to do next: not later than the first timer, at times earlier.
  std::optional<TimePoint> NextExpiry() const;

 private:
  friend class Timer;
  static constexpr int kLevels = 6;
  static constexpr int kSlotBits = 6;
  static constexpr int kSlots = 1 << kSlotBits;
  // Half of a turn of the highest level, about a year: more could not be told from the past.
  static constexpr uint64_t kReach = uint64_t{1} << (kLevels * kSlotBits - 1);
  struct Level {
    uint64_t occupied = 0;
    std::array<Timer*, kSlots> slots{};
  };

  struct Place {
    int level;
    int slot;
  };
  Place PlaceOf(uint64_t tick) const;
  std::optional<uint64_t> NextTick(Place* place) const;
  void Insert(Timer& timer);
  void Unlink(Timer& timer);
  void Expire(Place place, uint64_t now_tick);

  TimePoint start_;
  uint64_t elapsed_ = 0;  // ticks that are behind us
  std::array<Level, kLevels> levels_;
};

inline void Timer::Disarm() {
  if (wheel_ != nullptr) wheel_->Unlink(*this);
}

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_TIMER_WHEEL_H_
