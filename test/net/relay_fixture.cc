#include "test/net/relay_fixture.h"

#include <utility>

#include "source/net/stream_io.h"

namespace culvert::net {

Tunnel::Tunnel(EventLoop& loop) {
  FdPair down = TcpPair();
  FdPair up = TcpPair();
  client = SocketStream::Create(loop, std::move(down.first));
  downstream = SocketStream::Create(loop, std::move(down.second));
  upstream = SocketStream::Create(loop, std::move(up.first));
  server = SocketStream::Create(loop, std::move(up.second));
}

Task<void> RunRelay(Tunnel& tunnel) {
  tunnel.result = co_await Relay(*tunnel.downstream, *tunnel.upstream, tunnel.options);
  tunnel.downstream.reset();
  tunnel.upstream.reset();
}

Task<void> SendAndEnd(SocketStream& stream, const std::string& data, bool& ok) {
  const IoResult written = co_await WriteAll(stream, data, kNever);
  const IoResult ended = co_await ShutdownWrite(stream, kNever);
  ok = written.ok() && ended.ok();
}

Task<void> ReceiveAll(SocketStream& stream, size_t piece, Duration pause, std::string& received,
                      std::optional<IoResult>& end) {
  std::string buffer(piece, '\0');
  while (true) {
    const IoResult result = co_await Read(stream, buffer, kNever);
    if (!result.ok()) {
      end = result;
      co_return;
    }
    received.append(buffer, 0, result.bytes);
    if (pause > Duration::zero()) co_await SleepUntil(Clock::now() + pause);
  }
}

Task<void> ReceiveAndForget(SocketStream& stream) {
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const IoResult result = co_await Read(stream, buffer, kNever);
    if (!result.ok()) co_return;
  }
}

Task<void> SendForEver(SocketStream& stream) {
  const std::string data(1 << 20, 'x');
  while (true) {
    const IoResult result = co_await WriteAll(stream, data, kNever);
    if (!result.ok()) co_return;
  }
}

void RelayFixture::AwaitResult() {
  RunUntil([this] { return tunnel_.result.has_value() && running() == 0; });
}

std::string RelayFixture::ReadSome(SocketStream& stream) {
  std::string buffer(64 * 1024, '\0');
  const IoResult result = Run(Read(stream, buffer, Clock::now() + kGuard));
  if (result.ended()) return "<end>";
  if (!result.ok()) return "<" + std::string(ToToken(result.error)) + ">";
  return buffer.substr(0, result.bytes);
}

void RelayFixture::Write(SocketStream& stream, std::string_view data) {
  EXPECT_TRUE(Run(WriteAll(stream, data, kNever)).ok());
}

void RelayFixture::Jam() {
  ShrinkBuffers(server_.fd());
  const std::string piece(256 * 1024, 'x');
  int quiet = 0;
  uint64_t before = 0;
  uint64_t sent = 0;
  RunUntil([&] {
    const IoResult result = client_.TryWrite(piece);
    sent += result.bytes;
    quiet = sent == before ? quiet + 1 : 0;
    before = sent;
    return quiet == 10;
  });
}

}  // namespace culvert::net
