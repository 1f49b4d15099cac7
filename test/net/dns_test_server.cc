#include "test/net/dns_test_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "source/base/time.h"
#include "source/net/socket_stream.h"
#include "source/net/stream_io.h"
#include "source/net/wait.h"

namespace culvert::net {
namespace {

using Family = IpAddress::Family;

constexpr size_t kHeader = 12;
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeSoa = 6;
constexpr uint16_t kTypeAaaa = 28;

void Append(std::string& out, uint32_t number, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift);
}

uint32_t NumberAt(std::string_view bytes, size_t offset, size_t size) {
  uint32_t value = 0;
  for (const char c : bytes.substr(offset, size)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// The name is that of the question.
void AppendRecord(std::string& out, uint16_t type, uint32_t ttl, std::string_view data) {
  Append(out, 0xc00c, 2);
  Append(out, type, 2);
  Append(out, 1, 2);
  Append(out, ttl, 4);
  Append(out, static_cast<uint32_t>(data.size()), 2);
  out += data;
}

Fd Bind(int type, uint16_t port, SocketAddress* bound) {
  Fd fd(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  socklen_t length;
  SocketAddress(IpAddress::V4(127, 0, 0, 1), port).ToSockaddr(&storage, &length);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) return {};
  length = sizeof storage;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length);
  *bound = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  return fd;
}

}  // namespace

std::string MakeDnsQuestion(std::string_view name, Family family) {
  std::string message;
  for (const uint16_t number : {0, 0x0100, 1, 0, 0, 0}) Append(message, number, 2);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    name.remove_prefix(std::min(label.size() + 1, name.size()));
    message += static_cast<char>(label.size());
    message += label;
  }
  Append(message, 0, 1);
  Append(message, family == Family::kV4 ? kTypeA : kTypeAaaa, 2);
  Append(message, 1, 2);
  return message;
}

std::string MakeDnsAnswer(std::string_view question, const ScriptedAnswer& answer) {
  std::string message(question.substr(0, 2));
  Append(message, 0x8180 | (answer.truncated ? 0x0200 : 0) | answer.code, 2);
  Append(message, 1, 2);
  Append(message, answer.truncated ? 0 : static_cast<uint32_t>(answer.addresses.size()), 2);
  Append(message, answer.soa_minimum ? 1 : 0, 2);
  Append(message, 0, 2);
  message += question.substr(kHeader);
  if (answer.truncated) return message;
  for (const IpAddress& address : answer.addresses) {
    const auto bytes = address.bytes();
    AppendRecord(message, address.is_v4() ? kTypeA : kTypeAaaa, answer.ttl,
                 {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (answer.soa_minimum) {
    std::string soa(2, '\0');  // two names, both the root
    for (const uint32_t number : {1u, 2u, 3u, 4u, *answer.soa_minimum}) Append(soa, number, 4);
    AppendRecord(message, kTypeSoa, answer.ttl, soa);
  }
  if (answer.broken) message.pop_back();
  return message;
}

DnsTestServer::DnsTestServer(EventLoop& loop) : loop_(loop), scope_(loop) {
  // The port that one protocol gives may be taken for the other.
  for (int i = 0; i < 10 && !Listen(); ++i) continue;
  EXPECT_TRUE(loop.Watch(udp_.get(), udp_events_));
  EXPECT_TRUE(loop.Watch(tcp_.get(), tcp_events_));
  running_ = 2;
  Spawn(scope_, ServeUdp(), [this] { --running_; });
  Spawn(scope_, ServeTcp(), [this] { --running_; });
}

DnsTestServer::~DnsTestServer() {
  scope_.Cancel(CancelReason::kShutdown);
  while (running_ > 0) loop_.RunOnce(Clock::now());
}

bool DnsTestServer::Listen() {
  SocketAddress bound;
  tcp_ = Bind(SOCK_STREAM, 0, &bound);
  udp_ = Bind(SOCK_DGRAM, bound.port(), &address_);
  return udp_.valid() && listen(tcp_.get(), 16) == 0;
}

void DnsTestServer::Set(const std::string& name, Family family, ScriptedAnswer answer) {
  answers_[{name, family}] = std::move(answer);
}

void DnsTestServer::Release() {
  holds_ = false;
  for (const auto& send : std::exchange(held_, {})) send();
}

int DnsTestServer::asked(const std::string& name, Family family) const {
  const auto found = asked_.find({name, family});
  return found == asked_.end() ? 0 : found->second;
}

std::optional<std::string> DnsTestServer::Answer(std::string_view question, bool by_tcp,
                                                 std::function<void(std::string)> send) {
  std::string name;
  size_t offset = kHeader;
  while (const size_t size = NumberAt(question, offset, 1)) {
    if (!name.empty()) name += '.';
    name += question.substr(offset + 1, size);
    offset += 1 + size;
  }
  const bool is_v4 = NumberAt(question, offset + 1, 2) == kTypeA;
  const Question key(name, is_v4 ? Family::kV4 : Family::kV6);
  ++asked_[key];
  asked_by_tcp_ += by_tcp;
  const auto found = answers_.find(key);
  ScriptedAnswer answer = found == answers_.end() ? ScriptedAnswer{.code = 3} : found->second;
  if (by_tcp) answer.truncated = false;
  std::string bytes = MakeDnsAnswer(question.substr(0, offset + 5), answer);
  if (!answer.held || !holds_) return bytes;
  held_.push_back([send = std::move(send), bytes] { send(bytes); });
  return std::nullopt;
}

Task<void> DnsTestServer::ServeUdp() {
  std::array<char, 512> buffer;
  while (true) {
    sockaddr_storage peer;
    socklen_t length = sizeof peer;
    const ssize_t size = recvfrom(udp_.get(), buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<sockaddr*>(&peer), &length);
    if (size >= 0) {
      const auto send = [fd = udp_.get(), peer, length](const std::string& bytes) {
        sendto(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&peer), length);
      };
      const auto answer =
          Answer({buffer.data(), static_cast<size_t>(size)}, /*by_tcp=*/false, send);
      if (answer) send(*answer);
      continue;
    }
    udp_events_.readable.Clear();
    const WaitOutcome outcome = co_await Wait(kNever, &udp_events_.readable);
    if (outcome == WaitOutcome::kCancelled) co_return;
  }
}

Task<void> DnsTestServer::ServeTcp() {
  while (true) {
    Fd fd(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      const std::unique_ptr<SocketStream> stream = SocketStream::Create(loop_, std::move(fd));
      co_await ServeConnection(*stream);
      continue;
    }
    tcp_events_.readable.Clear();
    const WaitOutcome outcome = co_await Wait(kNever, &tcp_events_.readable);
    if (outcome == WaitOutcome::kCancelled) co_return;
  }
}

// Messages with their size before them (RFC 1035 section 4.2.2), one at a time.
Task<void> DnsTestServer::ServeConnection(Stream& stream) {
  std::string received;
  std::array<char, 512> buffer;
  while (true) {
    while (received.size() >= 2 && received.size() >= 2 + NumberAt(received, 0, 2)) {
      const size_t size = NumberAt(received, 0, 2);
      const auto answer = Answer(std::string_view(received).substr(2, size), /*by_tcp=*/true, {});
      received.erase(0, 2 + size);
      std::string framed;
      Append(framed, static_cast<uint32_t>(answer->size()), 2);
      framed += *answer;
      co_await WriteAll(stream, framed, kNever);
    }
    const IoResult result = co_await Read(stream, buffer, kNever);
    if (!result.ok()) co_return;
    received.append(buffer.data(), result.bytes);
  }
}

}  // namespace culvert::net
