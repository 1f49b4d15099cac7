#include "test/tls/tls_client.h"

#include <openssl/bio.h>
#include <openssl/err.h>

namespace culvert::tls {
namespace {

std::string ProtocolList(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    list += static_cast<char>(protocol.size()) + protocol;
  }
  return list;
}

}  // namespace

TlsClient::TlsClient(const ClientOptions& options) : context_(SSL_CTX_new(TLS_method())) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, options.minimum_version);
  SSL_CTX_set_max_proto_version(context, options.maximum_version);
  if (!options.cipher_suites.empty()) {
    SSL_CTX_set_strict_cipher_list(context, options.cipher_suites.c_str());
  }
  if (!options.curves.empty()) SSL_CTX_set1_curves_list(context, options.curves.c_str());
  const auto& algorithms = options.signature_algorithms;
  if (!algorithms.empty()) {
    SSL_CTX_set_verify_algorithm_prefs(context, algorithms.data(), algorithms.size());
  }
  if (options.certificate != nullptr) {
    SSL_CTX_use_certificate(context, options.certificate->leaf());
    SSL_CTX_use_PrivateKey(context, options.certificate->key.get());
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
  // The server's limit is the lower one.
  SSL_CTX_set_session_psk_dhe_timeout(context, 365 * 24 * 3600);
  SSL_CTX_sess_set_new_cb(context, OnSession);
  ssl_.reset(SSL_new(context));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_connect_state(ssl_.get());
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  }
  const std::string protocols = ProtocolList(options.application_protocols);
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const uint8_t*>(protocols.data()),
                      protocols.size());
  if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
}

int TlsClient::OnSession(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
  self->session_.reset(session);
  ++self->tickets_;
  return 1;
}

void TlsClient::Receive(std::string_view sealed) {
  BIO_write(SSL_get_rbio(ssl_.get()), sealed.data(), static_cast<int>(sealed.size()));
}

std::string TlsClient::TakeOutput() {
  BIO* output = SSL_get_wbio(ssl_.get());
  std::string sealed(BIO_pending(output), '\0');
  BIO_read(output, sealed.data(), static_cast<int>(sealed.size()));
  return sealed;
}

void TlsClient::Exchange(fakes::FakeStream& wire) {
  Receive(wire.Received());
  Handshake();
  if (const std::string sealed = TakeOutput(); !sealed.empty()) wire.Send(sealed);
}

void TlsClient::Note(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_SSL && error_.empty()) error_ = TakeError();
  ERR_clear_error();
}

bool TlsClient::Handshake() {
  Note(SSL_do_handshake(ssl_.get()));
  return !SSL_in_init(ssl_.get());
}

std::string TlsClient::Read() {
  std::string plain;
  char piece[4096];
  while (true) {
    const int count = SSL_read(ssl_.get(), piece, sizeof piece);
    if (count <= 0) {
      Note(count);
      return plain;
    }
    plain.append(piece, count);
  }
}

void TlsClient::Write(std::string_view plain) {
  Note(SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())));
}

void TlsClient::SendCloseNotify() {
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsClient::UpdateKey() { Note(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED)); }

std::string TlsClient::protocol() const {
  const uint8_t* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string TlsClient::server_subject() const {
  UniquePtr<X509> certificate(SSL_get_peer_certificate(ssl_.get()));
  return certificate ? SubjectOf(certificate.get()) : "";
}

int TlsClient::server_key_type() const {
  UniquePtr<X509> certificate(SSL_get_peer_certificate(ssl_.get()));
  if (!certificate) return EVP_PKEY_NONE;
  UniquePtr<EVP_PKEY> key(X509_get_pubkey(certificate.get()));
  return EVP_PKEY_id(key.get());
}

}  // namespace culvert::tls
