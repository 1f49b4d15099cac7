#include "source/ctl/tls_pump.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "source/tls/bssl.h"

namespace culvert::ctl {
namespace {

constexpr size_t kPiece = 16 * 1024;  // a TLS record

}  // namespace

std::string TlsPump::Run() {
  while (!failed_ && !up_.passed_end) {
    wants_write_ = false;
    const bool moved_up = ReadInner() | WriteOuter();
    const bool moved_down = ReadOuter() | WriteInner();
    if (!moved_up && !moved_down && !failed_ && !up_.passed_end) Wait();
  }
  return error_;
}

void TlsPump::Note(int result) {
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_WRITE) wants_write_ = true;
  if (error == SSL_ERROR_SSL) {
    failed_ = true;
    error_ = tls::TakeError();
  } else if (error == SSL_ERROR_SYSCALL) {
    failed_ = true;
    error_ = errno != 0 ? std::strerror(errno) : "the connection ended in the middle";
  }
  ERR_clear_error();
}

bool TlsPump::ReadInner() {
  if (!up_.empty() || up_.ended) return false;
  up_.bytes.resize(kPiece);
  up_.begin = 0;
  const ssize_t count = recv(inner_, up_.bytes.data(), kPiece, 0);
  up_.bytes.resize(count > 0 ? count : 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  up_.ended = count <= 0;
  return true;
}

bool TlsPump::WriteOuter() {
  if (!up_.empty()) {
    errno = 0;
    const int count = SSL_write(ssl_, up_.bytes.data() + up_.begin,
                                static_cast<int>(up_.bytes.size() - up_.begin));
    if (count <= 0) {
      Note(count);
      return false;
    }
    up_.begin += count;
    return true;
  }
  if (!up_.ended || up_.passed_end) return false;
  SSL_shutdown(ssl_);
  ERR_clear_error();
  up_.passed_end = true;
  return true;
}

bool TlsPump::ReadOuter() {
  if (!down_.empty() || down_.ended || failed_) return false;
  down_.bytes.resize(kPiece);
  down_.begin = 0;
  errno = 0;
  const int count = SSL_read(ssl_, down_.bytes.data(), kPiece);
  down_.bytes.resize(count > 0 ? count : 0);
  if (count > 0) return true;
  down_.ended = SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN;
  if (!down_.ended) Note(count);
  return down_.ended;
}

bool TlsPump::WriteInner() {
  if (!down_.empty()) {
    const ssize_t count = send(inner_, down_.bytes.data() + down_.begin,
                               down_.bytes.size() - down_.begin, MSG_NOSIGNAL);
    if (count > 0) down_.begin += count;
    // Who has gone will be seen as the end of what he sends.
    if (count < 0 && errno != EAGAIN && errno != EINTR) down_.begin = down_.bytes.size();
    return count > 0;
  }
  if (!down_.ended || down_.passed_end) return false;
  shutdown(inner_, SHUT_WR);
  down_.passed_end = true;
  return true;
}

void TlsPump::Wait() const {
  std::array<pollfd, 2> sockets = {{{outer_, 0, 0}, {inner_, 0, 0}}};
  if (down_.empty() && !down_.ended) sockets[0].events |= POLLIN;
  if (wants_write_) sockets[0].events |= POLLOUT;
  if (up_.empty() && !up_.ended) sockets[1].events |= POLLIN;
  if (!down_.empty()) sockets[1].events |= POLLOUT;
  // A descriptor without interest would wake the poll over and over once its peer has gone.
  for (pollfd& socket : sockets) {
    if (socket.events == 0) socket.fd = -1;
  }
  poll(sockets.data(), sockets.size(), -1);
}

}  // namespace culvert::ctl
