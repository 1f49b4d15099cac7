// The large buffers and pipes of one worker, borrowed for one step of work and given back before the next
// wait: an idle connection holds none of them.
#ifndef CULVERT_SOURCE_NET_SCRATCH_H_
#define CULVERT_SOURCE_NET_SCRATCH_H_

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "source/net/fd.h"

namespace culvert::net {

// A buffer that is allocated on first use and shared by all connections of a worker, one step at a time.
class ScratchBuffer {
 public:
  explicit ScratchBuffer(size_t size) : size_(size) {}
  std::span<char> bytes() {
    if (!data_) data_.reset(new char[size_]);
    return {data_.get(), size_};
  }

 private:
  size_t size_;
  std::unique_ptr<char[]> data_;
};

// A kernel pipe for splice.
class Pipe {
 public:
  Pipe() = default;
  Pipe(Fd read_end, Fd write_end, size_t capacity)
      : read_end_(std::move(read_end)), write_end_(std::move(write_end)), capacity_(capacity) {}
  bool valid() const { return read_end_.valid(); }
  int read_end() const { return read_end_.get(); }
  int write_end() const { return write_end_.get(); }
  size_t capacity() const { return capacity_; }

 private:
  Fd read_end_;
  Fd write_end_;
  size_t capacity_ = 0;
};

// Pipes for the tunnels that move much right now. Large pipes are what makes splice cheap, and a kernel gives
// a user only so many pages of them: the more are out, the smaller the next, and after `max_in_use` none.
class PipePool {
 public:
  explicit PipePool(size_t max_in_use = 64) : max_in_use_(max_in_use) {}

  // An empty pipe, or an invalid one if the tunnel is to copy instead.
  Pipe Take();
  // Takes an empty pipe back; one that still holds bytes must be destroyed and only counted out (Discard).
  void Return(Pipe pipe);
  void Discard(Pipe pipe);
  size_t in_use() const { return in_use_; }

 private:
  size_t TargetCapacity() const;

  const size_t max_in_use_;
  size_t in_use_ = 0;
  std::vector<Pipe> idle_;
};

// All of a worker's.
struct Scratch {
  static constexpr size_t kSize = 256 * 1024;
  // Room for the framing that TLS puts round kSize bytes: 16 records of 16 KiB, each with up to 40 bytes.
  static constexpr size_t kSealedSize = kSize + 4096;

  ScratchBuffer plain{kSize};
  ScratchBuffer sealed_in{kSealedSize};
  ScratchBuffer sealed_out{kSealedSize + 16 * 1024};
  PipePool pipes;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_SCRATCH_H_
