#include "extensions/tls_terminate/options.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/base/data_source.h"
#include "source/base/duration.h"
#include "source/base/status.h"

namespace culvert::extensions::tls_terminate {
namespace {

using filter::BuildContext;

constexpr size_t kLongestProtocol = 255;  // RFC 7301, 3.1

// What `parsed` holds; nothing, after its error was reported for `field`.
template <class T>
std::optional<T> ValueOr(absl::StatusOr<T> parsed, const std::string& field,
                         BuildContext& context) {
  if (parsed.ok()) return *std::move(parsed);
  context.AddError(field, std::string(Message(parsed.status())));
  return std::nullopt;
}

std::optional<std::vector<tls::UniquePtr<X509>>> ReadCertificates(
    const std::string& field, const config::v1::DataSource& source, BuildContext& context) {
  const std::optional<std::string> pem = context.Read(field, source);
  if (!pem) return std::nullopt;
  return ValueOr(tls::ParseCertificates(*pem), field, context);
}

std::optional<tls::UniquePtr<EVP_PKEY>> ReadPrivateKey(const std::string& field,
                                                       const config::v1::DataSource& source,
                                                       BuildContext& context) {
  const std::optional<std::string> pem = context.Read(field, source);
  if (!pem) return std::nullopt;
  return ValueOr(tls::ParsePrivateKey(*pem), field, context);
}

// Empty where it is not in a file.
std::string FileOf(const config::v1::DataSource& source, BuildContext& context) {
  if (!source.has_filename()) return "";
  return ResolveFilename(source.filename(), context.environment().base_directory());
}

void Note(X509* certificate, const std::string& field, const config::v1::DataSource& source,
          BuildContext& context) {
  const tls::Validity validity = tls::ValidityOf(certificate);
  context.NoteCertificate(field, {.subject = tls::SubjectOf(certificate),
                                  .issuer = tls::IssuerOf(certificate),
                                  .alternative_names = tls::AlternativeNamesOf(certificate).All(),
                                  .not_before = validity.not_before,
                                  .not_after = validity.not_after,
                                  .serial_number = tls::SerialNumberOf(certificate),
                                  .fingerprint = tls::FingerprintOf(certificate),
                                  .key = tls::KeyKindOf(certificate),
                                  .file = FileOf(source, context)});
}

void WarnUnlessValid(const tls::KeyPair& pair, const std::string& field, BuildContext& context) {
  if (const auto problem = tls::ValidityProblem(pair.leaf(), std::chrono::system_clock::now())) {
    context.AddWarning(field, fmt::format("the certificate ({}) {}; clients will refuse it",
                                          tls::SubjectOf(pair.leaf()), *problem));
  }
}

void AddKeyPair(const v1::Certificate& config, const std::string& field, BuildContext& context,
                tls::ServerOptions& options) {
  const std::string key_field = field + ".private_key";
  auto chain = ReadCertificates(field + ".certificate_chain", config.certificate_chain(), context);
  auto key = ReadPrivateKey(key_field, config.private_key(), context);
  if (!chain || !key) return;
  auto pair = ValueOr(tls::MakeKeyPair(*std::move(chain), *std::move(key)), key_field, context);
  if (!pair) return;
  Note(pair->leaf(), field, config.certificate_chain(), context);
  WarnUnlessValid(*pair, field, context);
  options.key_pairs.push_back(*std::move(pair));
}

uint16_t VersionOr(v1::TlsVersion version, uint16_t fallback) {
  switch (version) {
    case v1::TLSv1_2:
      return TLS1_2_VERSION;
    case v1::TLSv1_3:
      return TLS1_3_VERSION;
    default:
      return fallback;
  }
}

void AddVersions(const v1::TlsTerminate& config, BuildContext& context,
                 tls::ServerOptions& options) {
  options.minimum_version = VersionOr(config.minimum_version(), options.minimum_version);
  options.maximum_version = VersionOr(config.maximum_version(), options.maximum_version);
  if (options.minimum_version > options.maximum_version) {
    context.AddError("minimum_version", "is above maximum_version; lower it or raise the other");
  }
}

void AddCipherSuites(const v1::TlsTerminate& config, BuildContext& context,
                     tls::ServerOptions& options) {
  options.cipher_suites.assign(config.cipher_suites().begin(), config.cipher_suites().end());
  for (int i = 0; i < config.cipher_suites_size(); ++i) {
    const std::string& suite = config.cipher_suites(i);
    if (tls::IsCipherSuite(suite)) continue;
    context.AddError(
        fmt::format("cipher_suites[{}]", i),
        suite.starts_with("TLS_")
            ? fmt::format("'{}' is not by its OpenSSL name, or one of TLS 1.3, which are not a "
                          "choice; leave it out or "
                          "write a name such as ECDHE-ECDSA-AES128-GCM-SHA256",
                          suite)
            : fmt::format("'{}' is no cipher suite of TLS 1.2 known here; write a name such as "
                          "ECDHE-ECDSA-AES128-GCM-SHA256",
                          suite));
  }
}

void AddCurves(const v1::TlsTerminate& config, BuildContext& context, tls::ServerOptions& options) {
  options.curves.assign(config.curves().begin(), config.curves().end());
  for (int i = 0; i < config.curves_size(); ++i) {
    if (tls::IsCurve(config.curves(i))) continue;
    context.AddError(
        fmt::format("curves[{}]", i),
        fmt::format("'{}' is no curve known here; choose among X25519, P-256, P-384 and P-521",
                    config.curves(i)));
  }
}

void AddProtocols(const v1::TlsTerminate& config, BuildContext& context,
                  tls::ServerOptions& options) {
  const auto& protocols = config.application_protocols();
  options.application_protocols.assign(protocols.begin(), protocols.end());
  for (int i = 0; i < protocols.size(); ++i) {
    const std::string field = fmt::format("application_protocols[{}]", i);
    if (protocols[i].empty()) {
      context.AddError(field, "is empty; write a name such as http/1.1");
    } else if (protocols[i].size() > kLongestProtocol) {
      context.AddError(field, fmt::format("has {} bytes; a name has at most {}",
                                          protocols[i].size(), kLongestProtocol));
    }
  }
}

tls::ClientCertificateMode ModeOf(v1::ClientCertificate::Mode mode) {
  switch (mode) {
    case v1::ClientCertificate::OPTIONAL:
      return tls::ClientCertificateMode::kOptional;
    case v1::ClientCertificate::REQUIRED:
      return tls::ClientCertificateMode::kRequired;
    default:
      return tls::ClientCertificateMode::kOff;
  }
}

void AddAllowedNames(const v1::ClientCertificate& config, BuildContext& context,
                     tls::ServerOptions& options) {
  const auto& names = config.allowed_names();
  for (int i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      context.AddError(fmt::format("client_certificate.allowed_names[{}]", i),
                       "is empty; write a subject alternative name such as app.example.com");
    }
  }
  options.allowed_client_names = tls::AllowedNames({names.begin(), names.end()});
}

void AddClientCertificates(const v1::ClientCertificate& config, BuildContext& context,
                           tls::ServerOptions& options) {
  options.client_certificate = ModeOf(config.mode());
  if (options.client_certificate == tls::ClientCertificateMode::kOff) {
    if (!config.allowed_names().empty()) {
      context.AddError(
          "client_certificate.allowed_names",
          "no certificate is asked for while mode is OFF; set mode to REQUIRED or OPTIONAL");
    } else if (config.has_ca()) {
      context.AddWarning("client_certificate", "mode is OFF: no certificate is asked for");
    }
    return;
  }
  if (!config.has_ca()) {
    context.AddError(
        "client_certificate.ca",
        "is required unless mode is OFF; name a PEM file with the authorities of the clients' "
        "certificates");
  } else if (auto bundle = ReadCertificates("client_certificate.ca", config.ca(), context)) {
    for (const auto& authority : *bundle) {
      Note(authority.get(), "client_certificate.ca", config.ca(), context);
    }
    options.client_authorities = *std::move(bundle);
  }
  AddAllowedNames(config, context, options);
}

void AddTickets(const v1::SessionTickets& config, tls::ServerOptions& options) {
  options.session_tickets = !config.disabled();
  options.ticket_rotation = DurationOr(config.has_rotation_interval(), config.rotation_interval(),
                                       options.ticket_rotation);
  options.session_lifetime =
      DurationOr(config.has_lifetime(), config.lifetime(), options.session_lifetime);
}

}  // namespace

tls::ServerOptions MakeOptions(const v1::TlsTerminate& config, BuildContext& context) {
  tls::ServerOptions options;
  if (config.certificates().empty()) {
    context.AddError("certificates", "at least one is needed; add one with its key");
  }
  for (int i = 0; i < config.certificates_size(); ++i) {
    AddKeyPair(config.certificates(i), fmt::format("certificates[{}]", i), context, options);
  }
  AddVersions(config, context, options);
  AddCipherSuites(config, context, options);
  AddCurves(config, context, options);
  AddProtocols(config, context, options);
  AddClientCertificates(config.client_certificate(), context, options);
  AddTickets(config.session_tickets(), options);
  return options;
}

}  // namespace culvert::extensions::tls_terminate
