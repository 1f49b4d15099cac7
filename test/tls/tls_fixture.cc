#include "test/tls/tls_fixture.h"

#include <array>
#include <utility>

#include "source/net/stream_io.h"

namespace culvert::tls {

using net::IoResult;

const TestAuthority& TlsFixture::Authority() {
  static const TestAuthority authority("authority");
  return authority;
}

ServerOptions TlsFixture::OptionsOf(const Issued& issued) {
  ServerOptions options;
  options.key_pairs.push_back(issued.Pair());
  return options;
}

std::shared_ptr<const ServerContext> TlsFixture::ContextOf(const ServerOptions& options) {
  auto context = ServerContext::Create(options);
  EXPECT_TRUE(context.ok()) << context.status();
  return *std::move(context);
}

TestConnection TlsFixture::Prepare(const ServerContext& context, const ClientOptions& client) {
  TestConnection connection;
  auto [near, far] = fakes::FakeStream::MakePair();
  connection.near_wire = near.get();
  connection.wire = std::move(far);
  connection.server =
      std::make_unique<TlsStream>(context.NewSsl(), std::move(near), loop_.scratch());
  connection.client = std::make_unique<TlsClient>(client);
  return connection;
}

void TlsFixture::Handshake(TestConnection& connection) {
  bool done = false;
  const auto run = [](TlsStream& server, IoResult& result, bool& over) -> net::Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
    over = true;
  };
  Start(run(*connection.server, connection.result, done));
  RunUntil([&] {
    connection.client->Exchange(*connection.wire);
    return done;
  });
  connection.client->Exchange(*connection.wire);
}

TestConnection TlsFixture::Connect(const ServerContext& context, const ClientOptions& client) {
  TestConnection connection = Prepare(context, client);
  Handshake(connection);
  return connection;
}

TlsFixture::ReadResult TlsFixture::ReadAll(net::Stream& stream) {
  ReadResult result;
  std::array<char, 5000> buffer;
  while (true) {
    result.end = stream.TryRead(buffer);
    if (!result.end.ok()) return result;
    result.bytes.append(buffer.data(), result.end.bytes);
  }
}

std::string TlsFixture::Up(TestConnection& connection, std::string_view bytes) {
  connection.client->Write(bytes);
  connection.wire->Send(connection.client->TakeOutput());
  return ReadAll(*connection.server).bytes;
}

std::string TlsFixture::Down(TestConnection& connection, std::string_view bytes) {
  bool done = false;
  const auto run = [](net::Stream& stream, std::string_view all, bool& over) -> net::Task<void> {
    const IoResult result = co_await net::WriteAll(stream, all, Clock::now() + kGuard);
    EXPECT_TRUE(result.ok()) << net::ToToken(result.error);
    over = true;
  };
  Start(run(*connection.server, bytes, done));
  std::string got;
  RunUntil([&] {
    connection.client->Receive(connection.wire->Received());
    got += connection.client->Read();
    return done;
  });
  connection.client->Receive(connection.wire->Received());
  return got + connection.client->Read();
}

TestConnection TlsVersionFixture::Connected() {
  TestConnection connection = Connect(*context_, Client());
  EXPECT_TRUE(connection.ok()) << connection.failure().details;
  return connection;
}

void TlsVersionFixture::StartHandshake(TestConnection& connection) {
  const auto run = [](TlsStream& server, IoResult& result) -> net::Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
  };
  Start(run(*connection.server, connection.result));
}

std::string TlsVersionFixture::Got(TestConnection& connection) {
  connection.client->Receive(connection.wire->Received());
  return connection.client->Read();
}

IoResult TlsVersionFixture::ReadOne(net::Stream& stream) {
  std::array<char, 100> buffer;
  return stream.TryRead(buffer);
}

}  // namespace culvert::tls
