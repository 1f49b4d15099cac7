#include "test/fakes/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace culvert::fakes {
namespace {

// A queue of length 0 holds one connection; a few more make sure.
constexpr int kFillers = 4;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::abort();
}

net::Fd NewSocket() {
  net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Require(fd.valid(), "socket");
  return fd;
}

}  // namespace

LoopbackServer::LoopbackServer(Kind kind) : fd_(NewSocket()) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Require(bind(fd_.get(), generic, length) == 0, "bind");
  Require(getsockname(fd_.get(), generic, &length) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  // A port that is bound but not listened on is nobody else's, and refuses.
  if (kind == Kind::kRefuses) return;
  Require(listen(fd_.get(), kind == Kind::kSilent ? 0 : 16) == 0, "listen");
  if (kind != Kind::kSilent) return;
  for (int i = 0; i < kFillers; ++i) {
    fillers_.push_back(NewSocket());
    connect(fillers_.back().get(), generic, length);
  }
}

std::string LoopbackServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

net::Fd LoopbackServer::TryAccept() {
  return net::Fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace culvert::fakes
