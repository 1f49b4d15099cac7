#include "source/net/socket_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "source/net/stream_io.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using std::chrono::milliseconds;

// A stream and the raw other end of its connection.
class SocketStreamTest : public LoopFixture, public ::testing::WithParamInterface<bool> {
 protected:
  SocketStreamTest() {
    FdPair pair = GetParam() ? TcpPair() : UnixPair();
    stream_ = MakeStream(std::move(pair.first));
    peer_ = std::move(pair.second);
  }

  void PeerSends(std::string_view bytes) {
    ASSERT_EQ(send(peer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), bytes.size());
  }
  // "" where the peer has nothing to read yet.
  std::string PeerReceives() {
    std::string buffer(64 * 1024, '\0');
    const ssize_t count = recv(peer_.get(), buffer.data(), buffer.size(), 0);
    return count > 0 ? buffer.substr(0, count) : "";
  }
  // Reads as a coroutine does; what it got, or "<end>", "<reset>", "<timed_out>".
  std::string ReadSome(size_t size = 1024, Duration patience = kGuard) {
    std::string buffer(size, '\0');
    const IoResult result = Run(Read(*stream_, buffer, Clock::now() + patience));
    if (result.ended()) return "<end>";
    if (!result.ok()) return "<" + std::string(ToToken(result.error)) + ">";
    return buffer.substr(0, result.bytes);
  }
  // Writes until the peer's and our buffers are full; how many bytes that took.
  size_t WriteUntilBlocked() {
    const std::string piece(64 * 1024, 'x');
    size_t total = 0;
    while (true) {
      const IoResult result = stream_->TryWrite(piece);
      if (!result.ok()) {
        EXPECT_TRUE(result.would_block());
        return total;
      }
      total += result.bytes;
    }
  }

  std::unique_ptr<SocketStream> stream_;
  Fd peer_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, SocketStreamTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Tcp" : "Unix"; });

TEST_P(SocketStreamTest, CarriesBytesBothWays) {
  PeerSends("hello");
  EXPECT_EQ(ReadSome(), "hello");
  EXPECT_EQ(Run(WriteAll(*stream_, "there", kNever)).bytes, 5);
  std::string got;
  RunUntil([&] { return (got += PeerReceives()) == "there"; });
}

TEST_P(SocketStreamTest, AnEmptySocketWouldBlockAndIsNotReadable) {
  char byte;
  EXPECT_TRUE(stream_->TryRead({&byte, 1}).would_block());
  EXPECT_FALSE(stream_->readable().ready());
  EXPECT_EQ(ReadSome(1, milliseconds(5)), "<timed_out>");
}

TEST_P(SocketStreamTest, BytesThatComeAfterAShortReadWakeTheReader) {
  for (int i = 0; i < 100; ++i) {
    PeerSends("abc");
    EXPECT_EQ(ReadSome(), "abc");
  }
}

TEST_P(SocketStreamTest, ReadsPiecesOfALargerArrivalWithoutANewEdge) {
  PeerSends("abcdefg");
  EXPECT_EQ(ReadSome(3), "abc");
  EXPECT_EQ(ReadSome(3), "def");
  EXPECT_EQ(ReadSome(3), "g");
}

TEST_P(SocketStreamTest, BytesAndEndThatComeTogetherAreBothSeen) {
  PeerSends("last");
  shutdown(peer_.get(), SHUT_WR);
  EXPECT_EQ(ReadSome(), "last");
  EXPECT_EQ(ReadSome(), "<end>");
  EXPECT_EQ(ReadSome(), "<end>");
}

TEST_P(SocketStreamTest, AnEndThatComesAfterAShortReadIsSeen) {
  PeerSends("last");
  EXPECT_EQ(ReadSome(), "last");
  shutdown(peer_.get(), SHUT_WR);
  EXPECT_EQ(ReadSome(), "<end>");
}

TEST_P(SocketStreamTest, AnEndThatComesWithTheEventAlreadyHandledIsSeen) {
  // The edge of the bytes has been handed on when the end arrives, and only then the read happens.
  PeerSends("last");
  loop_.RunOnce(Clock::now());
  shutdown(peer_.get(), SHUT_WR);
  EXPECT_EQ(ReadSome(), "last");
  EXPECT_EQ(ReadSome(), "<end>");
}

TEST_P(SocketStreamTest, WritingGoesOnAfterThePeerHasEnded) {
  shutdown(peer_.get(), SHUT_WR);
  EXPECT_EQ(ReadSome(), "<end>");
  EXPECT_TRUE(stream_->TryWrite(std::string_view("answer")).ok());
  RunUntil([&] { return PeerReceives() == "answer"; });
}

TEST_P(SocketStreamTest, ReadingGoesOnAfterOurEnd) {
  EXPECT_TRUE(Run(ShutdownWrite(*stream_, kNever)).ok());
  char byte;
  RunUntil([&] { return recv(peer_.get(), &byte, 1, 0) == 0; });
  PeerSends("answer");
  EXPECT_EQ(ReadSome(), "answer");
  EXPECT_EQ(stream_->TryWrite(std::string_view("x")).error, IoError::kReset);
}

TEST_P(SocketStreamTest, AWriterIsWokenWhenThePeerReadsAgain) {
  ASSERT_GT(WriteUntilBlocked(), 0);
  EXPECT_FALSE(stream_->writable().ready());
  loop_.RunOnce(Clock::now());
  RunUntil([&] {
    PeerReceives();
    return stream_->writable().ready();
  });
  EXPECT_TRUE(stream_->TryWrite(std::string_view("x")).ok());
}

TEST_P(SocketStreamTest, ABlockedWriterOfAPeerThatClosesFails) {
  ShrinkBuffers(stream_->fd());
  WriteUntilBlocked();
  peer_.Close();
  EXPECT_EQ(Run(WriteAll(*stream_, "x", kNever)).error, IoError::kReset);
}

TEST_P(SocketStreamTest, AWaitOnAQuietSocketCostsNoRounds) {
  char byte;
  Start([](SocketStream& stream, std::span<char> buffer) -> Task<void> {
    co_await Read(stream, buffer, kNever);
  }(*stream_, {&byte, 1}));
  EXPECT_TRUE(FallsQuiet());
  Unwind();
}

TEST_P(SocketStreamTest, BytesBehindUrgentDataAreReadWithoutMoreArriving) {
  PeerSends("abc");
  ASSERT_EQ(send(peer_.get(), "!", 1, MSG_OOB), 1);
  PeerSends("efg");
  std::string got;
  while (got != "abcefg") {
    const std::string more = ReadSome(1024, milliseconds(500));
    ASSERT_NE(more, "<timed_out>") << "after " << got;
    got += more;
  }
}

TEST_P(SocketStreamTest, IsABareSocketUnlessBytesWerePushedBack) {
  EXPECT_EQ(stream_->AsBareSocket(), stream_.get());
  stream_->PushBack(std::string_view("ab"));
  EXPECT_EQ(stream_->AsBareSocket(), nullptr);
  EXPECT_EQ(ReadSome(1), "a");
  EXPECT_EQ(stream_->AsBareSocket(), nullptr);
  EXPECT_EQ(ReadSome(1), "b");
  EXPECT_EQ(stream_->AsBareSocket(), stream_.get());
}

TEST_P(SocketStreamTest, SplicesThroughAPipe) {
  Pipe pipe = loop_.scratch().pipes.Take();
  ASSERT_TRUE(pipe.valid());
  PeerSends("through");
  IoResult moved = IoResult::WouldBlock();
  RunUntil([&] {
    moved = stream_->TrySpliceInto(pipe.write_end(), pipe.capacity());
    return !moved.would_block();
  });
  EXPECT_EQ(moved.bytes, 7);
  EXPECT_TRUE(stream_->TrySpliceInto(pipe.write_end(), pipe.capacity()).would_block());
  EXPECT_FALSE(stream_->readable().ready());
  EXPECT_EQ(stream_->TrySpliceFrom(pipe.read_end(), 7).bytes, 7);
  RunUntil([&] { return PeerReceives() == "through"; });
  shutdown(peer_.get(), SHUT_WR);
  RunUntil([&] {
    moved = stream_->TrySpliceInto(pipe.write_end(), pipe.capacity());
    return !moved.would_block();
  });
  EXPECT_TRUE(moved.ended());
  loop_.scratch().pipes.Return(std::move(pipe));
}

TEST_P(SocketStreamTest, ASplicingWriterIsWokenWhenThePeerReadsAgain) {
  WriteUntilBlocked();
  RunUntil([&] {
    PeerReceives();
    return stream_->writable().ready();
  });
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  const std::string data(32 * 1024, 'y');
  size_t spliced = 0;
  size_t received = 0;
  for (int i = 0; i < 200 && spliced < 8 * 1024 * 1024; ++i) {
    size_t in_pipe = write(write_end.get(), data.data(), data.size());
    RunUntil([&] {
      const IoResult result = stream_->TrySpliceFrom(read_end.get(), in_pipe);
      if (result.ok()) in_pipe -= result.bytes, spliced += result.bytes;
      // The peer reads only where we are stuck.
      if (result.would_block()) received += PeerReceives().size();
      return in_pipe == 0;
    });
  }
  EXPECT_GT(received, 0);
}

TEST_P(SocketStreamTest, SplicingIntoAPeerThatIsGoneIsAReset) {
  peer_.Close();
  Pipe pipe = loop_.scratch().pipes.Take();
  ASSERT_EQ(write(pipe.write_end(), "abcd", 4), 4);
  IoResult result;
  RunUntil([&] {
    result = stream_->TrySpliceFrom(pipe.read_end(), 2);
    return !result.ok();
  });
  EXPECT_EQ(result.error, IoError::kReset);
  loop_.scratch().pipes.Discard(std::move(pipe));
}

class TcpStreamTest : public SocketStreamTest {};
INSTANTIATE_TEST_SUITE_P(Tcp, TcpStreamTest, ::testing::Values(true),
                         [](const auto&) { return "Tcp"; });

TEST_P(TcpStreamTest, AResetIsToldApartFromAnEnd) {
  PeerSends("abc");
  Reset(std::move(peer_));
  std::string got = ReadSome();
  if (got == "abc") got = ReadSome();
  EXPECT_EQ(got, "<reset>");
}

TEST_P(TcpStreamTest, AResetWakesAReaderThatWaits) {
  loop_.Post([this] { Reset(std::move(peer_)); });
  EXPECT_EQ(ReadSome(), "<reset>");
}

TEST_P(TcpStreamTest, AbortAndDestroyIsAResetToThePeer) {
  stream_->Abort();
  stream_.reset();
  char byte;
  ssize_t count = 0;
  RunUntil([&] {
    count = recv(peer_.get(), &byte, 1, 0);
    return count >= 0 || errno != EAGAIN;
  });
  EXPECT_EQ(count, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_P(TcpStreamTest, DestroyIsAnEndToThePeer) {
  stream_.reset();
  char byte;
  ssize_t count = -1;
  RunUntil([&] { return (count = recv(peer_.get(), &byte, 1, 0)) >= 0; });
  EXPECT_EQ(count, 0);
}

TEST_P(TcpStreamTest, UrgentDataLeavesSplicingToThosePeersThatSendNone) {
  EXPECT_NE(stream_->AsBareSocket(), nullptr);
  ASSERT_EQ(send(peer_.get(), "!", 1, MSG_OOB), 1);
  RunUntil([&] { return stream_->AsBareSocket() == nullptr; });
}

}  // namespace
}  // namespace culvert::net
