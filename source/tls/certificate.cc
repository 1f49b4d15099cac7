#include "source/tls/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <span>
#include <utility>

#include "source/base/status.h"
#include "source/net/ip_address.h"

namespace culvert::tls {
namespace {

constexpr unsigned kSmallestRsa = 2048;

UniquePtr<BIO> MemoryBio(std::string_view text) {
  return UniquePtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// An empty pass phrase stops BoringSSL from asking for one on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

uint16_t CurveOf(EVP_PKEY* key) {
  const EC_KEY* ec_key = EVP_PKEY_get0_EC_KEY(key);
  switch (ec_key != nullptr ? EC_GROUP_get_curve_name(EC_KEY_get0_group(ec_key)) : NID_undef) {
    case NID_X9_62_prime256v1:
      return SSL_CURVE_SECP256R1;
    case NID_secp384r1:
      return SSL_CURVE_SECP384R1;
    case NID_secp521r1:
      return SSL_CURVE_SECP521R1;
    default:
      return 0;
  }
}

absl::Status CheckKey(EVP_PKEY* key) {
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_bits(key) < static_cast<int>(kSmallestRsa)) {
        return InvalidArgument(fmt::format("the RSA key has {} bits; use one of {} or more",
                                           EVP_PKEY_bits(key), kSmallestRsa));
      }
      return absl::OkStatus();
    case EVP_PKEY_EC:
      if (CurveOf(key) == 0) {
        return InvalidArgument(
            "the ECDSA key is on a curve that TLS does not use; use P-256, P-384 or P-521");
      }
      return absl::OkStatus();
    default:
      return InvalidArgument("this kind of key is not supported; use RSA or ECDSA");
  }
}

std::string TextOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::optional<net::IpAddress> AddressOf(const ASN1_STRING* string) {
  const uint8_t* bytes = ASN1_STRING_get0_data(string);
  if (ASN1_STRING_length(string) == 4) {
    return net::IpAddress::V4(std::span<const uint8_t, 4>(bytes, 4));
  }
  if (ASN1_STRING_length(string) != 16) return std::nullopt;
  std::array<uint8_t, 16> v6;
  std::copy_n(bytes, v6.size(), v6.begin());
  return net::IpAddress::V6(v6);
}

time_t ToPosix(const ASN1_TIME* time) {
  UniquePtr<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, epoch.get(), time);
  return time_t{days} * 24 * 60 * 60 + seconds;
}

std::string TimeText(time_t time) {
  tm parts;
  gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string NameText(const X509_NAME* name) {
  UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string CommonNameOf(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return "";
  return TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

}  // namespace

uint16_t KeyPair::ecdsa_curve() const { return CurveOf(key.get()); }

absl::StatusOr<std::vector<UniquePtr<X509>>> ParseCertificates(std::string_view pem) {
  UniquePtr<BIO> bio = MemoryBio(pem);
  std::vector<UniquePtr<X509>> certificates;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const uint32_t error = ERR_peek_last_error();
  const bool clean_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  const std::string reason = TakeError();
  if (!clean_end) {
    return InvalidArgument(
        fmt::format("certificate {} is broken: {}", certificates.size() + 1, reason));
  }
  if (certificates.empty()) {
    return InvalidArgument("holds no certificate; a PEM file with BEGIN CERTIFICATE is wanted");
  }
  return certificates;
}

absl::StatusOr<UniquePtr<EVP_PKEY>> ParsePrivateKey(std::string_view pem) {
  if (pem.find("ENCRYPTED") != std::string_view::npos) {
    return InvalidArgument(
        "the private key is encrypted; store it without a pass phrase, readable by this user only");
  }
  UniquePtr<BIO> bio = MemoryBio(pem);
  ERR_clear_error();
  UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (!key) {
    const std::string reason = TakeError();
    return InvalidArgument(fmt::format("holds no usable private key in PEM ({})", reason));
  }
  if (absl::Status status = CheckKey(key.get()); !status.ok()) return status;
  return key;
}

absl::StatusOr<KeyPair> MakeKeyPair(std::vector<UniquePtr<X509>> chain, UniquePtr<EVP_PKEY> key) {
  KeyPair pair{std::move(chain), std::move(key)};
  if (!X509_check_private_key(pair.leaf(), pair.key.get())) {
    ERR_clear_error();
    return InvalidArgument(
        fmt::format("the private key is not that of the certificate ({}); check that the two files "
                    "belong together",
                    SubjectOf(pair.leaf())));
  }
  return pair;
}

std::optional<std::string> ValidityProblem(X509* certificate,
                                           std::chrono::system_clock::time_point now) {
  const time_t seconds = std::chrono::system_clock::to_time_t(now);
  const time_t begin = ToPosix(X509_get0_notBefore(certificate));
  const time_t end = ToPosix(X509_get0_notAfter(certificate));
  if (end < seconds) return fmt::format("expired at {}", TimeText(end));
  if (begin > seconds) return fmt::format("is not valid before {}", TimeText(begin));
  return std::nullopt;
}

std::string SubjectOf(X509* certificate) { return NameText(X509_get_subject_name(certificate)); }

std::string IssuerOf(X509* certificate) { return NameText(X509_get_issuer_name(certificate)); }

Validity ValidityOf(X509* certificate) {
  using std::chrono::system_clock;
  return {system_clock::from_time_t(ToPosix(X509_get0_notBefore(certificate))),
          system_clock::from_time_t(ToPosix(X509_get0_notAfter(certificate)))};
}

std::string SerialNumberOf(X509* certificate) {
  const std::string bytes = TextOf(X509_get0_serialNumber(certificate));
  return fmt::format(
      "{:02x}",
      fmt::join(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), ""));
}

std::string FingerprintOf(X509* certificate) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (!X509_digest(certificate, EVP_sha256(), digest.data(), &size)) ERR_clear_error();
  return fmt::format("{:02x}", fmt::join(std::span(digest).first(size), ""));
}

std::string KeyKindOf(X509* certificate) {
  UniquePtr<EVP_PKEY> key(X509_get_pubkey(certificate));
  ERR_clear_error();
  if (!key) return "unknown";
  if (EVP_PKEY_id(key.get()) == EVP_PKEY_RSA)
    return fmt::format("RSA {}", EVP_PKEY_bits(key.get()));
  if (const EC_KEY* ec_key = EVP_PKEY_get0_EC_KEY(key.get())) {
    const int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(ec_key));
    return fmt::format("ECDSA {}", EC_curve_nid2nist(curve));
  }
  const char* name = OBJ_nid2sn(EVP_PKEY_id(key.get()));
  return name != nullptr ? name : "unknown";
}

std::vector<std::string> AlternativeNames::All() const {
  std::vector<std::string> all = dns;
  for (const auto* names : {&ip, &uri, &email}) all.insert(all.end(), names->begin(), names->end());
  return all;
}

AlternativeNames AlternativeNamesOf(X509* certificate) {
  AlternativeNames names;
  UniquePtr<GENERAL_NAMES> list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  if (!list) return names;
  for (size_t i = 0; i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
    switch (name->type) {
      case GEN_DNS:
        names.dns.push_back(Lower(TextOf(name->d.dNSName)));
        break;
      case GEN_IPADD:
        if (const auto address = AddressOf(name->d.iPAddress)) {
          names.ip.push_back(address->ToString());
        }
        break;
      case GEN_URI:
        names.uri.push_back(TextOf(name->d.uniformResourceIdentifier));
        break;
      case GEN_EMAIL:
        names.email.push_back(TextOf(name->d.rfc822Name));
        break;
      default:
        break;
    }
  }
  return names;
}

std::vector<std::string> ServerNamesOf(X509* certificate) {
  std::vector<std::string> names = AlternativeNamesOf(certificate).dns;
  if (names.empty()) {
    const std::string common_name = CommonNameOf(certificate);
    if (!common_name.empty()) names.push_back(Lower(common_name));
  }
  return names;
}

bool MatchesServerName(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return pattern == name;
  const size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

}  // namespace culvert::tls
