#include "source/tls/certificate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <chrono>

#include "source/base/status.h"
#include "test/tls/test_authority.h"

namespace culvert::tls {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

const TestAuthority& Authority() {
  static const TestAuthority authority("authority");
  return authority;
}

UniquePtr<X509> Leaf(const CertificateRequest& request) {
  auto chain = ParseCertificates(Authority().Issue(request).certificate_pem);
  return std::move(chain->front());
}

std::string MessageOf(const absl::Status& status) { return std::string(Message(status)); }

TEST(ParseCertificatesTest, TakesAChainWithTextBetween) {
  const Issued leaf = Authority().Issue({.common_name = "leaf"});
  const auto chain =
      ParseCertificates("# the leaf\n" + leaf.certificate_pem + "Issuer: x\n" + Authority().pem());
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->size(), 2);
  EXPECT_EQ(SubjectOf(chain->front().get()), "CN=leaf,O=Culvert tests");
  EXPECT_EQ(SubjectOf(chain->back().get()), "CN=authority,O=Culvert tests");
}

TEST(ParseCertificatesTest, RefusesWhatHoldsNone) {
  const std::string wanted = "holds no certificate; a PEM file with BEGIN CERTIFICATE is wanted";
  EXPECT_EQ(MessageOf(ParseCertificates("").status()), wanted);
  EXPECT_EQ(MessageOf(ParseCertificates("hello").status()), wanted);
  EXPECT_EQ(MessageOf(ParseCertificates(Authority().Issue({}).key_pem).status()), wanted);
}

TEST(ParseCertificatesTest, NamesTheBrokenOne) {
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto chain = ParseCertificates(Authority().pem() + broken);
  EXPECT_TRUE(MessageOf(chain.status()).starts_with("certificate 2 is broken: ")) << chain.status();
  const auto cut = ParseCertificates(Authority().pem().substr(0, 200));
  EXPECT_TRUE(MessageOf(cut.status()).starts_with("certificate 1 is broken: ")) << cut.status();
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST(ParsePrivateKeyTest, TakesTheKindsThatTlsUses) {
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kRsa2048}) {
    EXPECT_TRUE(ParsePrivateKey(ToPem(TestKey(type).get())).ok());
  }
}

TEST(ParsePrivateKeyTest, PassesOverTheParametersBeforeASec1Key) {
  const std::string pem =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
      ToPem(TestKey(KeyType::kP256).get());
  EXPECT_TRUE(ParsePrivateKey(pem).ok());
}

TEST(ParsePrivateKeyTest, RefusesWeakAndOtherKinds) {
  const auto message = [](KeyType type) {
    return MessageOf(ParsePrivateKey(ToPem(TestKey(type).get())).status());
  };
  EXPECT_EQ(message(KeyType::kRsa1024), "the RSA key has 1024 bits; use one of 2048 or more");
  EXPECT_EQ(message(KeyType::kP224),
            "the ECDSA key is on a curve that TLS does not use; use P-256, P-384 or P-521");
  EXPECT_EQ(message(KeyType::kEd25519), "this kind of key is not supported; use RSA or ECDSA");
}

TEST(ParsePrivateKeyTest, RefusesWhatIsNoKeyWithoutQuotingIt) {
  EXPECT_EQ(MessageOf(ParsePrivateKey("secret").status()),
            "holds no usable private key in PEM (no start line)");
  const auto nonsense =
      ParsePrivateKey("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n").status();
  EXPECT_TRUE(MessageOf(nonsense).starts_with("holds no usable private key in PEM (")) << nonsense;
  EXPECT_EQ(MessageOf(nonsense).find("secret"), std::string::npos);
  EXPECT_EQ(
      MessageOf(ParsePrivateKey("-----BEGIN ENCRYPTED PRIVATE KEY-----\n").status()),
      "the private key is encrypted; store it without a pass phrase, readable by this user only");
}

TEST(MakeKeyPairTest, RefusesTheKeyOfAnotherCertificate) {
  for (const KeyType other : {KeyType::kP256, KeyType::kP384, KeyType::kRsa2048}) {
    const Issued issued = Authority().Issue({.common_name = "leaf"});
    const auto pair = MakeKeyPair(*ParseCertificates(issued.certificate_pem), TestKey(other, 7));
    EXPECT_EQ(MessageOf(pair.status()),
              "the private key is not that of the certificate (CN=leaf,O=Culvert tests); check "
              "that the two files "
              "belong together");
  }
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST(MakeKeyPairTest, KnowsTheCurveOfAnEcdsaKey) {
  EXPECT_EQ(Authority().Issue({.key = KeyType::kP256}).Pair().ecdsa_curve(), SSL_CURVE_SECP256R1);
  EXPECT_EQ(Authority().Issue({.key = KeyType::kP384}).Pair().ecdsa_curve(), SSL_CURVE_SECP384R1);
  EXPECT_EQ(Authority().Issue({.key = KeyType::kP521}).Pair().ecdsa_curve(), SSL_CURVE_SECP521R1);
  EXPECT_EQ(Authority().Issue({.key = KeyType::kRsa2048}).Pair().ecdsa_curve(), 0);
}

TEST(ValidityProblemTest, TellsWhatIsWrongWithTheDates) {
  const UniquePtr<X509> certificate = Leaf({.days = 5});
  const auto now = system_clock::now();
  EXPECT_EQ(ValidityProblem(certificate.get(), now), std::nullopt);
  const auto later = ValidityProblem(certificate.get(), now + hours(24 * 6));
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->starts_with("expired at 20")) << *later;
  EXPECT_TRUE(later->ends_with(" UTC")) << *later;
  const auto earlier = ValidityProblem(certificate.get(), now - hours(24 * 6));
  ASSERT_TRUE(earlier);
  EXPECT_TRUE(earlier->starts_with("is not valid before 20")) << *earlier;
}

TEST(AlternativeNamesTest, AreSortedByKindAndNormalized) {
  const UniquePtr<X509> certificate =
      Leaf({.names = {"email:Ops@b.test", "DNS:B.Test", "URI:spiffe://test/App", "IP:10.0.0.7",
                      "IP:2001:DB8:0:0:0:0:0:1", "DNS:*.c.test"}});
  const AlternativeNames names = AlternativeNamesOf(certificate.get());
  EXPECT_EQ(names.dns, (std::vector<std::string>{"b.test", "*.c.test"}));
  EXPECT_EQ(names.ip, (std::vector<std::string>{"10.0.0.7", "2001:db8::1"}));
  EXPECT_EQ(names.uri, std::vector<std::string>{"spiffe://test/App"});
  EXPECT_EQ(names.email, std::vector<std::string>{"Ops@b.test"});
  EXPECT_EQ(names.All(), (std::vector<std::string>{"b.test", "*.c.test", "10.0.0.7", "2001:db8::1",
                                                   "spiffe://test/App", "Ops@b.test"}));
}

TEST(AlternativeNamesTest, ACertificateWithoutHasNone) {
  EXPECT_TRUE(AlternativeNamesOf(Leaf({}).get()).All().empty());
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST(ServerNamesTest, AreTheDnsNamesOrElseTheCommonName) {
  EXPECT_EQ(
      ServerNamesOf(Leaf({.common_name = "cn.test", .names = {"DNS:a.test", "DNS:b.test"}}).get()),
      (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_EQ(ServerNamesOf(Leaf({.common_name = "CN.test"}).get()),
            std::vector<std::string>{"cn.test"});
}

TEST(SubjectTest, EscapesWhatWouldBreakALogLine) {
  EXPECT_EQ(SubjectOf(Leaf({.common_name = "a\nb"}).get()), "CN=a\\0Ab,O=Culvert tests");
  EXPECT_EQ(SubjectOf(Leaf({.common_name = "Zo\xc3\xab, x"}).get()),
            "CN=Zo\xc3\xab\\, x,O=Culvert tests");
}

TEST(CertificateDetailsTest, TellsWhoSignedItAndUntilWhen) {
  const TestAuthority authority("the authority");
  const KeyPair pair = authority.Issue({.common_name = "leaf", .days = 30}).Pair();
  EXPECT_EQ(IssuerOf(pair.leaf()), "CN=the authority,O=Culvert tests");
  const Validity validity = ValidityOf(pair.leaf());
  const auto now = std::chrono::system_clock::now();
  EXPECT_NEAR(std::chrono::duration<double>(validity.not_after - now).count(), 30 * 86400, 60);
  EXPECT_NEAR(std::chrono::duration<double>(validity.not_before - now).count(), -86400, 60);
}

TEST(CertificateDetailsTest, NumbersAreHexadecimal) {
  const TestAuthority authority("authority");
  const KeyPair pair = authority.Issue({}).Pair();
  ASN1_INTEGER_set(X509_get_serialNumber(pair.leaf()), 0x0a1b2c);
  EXPECT_EQ(SerialNumberOf(pair.leaf()), "0a1b2c");
  uint8_t* der = nullptr;
  const int size = i2d_X509(pair.leaf(), &der);
  const UniquePtr<uint8_t> owner(der);
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(der, size, digest.data());
  EXPECT_EQ(FingerprintOf(pair.leaf()), fmt::format("{:02x}", fmt::join(digest, "")));
  EXPECT_NE(FingerprintOf(pair.leaf()), FingerprintOf(authority.Issue({}).Pair().leaf()));
}

TEST(CertificateDetailsTest, TheKindOfKeyHasItsSize) {
  const TestAuthority authority("authority");
  const auto kind = [&](KeyType key) {
    const Issued issued = authority.Issue({.key = key});
    return KeyKindOf((*ParseCertificates(issued.certificate_pem))[0].get());
  };
  EXPECT_EQ(kind(KeyType::kRsa2048), "RSA 2048");
  EXPECT_EQ(kind(KeyType::kP256), "ECDSA P-256");
  EXPECT_EQ(kind(KeyType::kP521), "ECDSA P-521");
  EXPECT_EQ(kind(KeyType::kEd25519), "ED25519");
}

TEST(MatchesServerNameTest, AWildcardStandsForOneLabel) {
  EXPECT_TRUE(MatchesServerName("a.test", "a.test"));
  EXPECT_FALSE(MatchesServerName("a.test", "b.test"));
  EXPECT_TRUE(MatchesServerName("*.a.test", "x.a.test"));
  EXPECT_FALSE(MatchesServerName("*.a.test", "a.test"));
  EXPECT_FALSE(MatchesServerName("*.a.test", ".a.test"));
  EXPECT_FALSE(MatchesServerName("*.a.test", "x.y.a.test"));
  EXPECT_FALSE(MatchesServerName("*.a.test", "xa.test"));
  EXPECT_FALSE(MatchesServerName("*.test", "test"));
  EXPECT_FALSE(MatchesServerName("*", "a"));
}

}  // namespace
}  // namespace culvert::tls
