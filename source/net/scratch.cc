#include "source/net/scratch.h"

#include <fcntl.h>
#include <unistd.h>

namespace culvert::net {
namespace {

constexpr size_t kSmallestUseful = 256 * 1024;
constexpr size_t kMostIdle = 16;
constexpr int kRefusalsAfterOne = 63;

}  // namespace

size_t PipePool::TargetCapacity() const {
  if (in_use_ < 16) return 1024 * 1024;
  if (in_use_ < 32) return 512 * 1024;
  return kSmallestUseful;
}

Pipe PipePool::Take() {
  if (in_use_ >= max_in_use_) return {};
  Pipe pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else if (refusals_to_give_ > 0) {
    --refusals_to_give_;
  } else {
    pipe = Make();
    if (!pipe.valid()) refusals_to_give_ = kRefusalsAfterOne;
  }
  if (pipe.valid()) ++in_use_;
  return pipe;
}

Pipe PipePool::Make() const {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return {};
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  // Refused where the user's share of pipe pages is used up: then ask for less.
  for (size_t size = TargetCapacity(); size >= kSmallestUseful; size /= 2) {
    if (fcntl(write_end.get(), F_SETPIPE_SZ, static_cast<int>(size)) >= 0) break;
  }
  const int capacity = fcntl(write_end.get(), F_GETPIPE_SZ);
  if (capacity < static_cast<int>(kSmallestUseful)) return {};
  return Pipe(std::move(read_end), std::move(write_end), static_cast<size_t>(capacity));
}

void PipePool::Return(Pipe pipe) {
  --in_use_;
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(pipe));
}

void PipePool::Discard(Pipe) { --in_use_; }

}  // namespace culvert::net
