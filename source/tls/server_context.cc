#include "source/tls/server_context.h"

#include <fmt/format.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "source/base/status.h"
#include "source/tls/resumption_policy.h"

namespace culvert::tls {
namespace {

// Forward secrecy and AEAD only; what a browser of the last ten years speaks.
constexpr char kDefaultCipherSuites[] =
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]:"
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
// RFC 8446, 4.6.1.
constexpr Duration kLongestSession = std::chrono::hours(24 * 7);
constexpr char kDefaultCurves[] = "X25519:P-256:P-384";

int ContextIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

const ServerContext* Owner(const SSL* ssl) {
  return static_cast<const ServerContext*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ContextIndex()));
}

bool CoversAny(const std::vector<std::string>& patterns, std::string_view name, bool exact) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return exact ? pattern == name : MatchesServerName(pattern, name);
  });
}

// The one place where a private key is given to BoringSSL: another signer (a process that holds the
// keys, a faster library) would be set here with SSL_CTX_set_private_key_method.
bool InstallPrivateKey(SSL_CTX* context, EVP_PKEY* key) {
  return SSL_CTX_use_PrivateKey(context, key) == 1;
}

std::string Join(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ":"));
}

}  // namespace

bool IsCipherSuite(const std::string& name) {
  // BoringSSL would also take rules such as `ALL:!RC4`.
  const bool plain = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
  UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  const bool known = plain && SSL_CTX_set_strict_cipher_list(context.get(), name.c_str()) &&
                     sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(context.get())) == 1;
  ERR_clear_error();
  return known;
}

bool IsCurve(const std::string& name) {
  return name == "X25519" || name == "P-256" || name == "P-384" || name == "P-521";
}

ServerContext::~ServerContext() = default;

absl::StatusOr<std::shared_ptr<const ServerContext>> ServerContext::Create(
    const ServerOptions& options) {
  if (options.minimum_version > options.maximum_version) {
    return InvalidArgument("minimum_version is above maximum_version");
  }
  std::shared_ptr<ServerContext> self(new ServerContext);
  self->application_protocols_ = options.application_protocols;
  self->allowed_client_names_ = options.allowed_client_names;
  self->resumption_policy_ = ResumptionPolicyOf(options);
  if (options.session_tickets) {
    self->ticket_keys_ = options.ticket_keys;
    if (!self->ticket_keys_) {
      self->ticket_keys_ = std::make_shared<TicketKeys>(options.ticket_rotation, Clock::now());
    }
  }
  for (const KeyPair& pair : options.key_pairs) {
    auto context = self->NewContext(pair, options);
    if (!context.ok()) return context.status();
    self->credentials_.push_back(
        {ServerNamesOf(pair.leaf()), pair.ecdsa_curve(), *std::move(context)});
  }
  return self;
}

absl::StatusOr<UniquePtr<SSL_CTX>> ServerContext::NewContext(const KeyPair& pair,
                                                             const ServerOptions& options) {
  UniquePtr<SSL_CTX> owner(SSL_CTX_new(TLS_method()));
  SSL_CTX* context = owner.get();
  SSL_CTX_set_ex_data(context, ContextIndex(), this);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_select_certificate_cb(context, OnClientHello);
  if (!application_protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, OnAlpn, this);
  if (absl::Status status = SetUpAlgorithms(context, options); !status.ok()) return status;
  if (absl::Status status = SetUpCertificate(context, pair); !status.ok()) return status;
  SetUpSessions(context, options);
  SetUpClientCertificates(context, options);
  ERR_clear_error();
  return owner;
}

absl::Status ServerContext::SetUpAlgorithms(SSL_CTX* context, const ServerOptions& options) {
  SSL_CTX_set_min_proto_version(context, options.minimum_version);
  SSL_CTX_set_max_proto_version(context, options.maximum_version);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  const std::string suites = Join(options.cipher_suites);
  if (!SSL_CTX_set_strict_cipher_list(context,
                                      suites.empty() ? kDefaultCipherSuites : suites.c_str())) {
    return InvalidArgument(fmt::format("cipher_suites: {}", TakeError()));
  }
  const std::string curves = Join(options.curves);
  if (!SSL_CTX_set1_curves_list(context, curves.empty() ? kDefaultCurves : curves.c_str())) {
    return InvalidArgument(fmt::format("curves: {}", TakeError()));
  }
  return absl::OkStatus();
}

absl::Status ServerContext::SetUpCertificate(SSL_CTX* context, const KeyPair& pair) {
  bool ok = SSL_CTX_use_certificate(context, pair.leaf()) == 1;
  for (size_t i = 1; i < pair.chain.size(); ++i) {
    ok = ok && SSL_CTX_add1_chain_cert(context, pair.chain[i].get()) == 1;
  }
  if (ok && InstallPrivateKey(context, pair.key.get())) return absl::OkStatus();
  return InvalidArgument(fmt::format("the certificate ({}) is of no use for TLS: {}",
                                     SubjectOf(pair.leaf()), TakeError()));
}

void ServerContext::SetUpSessions(SSL_CTX* context, const ServerOptions& options) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A session is resumed without another look at the client's certificate: only under the policy
  // that it was made under, even if another one came to have the same keys.
  SSL_CTX_set_session_id_context(context,
                                 reinterpret_cast<const uint8_t*>(resumption_policy_.data()),
                                 resumption_policy_.size());
  if (!ticket_keys_) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return;
  }
  SSL_CTX_set_tlsext_ticket_key_cb(context, OnTicketKey);
  SSL_CTX_set_num_tickets(context, 1);
  const Duration lifetime = std::min<Duration>(options.session_lifetime, kLongestSession);
  const auto seconds =
      static_cast<uint32_t>(std::chrono::ceil<std::chrono::seconds>(lifetime).count());
  SSL_CTX_set_timeout(context, seconds);
  SSL_CTX_set_session_psk_dhe_timeout(context, seconds);
}

void ServerContext::SetUpClientCertificates(SSL_CTX* context, const ServerOptions& options) {
  if (options.client_certificate == ClientCertificateMode::kOff) return;
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const UniquePtr<X509>& authority : options.client_authorities) {
    X509_STORE_add_cert(store, authority.get());
    SSL_CTX_add_client_CA(context, authority.get());
  }
  int mode = SSL_VERIFY_PEER;
  if (options.client_certificate == ClientCertificateMode::kRequired) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, mode, nullptr);
  SSL_CTX_set_cert_verify_callback(context, OnVerify, this);
}

UniquePtr<SSL> ServerContext::NewSsl() const {
  UniquePtr<SSL> ssl(SSL_new(credentials_.front().context.get()));
  if (ssl) {
    SSL_set_accept_state(ssl.get());
    // What only the handshake needs goes when it is over: an idle connection is small.
    SSL_set_shed_handshake_config(ssl.get(), 1);
  }
  return ssl;
}

const ServerContext::Credential& ServerContext::Select(const ClientOffer& offer) const {
  // ECDSA costs the server a tenth of RSA; but one that the client cannot verify is no use.
  const auto rank = [&](const Credential& credential) {
    if (credential.ecdsa_curve == 0) return 1;
    return offer.TakesEcdsa(credential.ecdsa_curve, credential.context.get()) ? 2 : 0;
  };
  const auto best = [&](const auto& fits) {
    const Credential* found = nullptr;
    for (const Credential& credential : credentials_) {
      if (fits(credential) && (found == nullptr || rank(credential) > rank(*found))) {
        found = &credential;
      }
    }
    return found;
  };
  const std::string name = offer.ServerName();
  for (const bool exact : {true, false}) {
    const auto* found = best([&](const Credential& c) { return CoversAny(c.names, name, exact); });
    if (!name.empty() && found != nullptr) return *found;
  }
  return *best([&](const Credential& c) { return c.names == credentials_.front().names; });
}

ssl_select_cert_result_t ServerContext::OnClientHello(const SSL_CLIENT_HELLO* hello) {
  const ServerContext* self = Owner(hello->ssl);
  if (self->credentials_.size() == 1) return ssl_select_cert_success;
  const Credential& credential = self->Select(ClientOffer(hello));
  if (SSL_get_SSL_CTX(hello->ssl) != credential.context.get()) {
    SSL_set_SSL_CTX(hello->ssl, credential.context.get());
  }
  return ssl_select_cert_success;
}

int ServerContext::OnAlpn(SSL*, const uint8_t** out, uint8_t* out_size, const uint8_t* in,
                          unsigned in_size, void* context) {
  const auto* self = static_cast<const ServerContext*>(context);
  for (const std::string& protocol : self->application_protocols_) {
    CBS offered, name;
    CBS_init(&offered, in, in_size);
    while (CBS_get_u8_length_prefixed(&offered, &name)) {
      if (CBS_mem_equal(&name, reinterpret_cast<const uint8_t*>(protocol.data()),
                        protocol.size())) {
        *out = CBS_data(&name);
        *out_size = static_cast<uint8_t>(CBS_len(&name));
        return SSL_TLSEXT_ERR_OK;
      }
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol (RFC 7301, 3.2)
}

int ServerContext::OnVerify(X509_STORE_CTX* store_context, void* context) {
  const auto* self = static_cast<const ServerContext*>(context);
  if (X509_verify_cert(store_context) != 1) return 0;
  if (self->allowed_client_names_.empty()) return 1;
  X509* leaf = X509_STORE_CTX_get0_cert(store_context);
  if (self->allowed_client_names_.Match(AlternativeNamesOf(leaf))) return 1;
  X509_STORE_CTX_set_error(store_context, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

// RFC 5077, section 4, with AES-256-CBC and HMAC-SHA256. Answers: 1 done, 2 done but seal a new
// one, 0 unknown key (a full handshake follows), -1 error.
int ServerContext::OnTicketKey(SSL* ssl, uint8_t* name, uint8_t* iv, EVP_CIPHER_CTX* cipher,
                               HMAC_CTX* mac, int encrypt) {
  TicketKeys& keys = *Owner(ssl)->ticket_keys_;
  const TimePoint now = Clock::now();
  if (encrypt) {
    const TicketKey key = keys.Current(now);
    std::copy(key.name.begin(), key.name.end(), name);
    RAND_bytes(iv, EVP_MAX_IV_LENGTH);
    const bool ok =
        EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher_key.data(), iv) &&
        HMAC_Init_ex(mac, key.mac_key.data(), key.mac_key.size(), EVP_sha256(), nullptr);
    return ok ? 1 : -1;
  }
  const auto found = keys.Find({name, 16}, now);
  if (!found) return 0;
  const bool ok =
      HMAC_Init_ex(mac, found->key.mac_key.data(), found->key.mac_key.size(), EVP_sha256(),
                   nullptr) &&
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, found->key.cipher_key.data(), iv);
  if (!ok) return -1;
  return found->renew ? 2 : 1;
}

}  // namespace culvert::tls
