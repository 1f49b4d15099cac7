#include "source/ctl/tls_tunnel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <future>
#include <utility>

#include "source/base/status.h"
#include "source/ctl/read_file.h"
#include "source/ctl/tls_pump.h"
#include "source/net/ip_address.h"
#include "source/tls/bssl.h"

namespace culvert::ctl {
namespace {

using bssl::UniquePtr;

constexpr char kSystemAuthorities[] = "/etc/ssl/certs/ca-certificates.crt";

absl::Status TrustAuthorities(SSL_CTX* context, const TlsOptions& options) {
  const std::string file = options.ca_file.empty() ? kSystemAuthorities : options.ca_file;
  const auto pem = ReadFile(file);
  if (!pem.ok()) return InvalidArgument(fmt::format("--ca: {}", Message(pem.status())));
  const auto authorities = tls::ParseCertificates(*pem);
  if (!authorities.ok()) {
    return InvalidArgument(fmt::format("--ca {}: {}", file, Message(authorities.status())));
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& authority : *authorities) X509_STORE_add_cert(store, authority.get());
  ERR_clear_error();
  return absl::OkStatus();
}

absl::Status ShowCertificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_file.empty()) return absl::OkStatus();
  const auto certificate_pem = ReadFile(options.certificate_file);
  if (!certificate_pem.ok()) {
    return InvalidArgument(fmt::format("--certificate: {}", Message(certificate_pem.status())));
  }
  auto chain = tls::ParseCertificates(*certificate_pem);
  if (!chain.ok()) {
    return InvalidArgument(
        fmt::format("--certificate {}: {}", options.certificate_file, Message(chain.status())));
  }
  const auto key_pem = ReadFile(options.key_file);
  if (!key_pem.ok()) return InvalidArgument(fmt::format("--key: {}", Message(key_pem.status())));
  auto key = tls::ParsePrivateKey(*key_pem);
  if (!key.ok()) {
    return InvalidArgument(fmt::format("--key {}: {}", options.key_file, Message(key.status())));
  }
  const auto pair = tls::MakeKeyPair(*std::move(chain), *std::move(key));
  if (!pair.ok()) {
    return InvalidArgument(fmt::format("--key {}: {}", options.key_file, Message(pair.status())));
  }
  bool ok = SSL_CTX_use_certificate(context, pair->leaf()) == 1 &&
            SSL_CTX_use_PrivateKey(context, pair->key.get()) == 1;
  for (size_t i = 1; i < pair->chain.size(); ++i) {
    ok = ok && SSL_CTX_add1_chain_cert(context, pair->chain[i].get()) == 1;
  }
  if (ok) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("--certificate {}: {}", options.certificate_file, tls::TakeError()));
}

absl::StatusOr<UniquePtr<SSL>> NewSsl(const TlsOptions& options, int socket) {
  UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (absl::Status status = TrustAuthorities(context.get(), options); !status.ok()) return status;
  if (absl::Status status = ShowCertificate(context.get(), options); !status.ok()) return status;
  static constexpr uint8_t kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);

  UniquePtr<SSL> ssl(SSL_new(context.get()));
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl.get());
  const std::string& name = options.server_name;
  bool ok = false;
  if (net::IpAddress::Parse(name)) {
    ok = X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
  } else {
    ok = X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  }
  ERR_clear_error();
  if (!ok || name.empty()) {
    return InvalidArgument(
        fmt::format("'{}' is no name that a certificate can be for; --server-name says which it "
                    "must be for",
                    name));
  }
  SSL_set_connect_state(ssl.get());
  SSL_set_fd(ssl.get(), socket);
  return ssl;
}

// Why the handshake failed; the cause is in the error queue, or in errno.
std::string ExplainFailure(SSL* ssl, int result) {
  const int error = SSL_get_error(ssl, result);
  const int reason = ERR_GET_REASON(ERR_peek_error());
  std::string text = tls::TakeError();
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "the server does not speak TLS there";
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      return "the server's certificate is for another name; --server-name says which it must be "
             "for";
    }
    return fmt::format("the server's certificate is not trusted: {}; --ca names the authority",
                       X509_verify_cert_error_string(verdict));
  }
  if (error == SSL_ERROR_SSL) return text;
  return errno != 0 ? std::strerror(errno) : "the server closed the connection";
}

// BoringSSL's socket writes know no MSG_NOSIGNAL.
void BlockSigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsTunnel>> TlsTunnel::Open(net::Fd socket,
                                                           const TlsOptions& options,
                                                           TimePoint deadline) {
  auto ssl = NewSsl(options, socket.get());
  if (!ssl.ok()) return ssl.status();
  std::unique_ptr<TlsTunnel> tunnel(new TlsTunnel(std::move(socket), *std::move(ssl)));
  if (absl::Status status = tunnel->Start(deadline); !status.ok()) return status;
  return tunnel;
}

absl::Status TlsTunnel::Start(TimePoint deadline) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return Internal(std::strerror(errno));
  }
  plain_end_ = net::Fd(ends[0]);
  inner_end_ = net::Fd(ends[1]);
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  std::promise<absl::Status> handshake;
  std::future<absl::Status> outcome = handshake.get_future();
  thread_ = std::thread([this, deadline, handshake = std::move(handshake)]() mutable {
    BlockSigpipe();
    const absl::Status status = Handshake(deadline);
    handshake.set_value(status);
    if (!status.ok()) return;
    std::string error = TlsPump(ssl_.get(), socket_.get(), inner_end_.get()).Run();
    {
      const std::lock_guard lock(mutex_);
      error_ = std::move(error);
    }
    // Only now, so that who sees the end can ask why.
    shutdown(inner_end_.get(), SHUT_RDWR);
    shutdown(socket_.get(), SHUT_RDWR);
  });
  return outcome.get();
}

absl::Status TlsTunnel::Handshake(TimePoint deadline) {
  while (true) {
    errno = 0;
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return absl::OkStatus();
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return Unavailable(ExplainFailure(ssl_.get(), result));
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wait = {socket_.get(),
                   static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(std::min<int64_t>(left, 60'000))) == 0) {
      if (Clock::now() >= deadline) return Unavailable("the TLS handshake was not over in time");
    }
  }
}

TlsTunnel::~TlsTunnel() {
  if (!thread_.joinable()) return;
  shutdown(inner_end_.get(), SHUT_RDWR);
  thread_.join();
}

std::string TlsTunnel::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace culvert::ctl
