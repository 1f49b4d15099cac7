#include "source/identity/htpasswd.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "test/identity/hashes.h"

namespace culvert::identity {
namespace {

TEST(HtpasswdTest, ReadsUsersOfEveryKind) {
  const HtpasswdFile file = ParseHtpasswd(fmt::format(
      "alice:{}\nbob:{}\ncarol:{}\ndave:{}", kBcrypt2y, kSha256Crypt, kSha512Crypt, kSha1));
  EXPECT_TRUE(file.errors.empty());
  ASSERT_EQ(file.entries.size(), 4u);
  EXPECT_EQ(file.entries[0].name, "alice");
  EXPECT_EQ(file.entries[0].hash, kBcrypt2y);
  EXPECT_EQ(file.entries[3].name, "dave");
  EXPECT_EQ(file.entries[3].hash, kSha1);
}

TEST(HtpasswdTest, SkipsCommentsAndBlankLinesAndTakesCrLf) {
  const HtpasswdFile file =
      ParseHtpasswd(fmt::format("# staff\r\n\r\n \t\nalice:{}\r\n\n", kBcrypt2y));
  EXPECT_TRUE(file.errors.empty());
  ASSERT_EQ(file.entries.size(), 1u);
  EXPECT_EQ(file.entries[0].hash, kBcrypt2y);
}

TEST(HtpasswdTest, IgnoresAThirdField) {
  const HtpasswdFile file = ParseHtpasswd(fmt::format("alice:{}:head: of ops", kBcrypt2y));
  EXPECT_TRUE(file.errors.empty());
  ASSERT_EQ(file.entries.size(), 1u);
  EXPECT_EQ(file.entries[0].hash, kBcrypt2y);
}

TEST(HtpasswdTest, TakesAnEmptyFile) {
  EXPECT_TRUE(ParseHtpasswd("").errors.empty());
  EXPECT_TRUE(ParseHtpasswd("# nobody yet\n").entries.empty());
}

TEST(HtpasswdTest, ReportsEveryErrorWithItsLine) {
  const HtpasswdFile file = ParseHtpasswd(fmt::format(
      "alice:{0}\nno colon here\n# fine\nbob:plain\n:{0}\nca\trol:{0}\nalice:{0}\ndave:\n",
      kBcrypt2y));
  ASSERT_EQ(file.errors.size(), 6u);
  EXPECT_EQ(file.errors[0].line, 2u);
  EXPECT_EQ(file.errors[1].line, 4u);
  EXPECT_NE(file.errors[1].message.find("'bob'"), std::string::npos);
  EXPECT_EQ(file.errors[2].line, 5u);
  EXPECT_EQ(file.errors[3].line, 6u);
  EXPECT_NE(file.errors[3].message.find("control character"), std::string::npos);
  EXPECT_EQ(file.errors[4].line, 7u);
  EXPECT_NE(file.errors[4].message.find("line 1"), std::string::npos);
  EXPECT_EQ(file.errors[5].line, 8u);
}

TEST(HtpasswdTest, NeverQuotesWhatMayBeAPassword) {
  for (std::string_view text : {"hunter2", "alice:hunter2", ":hunter2", "alice:$2y$hunter2"}) {
    const HtpasswdFile file = ParseHtpasswd(text);
    ASSERT_EQ(file.errors.size(), 1u) << text;
    EXPECT_EQ(file.errors[0].message.find("hunter2"), std::string::npos) << text;
  }
}

TEST(HtpasswdTest, BoundsFileLineNameAndErrors) {
  EXPECT_EQ(ParseHtpasswd(std::string(kMaxHtpasswdSize + 1, '#')).errors.size(), 1u);
  EXPECT_EQ(ParseHtpasswd("alice:" + std::string(kMaxHtpasswdLine, 'x')).errors.size(), 1u);
  const std::string name(kMaxUserNameSize, 'n');
  EXPECT_TRUE(ParseHtpasswd(fmt::format("{}:{}", name, kSha1)).errors.empty());
  EXPECT_EQ(ParseHtpasswd(fmt::format("{}n:{}", name, kSha1)).errors.size(), 1u);
  std::string bad;
  for (size_t i = 0; i < 10 * kMaxHtpasswdErrors; ++i) bad += "bad\n";
  EXPECT_EQ(ParseHtpasswd(bad).errors.size(), kMaxHtpasswdErrors + 1);
}

TEST(HtpasswdTest, TakesNamesInOtherScripts) {
  EXPECT_TRUE(ParseHtpasswd(fmt::format("Zoë:{}", kSha1)).errors.empty());
}

}  // namespace
}  // namespace culvert::identity
