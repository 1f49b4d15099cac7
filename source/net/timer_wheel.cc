#include "source/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace culvert::net {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(1);

}  // namespace

TimerWheel::Place TimerWheel::PlaceOf(uint64_t tick) const {
  // The highest bit in which the tick differs from now decides the level: everything below it will
  // have come round to zero when the slot is reached.
  const uint64_t difference = (tick ^ elapsed_) | (kSlots - 1);
  const int level = std::min((63 - std::countl_zero(difference)) / kSlotBits, kLevels - 1);
  return {level, static_cast<int>((tick >> (level * kSlotBits)) & (kSlots - 1))};
}

void TimerWheel::Arm(Timer& timer, TimePoint when) {
  timer.Disarm();
  if (when == kNever) return;
  const Duration delta = std::max(when, start_) - start_;
  const uint64_t tick = static_cast<uint64_t>(delta / kTick) + (delta % kTick != Duration::zero());
  timer.tick_ = std::max(tick, elapsed_ + 1);
  Insert(timer);
}

void TimerWheel::Insert(Timer& timer) {
  // One that is further away than the wheel reaches is put as far as that, and then again.
  const Place place = PlaceOf(std::min(timer.tick_, elapsed_ + kReach));
  Level& level = levels_[place.level];
  timer.wheel_ = this;
  timer.level_ = static_cast<uint8_t>(place.level);
  timer.slot_ = static_cast<uint8_t>(place.slot);
  timer.previous_ = nullptr;
  timer.next_ = level.slots[place.slot];
  if (timer.next_ != nullptr) timer.next_->previous_ = &timer;
  level.slots[place.slot] = &timer;
  level.occupied |= uint64_t{1} << place.slot;
}

void TimerWheel::Unlink(Timer& timer) {
  if (timer.next_ != nullptr) timer.next_->previous_ = timer.previous_;
  if (timer.previous_ != nullptr) {
    timer.previous_->next_ = timer.next_;
  } else {
    Level& level = levels_[timer.level_];
    level.slots[timer.slot_] = timer.next_;
    if (timer.next_ == nullptr) level.occupied &= ~(uint64_t{1} << timer.slot_);
  }
  timer.wheel_ = nullptr;
}

std::optional<uint64_t> TimerWheel::NextTick(Place* place) const {
  for (int level = 0; level < kLevels; ++level) {
    const uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    const int shift = level * kSlotBits;
    const int now_slot = static_cast<int>((elapsed_ >> shift) & (kSlots - 1));
    const int distance = std::countr_zero(std::rotr(occupied, now_slot));
    const int slot = (now_slot + distance) & (kSlots - 1);
    const uint64_t level_span = uint64_t{1} << (shift + kSlotBits);
    uint64_t tick = (elapsed_ & ~(level_span - 1)) + (static_cast<uint64_t>(slot) << shift);
    if (tick < elapsed_) tick += level_span;
    *place = {level, slot};
    return tick;
  }
  return std::nullopt;
}

void TimerWheel::Expire(Place place, uint64_t now_tick) {
  Level& level = levels_[place.level];
  while (Timer* timer = level.slots[place.slot]) {
    // Taken out one by one: a timer that fires may destroy its neighbours.
    level.slots[place.slot] = timer->next_;
    if (timer->next_ != nullptr) timer->next_->previous_ = nullptr;
    if (level.slots[place.slot] == nullptr) level.occupied &= ~(uint64_t{1} << place.slot);
    timer->wheel_ = nullptr;
    if (timer->tick_ <= now_tick) {
      timer->OnTimer();
    } else {
      Insert(*timer);
    }
  }
}

void TimerWheel::Advance(TimePoint now) {
  if (now < start_) return;
  const uint64_t now_tick = static_cast<uint64_t>((now - start_) / kTick);
  Place place;
  while (true) {
    const std::optional<uint64_t> next = NextTick(&place);
    if (!next || *next > now_tick) break;
    elapsed_ = std::max(elapsed_, *next);
    Expire(place, elapsed_);
  }
  elapsed_ = std::max(elapsed_, now_tick);
}

std::optional<TimePoint> TimerWheel::NextExpiry() const {
  Place place;
  const std::optional<uint64_t> tick = NextTick(&place);
  if (!tick) return std::nullopt;
  return start_ + *tick * kTick;
}

}  // namespace culvert::net
