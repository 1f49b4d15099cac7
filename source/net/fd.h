// A file descriptor that closes itself.
#ifndef CULVERT_SOURCE_NET_FD_H_
#define CULVERT_SOURCE_NET_FD_H_

#include <unistd.h>

#include <utility>

namespace culvert::net {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_FD_H_
