// Everything that TLS handshakes of one listener have in common: certificates by name, versions,
// client certificates, ticket keys. Built on the main thread, then immutable and shared by all
// workers.
#ifndef CULVERT_SOURCE_TLS_SERVER_CONTEXT_H_
#define CULVERT_SOURCE_TLS_SERVER_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/tls/allowed_names.h"
#include "source/tls/certificate.h"
#include "source/tls/client_offer.h"
#include "source/tls/ticket_keys.h"

namespace culvert::tls {

enum class ClientCertificateMode : uint8_t { kOff, kOptional, kRequired };

struct ServerOptions {
  std::vector<KeyPair> key_pairs;  // not empty; the first is the default
  uint16_t minimum_version = TLS1_2_VERSION;
  uint16_t maximum_version = TLS1_3_VERSION;
  std::vector<std::string> cipher_suites;  // of TLS 1.2; empty: modern ones
  std::vector<std::string> curves;         // empty: X25519, P-256, P-384
  std::vector<std::string> application_protocols;
  ClientCertificateMode client_certificate = ClientCertificateMode::kOff;
  std::vector<UniquePtr<X509>> client_authorities;
  AllowedNames allowed_client_names;  // empty: whoever the authorities signed for
  bool session_tickets = true;
  Duration ticket_rotation = std::chrono::hours(12);
  // Shared with contexts before and after this one, of the same ResumptionPolicyOf(); null: the
  // context makes some for itself.
  std::shared_ptr<TicketKeys> ticket_keys;
  // At most a week, as RFC 8446, 4.6.1 has it; more is taken for that.
  Duration session_lifetime = std::chrono::hours(24);
};

// Whether BoringSSL has it: `ECDHE-RSA-AES128-GCM-SHA256`, by its OpenSSL name, of TLS 1.2.
bool IsCipherSuite(const std::string& name);
// `X25519`, `P-256`, `P-384` or `P-521`.
bool IsCurve(const std::string& name);

class ServerContext {
 public:
  // Errors say what is wrong with the options.
  static absl::StatusOr<std::shared_ptr<const ServerContext>> Create(const ServerOptions& options);
  ~ServerContext();

  // A new server side of a connection, whose handshake must not outlive the context. Never null but
  // when memory runs out.
  UniquePtr<SSL> NewSsl() const;

 private:
  // A certificate and the names that it is for.
  struct Credential {
    std::vector<std::string> names;
    uint16_t ecdsa_curve;  // 0: RSA
    UniquePtr<SSL_CTX> context;
  };

  ServerContext() = default;
  absl::StatusOr<UniquePtr<SSL_CTX>> NewContext(const KeyPair& pair, const ServerOptions& options);
  absl::Status SetUpAlgorithms(SSL_CTX* context, const ServerOptions& options);
  absl::Status SetUpCertificate(SSL_CTX* context, const KeyPair& pair);
  void SetUpSessions(SSL_CTX* context, const ServerOptions& options);
  void SetUpClientCertificates(SSL_CTX* context, const ServerOptions& options);
  const Credential& Select(const ClientOffer& offer) const;

  static ssl_select_cert_result_t OnClientHello(const SSL_CLIENT_HELLO* hello);
  static int OnAlpn(SSL* ssl, const uint8_t** out, uint8_t* out_size, const uint8_t* in,
                    unsigned in_size, void* self);
  static int OnVerify(X509_STORE_CTX* store_context, void* self);
  static int OnTicketKey(SSL* ssl, uint8_t* name, uint8_t* iv, EVP_CIPHER_CTX* cipher,
                         HMAC_CTX* mac, int encrypt);

  std::vector<Credential> credentials_;
  std::vector<std::string> application_protocols_;
  AllowedNames allowed_client_names_;
  std::string resumption_policy_;
  std::shared_ptr<TicketKeys> ticket_keys_;  // null: no tickets
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_SERVER_CONTEXT_H_
