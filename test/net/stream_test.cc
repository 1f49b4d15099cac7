#include "source/net/stream.h"

#include <string>
#include <string_view>

#include "source/net/stream_io.h"
#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using std::chrono::milliseconds;

class StreamTest : public LoopFixture {
 protected:
  IoResult TryReadOne() {
    char byte;
    return near_.TryRead({&byte, 1});
  }
  std::string ReadOnce(size_t size) {
    std::string buffer(size, '\0');
    const IoResult result = near_.TryRead(buffer);
    if (!result.ok()) return "";
    return buffer.substr(0, result.bytes);
  }

  std::pair<fakes::FakeStreamPtr, fakes::FakeStreamPtr> pair_ = FakeStream::MakePair();
  FakeStream& near_ = *pair_.first;
  FakeStream& far_ = *pair_.second;
};

TEST_F(StreamTest, ReadsPushedBackBytesFirst) {
  far_.Send("world");
  near_.PushBack(std::string_view("hello "));
  EXPECT_EQ(ReadOnce(100), "hello ");
  EXPECT_EQ(ReadOnce(100), "world");
}

TEST_F(StreamTest, ReadsPushedBackBytesInPiecesOfAnySize) {
  near_.PushBack(std::string_view("abcde"));
  EXPECT_EQ(ReadOnce(2), "ab");
  EXPECT_EQ(ReadOnce(2), "cd");
  EXPECT_EQ(ReadOnce(2), "e");
  EXPECT_TRUE(TryReadOne().would_block());
}

TEST_F(StreamTest, BytesPushedBackLaterAreReadEarlier) {
  near_.PushBack(std::string_view("cdef"));
  EXPECT_EQ(ReadOnce(1), "c");
  near_.PushBack(std::string_view("c"));
  near_.PushBack(std::string_view("ab"));
  EXPECT_EQ(ReadOnce(100), "abcdef");
}

TEST_F(StreamTest, PushingBackNothingChangesNothing) {
  near_.PushBack({});
  EXPECT_TRUE(TryReadOne().would_block());
  near_.PushBack(std::string_view("a"));
  near_.PushBack({});
  EXPECT_EQ(ReadOnce(9), "a");
}

TEST_F(StreamTest, PushedBackBytesMayHoldAnyValue) {
  const std::string bytes("\0\xff\0", 3);
  near_.PushBack(bytes);
  EXPECT_EQ(ReadOnce(9), bytes);
}

TEST_F(StreamTest, PushedBackBytesAreReadAfterTheEndHasCome) {
  far_.SendEnd();
  EXPECT_EQ(ReadOnce(9), "");
  near_.PushBack(std::string_view("left"));
  EXPECT_EQ(ReadOnce(9), "left");
  EXPECT_TRUE(TryReadOne().ended());
}

class StreamIoTest : public StreamTest {
 protected:
  IoResult ReadAll(std::span<char> buffer, TimePoint deadline = kNever) {
    return Run(Read(near_, buffer, deadline));
  }
  TimePoint Soon() { return Clock::now() + milliseconds(10); }
};

TEST_F(StreamIoTest, ReadWaitsUntilBytesCome) {
  std::string buffer(9, '\0');
  loop_.Post([this] { far_.Send("late"); });
  EXPECT_EQ(ReadAll(buffer).bytes, 4);
}

TEST_F(StreamIoTest, ReadTellsEndErrorDeadlineAndCancelApart) {
  std::string buffer(9, '\0');
  EXPECT_EQ(ReadAll(buffer, Soon()).error, IoError::kTimedOut);
  far_.SendEnd();
  EXPECT_TRUE(ReadAll(buffer).ended());
  far_.SendError(IoError::kReset);
  EXPECT_EQ(ReadAll(buffer).error, IoError::kReset);
}

TEST_F(StreamIoTest, ReadOfACancelledScopeIsCancelled) {
  std::string buffer(9, '\0');
  loop_.Post([this] { scope_.Cancel(CancelReason::kKilled); });
  EXPECT_EQ(ReadAll(buffer).error, IoError::kCancelled);
}

Task<void> TakeSlowly(FakeStream& stream, std::string& received, size_t total) {
  while (received.size() < total) {
    co_await Yield();
    received += stream.Received();
  }
}

TEST_F(StreamIoTest, WriteAllWritesAndFlushesThroughPiecesAndFullBuffers) {
  const std::string data = Pattern(10'000, 1);
  for (const bool holds : {false, true}) {
    std::string received;
    near_.SetHoldsWrites(holds);
    near_.SetWritePieces({1, 0, 700, 3, 0, 100});
    near_.SetWriteCapacity(333);
    Start(TakeSlowly(far_, received, data.size()));
    EXPECT_EQ(Run(WriteAll(near_, data, kNever)).bytes, data.size());
    RunUntil([&] { return running() == 0; });
    EXPECT_EQ(received, data);
  }
}

TEST_F(StreamIoTest, WriteAllOfNothingFlushes) {
  near_.SetHoldsWrites(true);
  ASSERT_TRUE(near_.TryWrite(std::string_view("held")).ok());
  EXPECT_TRUE(Run(WriteAll(near_, "", kNever)).ok());
  EXPECT_EQ(far_.Received(), "held");
}

TEST_F(StreamIoTest, WriteAllEndsAtItsDeadline) {
  near_.SetWriteCapacity(3);
  EXPECT_EQ(Run(WriteAll(near_, "abcdef", Soon())).error, IoError::kTimedOut);
}

TEST_F(StreamIoTest, WriteAllSaysThatThePeerIsGone) {
  pair_.second.reset();
  EXPECT_EQ(Run(WriteAll(near_, "abc", kNever)).error, IoError::kReset);
}

TEST_F(StreamIoTest, ShutdownWriteFlushesFirst) {
  near_.SetHoldsWrites(true);
  near_.SetWriteCapacity(2);
  ASSERT_TRUE(near_.TryWrite(std::string_view("last")).ok());
  std::string received;
  Start(TakeSlowly(far_, received, 4));
  EXPECT_TRUE(Run(ShutdownWrite(near_, kNever)).ok());
  RunUntil([&] { return running() == 0; });
  EXPECT_EQ(received, "last");
  EXPECT_TRUE(far_.received_end());
}

TEST_F(StreamIoTest, DrainReadsStopsAtTheEndAtTheMostAndAtTheDeadline) {
  far_.Send(Pattern(20'000, 2));
  Run(DrainReads(near_, 8192, kNever));
  EXPECT_EQ(ReadOnce(20'000).size(), 20'000 - 8192);
  Run(DrainReads(near_, 8192, Soon()));
  far_.SendEnd();
  Run(DrainReads(near_, 8192, kNever));
}

}  // namespace
}  // namespace culvert::net
