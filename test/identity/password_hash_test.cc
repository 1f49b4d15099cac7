#include "source/identity/password_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "source/base/status.h"
#include "test/identity/hashes.h"

namespace culvert::identity {
namespace {

class EachKindTest : public testing::TestWithParam<std::string_view> {
 protected:
  HashScratch scratch_;
};

TEST_P(EachKindTest, IsValid) { EXPECT_TRUE(ValidateHash(GetParam()).ok()); }

TEST_P(EachKindTest, MatchesTheRightPassword) {
  EXPECT_EQ(VerifyPassword(GetParam(), kPassword, scratch_), HashMatch::kYes);
}

TEST_P(EachKindTest, DoesNotMatchWrongPasswords) {
  for (std::string_view wrong : {"", "wonderlan", "wonderland ", "Wonderland"}) {
    EXPECT_EQ(VerifyPassword(GetParam(), wrong, scratch_), HashMatch::kNo) << wrong;
  }
}

TEST_P(EachKindTest, DoesNotStopAtANul) {
  EXPECT_EQ(VerifyPassword(GetParam(), std::string_view("wonderland\0x", 12), scratch_),
            HashMatch::kNo);
}

TEST_P(EachKindTest, WorksAgainWithTheSameScratch) {
  EXPECT_EQ(VerifyPassword(GetParam(), "a much longer password than before", scratch_),
            HashMatch::kNo);
  EXPECT_EQ(VerifyPassword(GetParam(), kPassword, scratch_), HashMatch::kYes);
  EXPECT_EQ(VerifyPassword(kSha256CryptRounds, kPassword, scratch_), HashMatch::kYes);
  EXPECT_EQ(VerifyPassword(GetParam(), kPassword, scratch_), HashMatch::kYes);
}

TEST_P(EachKindTest, IsMalformedWhenCut) {
  const std::string_view hash = GetParam();
  for (size_t size = 0; size < hash.size(); ++size) {
    EXPECT_FALSE(ValidateHash(hash.substr(0, size)).ok()) << size;
  }
}

TEST_P(EachKindTest, IsMalformedWithMoreBehind) {
  EXPECT_FALSE(ValidateHash(std::string(GetParam()) + "x").ok());
  EXPECT_FALSE(ValidateHash(std::string(GetParam()) + " ").ok());
}

TEST_P(EachKindTest, IsMalformedWithAStrangeByteAnywhere) {
  for (size_t i = 0; i < GetParam().size(); ++i) {
    std::string hash(GetParam());
    hash[i] = '!';
    EXPECT_FALSE(ValidateHash(hash).ok()) << hash;
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, EachKindTest,
                         testing::Values(kBcrypt2a, kBcrypt2b, kBcrypt2y, kSha256Crypt,
                                         kSha256CryptRounds, kSha512Crypt, kSha512CryptRounds,
                                         kSha1));

TEST(PasswordHashTest, LeavesNoPasswordInTheScratch) {
  HashScratch scratch;
  VerifyPassword(kBcrypt2y, kPassword, scratch);
  const std::string_view bytes(reinterpret_cast<const char*>(&scratch.data()), 32768);
  EXPECT_EQ(bytes.find_first_not_of('\0'), bytes.npos);
}

TEST(PasswordHashTest, TakesPasswordsUpToTheLimitOfTheLibrary) {
  HashScratch scratch;
  EXPECT_EQ(VerifyPassword(kBcrypt2y, std::string(kMaxPasswordSize, 'x'), scratch), HashMatch::kNo);
  EXPECT_EQ(VerifyPassword(kBcrypt2y, std::string(kMaxPasswordSize + 1, 'x'), scratch),
            HashMatch::kNo);
  EXPECT_EQ(VerifyPassword(kBcrypt2y, std::string(1 << 20, 'x'), scratch), HashMatch::kNo);
}

TEST(PasswordHashTest, MatchesBcryptWhoseSaltHasSpareBitsSet) {
  // The last character of the salt holds two bits; some programs fill the other four.
  HashScratch scratch;
  std::string hash(kBcrypt2a);
  hash[28] = '/';
  ASSERT_TRUE(ValidateHash(hash).ok());
  EXPECT_EQ(VerifyPassword(hash, kPassword, scratch), HashMatch::kYes);
  EXPECT_EQ(VerifyPassword(hash, "wrong", scratch), HashMatch::kNo);
}

TEST(PasswordHashTest, ReportsWhatTheLibraryCannotHash) {
  HashScratch scratch;
  EXPECT_EQ(VerifyPassword("$5$rounds=1$salt$digest", kPassword, scratch), HashMatch::kError);
}

TEST(PasswordHashTest, BoundsTheCostOfBcrypt) {
  const auto with_cost = [](std::string_view cost) {
    std::string hash(kBcrypt2y);
    return ValidateHash(hash.replace(4, 2, cost));
  };
  EXPECT_TRUE(with_cost("16").ok());
  for (std::string_view cost : {"17", "31", "99", "00", "03", "+4", " 4"}) {
    EXPECT_FALSE(with_cost(cost).ok()) << cost;
  }
  EXPECT_NE(Message(with_cost("17")).find("cost 17"), std::string_view::npos);
}

TEST(PasswordHashTest, BoundsTheRoundsOfShaCrypt) {
  const auto with_rounds = [](std::string_view rounds) {
    std::string hash(kSha512CryptRounds);
    return ValidateHash(hash.replace(10, 4, rounds));
  };
  EXPECT_TRUE(with_rounds("5000000").ok());
  for (std::string_view rounds :
       {"5000001", "999999999", "99999999999999999999", "999", "01000", "", "-1000", "1e6"}) {
    EXPECT_FALSE(with_rounds(rounds).ok()) << rounds;
  }
}

TEST(PasswordHashTest, BoundsTheSaltOfShaCrypt) {
  const std::string digest = "$P8WxiZdsQgEV/WrUJLFhcY321KVz2YovpJcf0/DrUQ2";
  EXPECT_TRUE(ValidateHash("$5$sixteencharacter" + digest).ok());
  EXPECT_FALSE(ValidateHash("$5$seventeencharacte" + digest).ok());
  EXPECT_FALSE(ValidateHash("$5$" + digest).ok());
}

TEST(PasswordHashTest, RefusesOtherKindsWithARemedyAndWithoutTheHash) {
  for (std::string_view hash :
       {"$apr1$hB0Ne6bW$O9VDv6kGc8lKd4IGoKDG/0", "$1$hB0Ne6bW$O9VDv6kGc8lKd4IGoKDG/0",
        "MXiRIlweWT1iU", "plain-password",
        "$2x$04$BifGYhspopgIxsJr7336WuFK/fcrOL5P7W97kSm67P3XTHMkvtbJS", "$y$j9T$salt$digest",
        "{SSHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=", "*", "!"}) {
    const absl::Status status = ValidateHash(hash);
    ASSERT_FALSE(status.ok()) << hash;
    EXPECT_NE(Message(status).find("htpasswd -B"), std::string_view::npos) << hash;
    EXPECT_TRUE(hash.size() == 1 || Message(status).find(hash) == std::string_view::npos) << hash;
  }
}

}  // namespace
}  // namespace culvert::identity
