#include "test/fakes/fake_stream.h"

#include <gtest/gtest.h>

#include <array>

namespace culvert::fakes {
namespace {

using net::IoError;
using net::IoResult;

class FakeStreamTest : public ::testing::Test {
 protected:
  std::pair<FakeStreamPtr, FakeStreamPtr> pair_ = FakeStream::MakePair();
  FakeStream& near_ = *pair_.first;
  FakeStream& far_ = *pair_.second;
  std::array<char, 16> buffer_;
};

TEST_F(FakeStreamTest, CarriesBytesBothWays) {
  far_.Send("hello");
  EXPECT_EQ(near_.TryRead(buffer_).bytes, 5);
  EXPECT_EQ(near_.TryWrite(std::string_view("ab")).bytes, 2);
  EXPECT_EQ(far_.Received(), "ab");
  EXPECT_TRUE(near_.TryRead(buffer_).would_block());
  EXPECT_FALSE(near_.readable().ready());
}

TEST_F(FakeStreamTest, FollowsTheScriptOfPieces) {
  near_.SetReadPieces({1, 0, 2});
  far_.Send("abcdef");
  EXPECT_EQ(near_.TryRead(buffer_).bytes, 1);
  EXPECT_TRUE(near_.TryRead(buffer_).would_block());
  EXPECT_TRUE(near_.readable().ready());
  EXPECT_EQ(near_.TryRead(buffer_).bytes, 2);
  EXPECT_EQ(near_.TryRead(buffer_).bytes, 2);
}

TEST_F(FakeStreamTest, BlocksWritesAtItsCapacityUntilTheOtherEndReads) {
  near_.SetWriteCapacity(3);
  EXPECT_EQ(near_.TryWrite(std::string_view("abcdef")).bytes, 3);
  EXPECT_TRUE(near_.TryWrite(std::string_view("def")).would_block());
  EXPECT_FALSE(near_.writable().ready());
  EXPECT_EQ(far_.Received(), "abc");
  EXPECT_TRUE(near_.writable().ready());
}

TEST_F(FakeStreamTest, HoldsWritesUntilTheyAreFlushed) {
  near_.SetHoldsWrites(true);
  EXPECT_EQ(near_.TryWrite(std::string_view("ab")).bytes, 2);
  EXPECT_EQ(far_.Received(), "");
  EXPECT_TRUE(near_.TryFlush().ok());
  EXPECT_EQ(far_.Received(), "ab");
}

TEST_F(FakeStreamTest, TellsAnEndFromAReset) {
  EXPECT_TRUE(far_.TryShutdownWrite().ok());
  EXPECT_TRUE(near_.TryRead(buffer_).ended());
  near_.Abort();
  EXPECT_EQ(far_.TryRead(buffer_).error, IoError::kReset);
  EXPECT_TRUE(far_.received_reset());
}

TEST_F(FakeStreamTest, ADestroyedEndIsAnEndToReadsAndAResetToWrites) {
  pair_.first.reset();
  EXPECT_TRUE(far_.TryRead(buffer_).ended());
  EXPECT_EQ(far_.TryWrite(std::string_view("x")).error, IoError::kReset);
}

}  // namespace
}  // namespace culvert::fakes
