// The large buffers and pipes of one worker, borrowed for one step of work and given back before
// the next wait: an idle connection holds none of them.
#ifndef CULVERT_SOURCE_NET_SCRATCH_H_
#define CULVERT_SOURCE_NET_SCRATCH_H_

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "source/net/fd.h"

namespace culvert::net {

// Buffers of one size, lent out for as long as the lease lives: TLS inside TLS borrows two at once.
// The one that came back last is lent first, since it is still in the CPU's cache.
class BufferPool {
 public:
  class Lease {
   public:
    explicit Lease(BufferPool& pool) : pool_(pool), data_(pool.Take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.Return(std::move(data_)); }
    std::span<char> bytes() const { return {data_.get(), pool_.size_}; }

   private:
    BufferPool& pool_;
    std::unique_ptr<char[]> data_;
  };

  explicit BufferPool(size_t size) : size_(size) {}

 private:
  std::unique_ptr<char[]> Take() {
    if (free_.empty()) return std::unique_ptr<char[]>(new char[size_]);
    std::unique_ptr<char[]> data = std::move(free_.back());
    free_.pop_back();
    return data;
  }
  void Return(std::unique_ptr<char[]> data) { free_.push_back(std::move(data)); }

  const size_t size_;
  std::vector<std::unique_ptr<char[]>> free_;
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

// Pipes for the tunnels that move much right now. Large pipes are what makes splice cheap, and a
// kernel gives a user only so many pages of them: the more are out, the smaller the next, and after
// `max_in_use` none.
class PipePool {
 public:
  explicit PipePool(size_t max_in_use = 64) : max_in_use_(max_in_use) {}

  // An empty pipe, or an invalid one if the tunnel is to copy instead.
  Pipe Take();
  // Takes an empty pipe back; one that still holds bytes must be destroyed and only counted out
  // (Discard).
  void Return(Pipe pipe);
  void Discard(Pipe pipe);
  size_t in_use() const { return in_use_; }

 private:
  Pipe Make() const;
  size_t TargetCapacity() const;

  const size_t max_in_use_;
  size_t in_use_ = 0;
  int refusals_to_give_ = 0;  // asking the kernel takes many calls: once in a while is enough
  std::vector<Pipe> idle_;
};

// All of a worker's.
struct Scratch {
  // The largest piece of plain bytes that is moved at once.
  static constexpr size_t kPieceSize = 256 * 1024;
  // Room for what TLS makes of such a piece (16 records, each with up to 40 bytes round it), and
  // for the handshake messages and alerts that may go with it.
  static constexpr size_t kBufferSize = kPieceSize + 32 * 1024;

  BufferPool buffers{kBufferSize};
  PipePool pipes;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_SCRATCH_H_
