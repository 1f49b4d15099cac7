// A TLS server of the project and a client of its own, over a stream in memory. One thread.
#ifndef CULVERT_TEST_TLS_TLS_FIXTURE_H_
#define CULVERT_TEST_TLS_TLS_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "source/tls/server_context.h"
#include "source/tls/tls_stream.h"
#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"
#include "test/tls/test_authority.h"
#include "test/tls/tls_client.h"

namespace culvert::tls {

// One connection. The server must not outlive its context.
struct TestConnection {
  fakes::FakeStream* near_wire = nullptr;  // under the server
  fakes::FakeStreamPtr wire;               // the client's end
  std::unique_ptr<TlsStream> server;
  std::unique_ptr<TlsClient> client;
  // How the server's handshake ended.
  net::IoResult result;

  bool ok() const { return result.ok() && client->error().empty(); }
  HandshakeFailure failure() const {
    return server->handshake_failure() ? *server->handshake_failure() : HandshakeFailure{};
  }
};

class TlsFixture : public net::LoopFixture {
 protected:
  // Options with one certificate, for `server.test`.
  static ServerOptions OptionsOf(const Issued& issued);
  ServerOptions DefaultOptions() const { return OptionsOf(server_certificate_); }
  static std::shared_ptr<const ServerContext> ContextOf(const ServerOptions& options);

  // A server and a client that have said nothing yet.
  TestConnection Prepare(const ServerContext& context, const ClientOptions& client);
  void Handshake(TestConnection& connection);
  TestConnection Connect(const ServerContext& context, const ClientOptions& client = {});

  // Whatever the server can give at once, until it would block; the result that ended it.
  struct ReadResult {
    std::string bytes;
    net::IoResult end;
  };
  static ReadResult ReadAll(net::Stream& stream);
  // Bytes from the client to the server, which come whole.
  static std::string Up(TestConnection& connection, std::string_view bytes);
  // And the other way.
  std::string Down(TestConnection& connection, std::string_view bytes);

  static const TestAuthority& Authority();

  const Issued server_certificate_ =
      Authority().Issue({.common_name = "server", .names = {"DNS:server.test"}});
};

// Tests that hold for each version. One server, with the default options.
class TlsVersionFixture : public TlsFixture, public ::testing::WithParamInterface<uint16_t> {
 protected:
  ClientOptions Client() const {
    return {.minimum_version = GetParam(), .maximum_version = GetParam()};
  }
  TestConnection Connected();
  // Starts the server's handshake, to run whenever the loop does.
  void StartHandshake(TestConnection& connection);
  // Everything that the client can open by now.
  static std::string Got(TestConnection& connection);
  // One read of at most 100 bytes.
  static net::IoResult ReadOne(net::Stream& stream);

  const std::shared_ptr<const ServerContext> context_ = ContextOf(DefaultOptions());
};

}  // namespace culvert::tls

#endif  // CULVERT_TEST_TLS_TLS_FIXTURE_H_
