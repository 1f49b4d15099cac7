#include "source/server/file_fingerprint.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "test/identity/temporary_file.h"

namespace culvert::server {
namespace {

using identity::TemporaryFile;

TEST(FileFingerprintTest, StaysWhileTheFileDoes) {
  const TemporaryFile file("a");
  EXPECT_EQ(FingerprintOf(file.path()), FingerprintOf(file.path()));
  EXPECT_NE(FingerprintOf(file.path()), FileFingerprint());
}

TEST(FileFingerprintTest, ChangesWithTheSize) {
  const TemporaryFile file("a");
  const FileFingerprint before = FingerprintOf(file.path());
  file.Write("ab");
  EXPECT_NE(FingerprintOf(file.path()), before);
}

TEST(FileFingerprintTest, ChangesWithTheTimeAlone) {
  const TemporaryFile file("a");
  const FileFingerprint before = FingerprintOf(file.path());
  const timespec times[2] = {{1, 0}, {1, 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.path().c_str(), times, 0), 0);
  const FileFingerprint after = FingerprintOf(file.path());
  EXPECT_NE(after, before);
  EXPECT_EQ(after.modified_ns, 1'000'000'005);
}

TEST(FileFingerprintTest, ChangesWhenAnotherFileTakesThePlace) {
  const TemporaryFile file("a");
  const TemporaryFile other("b");
  const FileFingerprint before = FingerprintOf(file.path());
  ASSERT_EQ(std::rename(other.path().c_str(), file.path().c_str()), 0);
  EXPECT_NE(FingerprintOf(file.path()), before);
}

TEST(FileFingerprintTest, OfALinkIsThatOfItsTarget) {
  const TemporaryFile first("a");
  const TemporaryFile second("b");
  const std::string link = first.path() + ".link";
  ASSERT_EQ(::symlink(first.path().c_str(), link.c_str()), 0);
  EXPECT_EQ(FingerprintOf(link), FingerprintOf(first.path()));
  ::unlink(link.c_str());
  ASSERT_EQ(::symlink(second.path().c_str(), link.c_str()), 0);
  EXPECT_EQ(FingerprintOf(link), FingerprintOf(second.path()));
  ::unlink(link.c_str());
}

TEST(FileFingerprintTest, OfAMissingFileIsZero) {
  EXPECT_EQ(FingerprintOf("/nonexistent/file"), FileFingerprint());
}

TEST(FileFingerprintTest, OneLookServesAWholeBuild) {
  const TemporaryFile file("a");
  FileFingerprints known;
  const FileFingerprint first = CurrentFingerprint(file.path(), known);
  file.Write("ab");
  EXPECT_EQ(CurrentFingerprint(file.path(), known), first);
  EXPECT_NE(FingerprintOf(file.path()), first);
}

}  // namespace
}  // namespace culvert::server
