// Wakes the log thread out of poll(2). Shared by the thread and all file writers, any of which may
// be the last.
#ifndef CULVERT_SOURCE_ACCESS_LOG_WAKER_H_
#define CULVERT_SOURCE_ACCESS_LOG_WAKER_H_

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace culvert::access_log {

class Waker {
 public:
  enum class Urgency {
    kSoon,  // lines wait: more may gather first
    kNow,
  };

  // Check descriptor() >= 0: the process may be out of descriptors.
  Waker() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // Any thread; costs a system call.
  void Wake(Urgency urgency) {
    if (urgency == Urgency::kNow) urgent_ = true;
    const uint64_t one = 1;
    // It fails only when 2^64 wakes are unread, and then the thread wakes all the same.
    [[maybe_unused]] const ssize_t ignored = write(descriptor_, &one, sizeof(one));
  }

  // On the log thread: forgets the wakes so far, and says whether one was urgent.
  bool Drain() {
    uint64_t count;
    [[maybe_unused]] const ssize_t ignored = read(descriptor_, &count, sizeof(count));
    return urgent_.exchange(false);
  }

  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
  std::atomic<bool> urgent_{false};
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_WAKER_H_
