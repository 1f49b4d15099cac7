// TLS within TLS, the project's stream at both ends.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "source/net/stream_io.h"
#include "source/tls/tls_stream.h"
#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using fakes::FakeStream;
using net::IoResult;
using net::Pattern;
using net::Task;

constexpr size_t kMegabyte = size_t{1024} * 1024;

// TLS within TLS: the client end of the project inside the server end of the project, and the other
// way round.
TEST_F(TlsFixture, WorksOverItself) {
  const auto outer_context = ContextOf(DefaultOptions());
  const auto inner_context = ContextOf(DefaultOptions());
  for (const size_t piece : {size_t{1000}, 100 * kMegabyte}) {
    auto [near, far] = FakeStream::MakePair();
    near->SetWriteCapacity(piece);
    far->SetWriteCapacity(piece);
    const UniquePtr<SSL_CTX> client_context(SSL_CTX_new(TLS_method()));
    const auto client = [&](net::StreamPtr under) {
      UniquePtr<SSL> ssl(SSL_new(client_context.get()));
      SSL_set_connect_state(ssl.get());
      return std::make_unique<TlsStream>(std::move(ssl), std::move(under), loop_.scratch());
    };
    const auto server = [&](const ServerContext& context, net::StreamPtr under) {
      return std::make_unique<TlsStream>(context.NewSsl(), std::move(under), loop_.scratch());
    };
    const auto shake = [](TlsStream& stream) -> Task<void> {
      const IoResult result = co_await stream.Handshake(Clock::now() + kGuard);
      EXPECT_TRUE(result.ok()) << net::ToToken(result.error);
    };
    const auto settle = [&] { ASSERT_TRUE(RunUntil([this] { return running() == 0; })); };
    auto outer_server = server(*outer_context, std::move(near));
    auto outer_client = client(std::move(far));
    Start(shake(*outer_server));
    Start(shake(*outer_client));
    settle();
    auto inner_server = server(*inner_context, std::move(outer_server));
    auto inner_client = client(std::move(outer_client));
    Start(shake(*inner_server));
    Start(shake(*inner_client));
    settle();
    const std::string bytes = Pattern(3 * kMegabyte, 11);
    const auto send = [](net::Stream& stream, const std::string& all) -> Task<void> {
      EXPECT_TRUE((co_await net::WriteAll(stream, all, Clock::now() + kGuard)).ok());
      EXPECT_TRUE((co_await net::ShutdownWrite(stream, Clock::now() + kGuard)).ok());
    };
    const auto receive = [](net::Stream& stream, std::string& all) -> Task<void> {
      std::array<char, 9000> part;
      while (true) {
        const IoResult result = co_await net::Read(stream, part, Clock::now() + kGuard);
        if (!result.ok()) {
          EXPECT_TRUE(result.ended()) << net::ToToken(result.error);
          co_return;
        }
        all.append(part.data(), result.bytes);
      }
    };
    std::string up;
    std::string down;
    Start(send(*inner_client, bytes));
    Start(receive(*inner_server, up));
    settle();
    Start(send(*inner_server, bytes));
    Start(receive(*inner_client, down));
    settle();
    EXPECT_TRUE(up == bytes);
    EXPECT_TRUE(down == bytes);
  }
}

}  // namespace
}  // namespace culvert::tls
