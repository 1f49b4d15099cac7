// A TLS client of its own, straight on BoringSSL with bytes in memory: what the project's server
// side is tested against. One thread, no loop.
#ifndef CULVERT_TEST_TLS_TLS_CLIENT_H_
#define CULVERT_TEST_TLS_TLS_CLIENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/tls/certificate.h"
#include "test/fakes/fake_stream.h"

namespace culvert::tls {

struct ClientOptions {
  uint16_t minimum_version = TLS1_2_VERSION;
  uint16_t maximum_version = TLS1_3_VERSION;
  std::string server_name = {};
  std::vector<std::string> application_protocols = {};
  std::string cipher_suites = {};                   // of TLS 1.2, as OpenSSL names them
  std::string curves = {};                          // joined with ':'
  std::vector<uint16_t> signature_algorithms = {};  // SSL_SIGN_...
  const KeyPair* certificate = nullptr;
  SSL_SESSION* session = nullptr;  // to resume
};

class TlsClient {
 public:
  explicit TlsClient(const ClientOptions& options);

  // The bytes on the wire.
  void Receive(std::string_view sealed);
  std::string TakeOutput();
  // Both, with the far end of a stream.
  void Exchange(fakes::FakeStream& wire);

  // Goes on with the handshake; whether it is over. A failure is in error().
  bool Handshake();
  // Everything that has come, as far as it could be opened.
  std::string Read();
  void Write(std::string_view plain);
  void SendCloseNotify();
  // Asks the server for an update of its key as well.
  void UpdateKey();

  bool received_close_notify() const {
    return SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN;
  }
  // `tlsv1 alert unknown ca`: why the handshake or reading failed; empty if neither did.
  const std::string& error() const { return error_; }

  SSL* ssl() { return ssl_.get(); }
  bool resumed() const { return SSL_session_reused(ssl_.get()); }
  std::string protocol() const;
  std::string server_subject() const;
  int server_key_type() const;
  // The newest ticket.
  SSL_SESSION* session() const { return session_.get(); }
  int tickets() const { return tickets_; }

 private:
  static int OnSession(SSL* ssl, SSL_SESSION* session);
  void Note(int result);

  UniquePtr<SSL_CTX> context_;
  UniquePtr<SSL> ssl_;
  UniquePtr<SSL_SESSION> session_;
  int tickets_ = 0;
  std::string error_;
};

}  // namespace culvert::tls

#endif  // CULVERT_TEST_TLS_TLS_CLIENT_H_
