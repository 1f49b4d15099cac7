#include "source/net/pump.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "source/net/socket_stream.h"
#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using fakes::FakeStreamPtr;
using State = Pump::State;
using std::chrono::milliseconds;

const TimePoint kStart = TimePoint(std::chrono::hours(1));

// sender -> from | pump | to -> receiver, in memory.
class PumpTest : public ::testing::Test {
 protected:
  std::pair<FakeStreamPtr, FakeStreamPtr> in_ = FakeStream::MakePair();
  std::pair<FakeStreamPtr, FakeStreamPtr> out_ = FakeStream::MakePair();
  FakeStream& sender_ = *in_.first;
  FakeStream& from_ = *in_.second;
  FakeStream& to_ = *out_.first;
  FakeStream& receiver_ = *out_.second;
  State Step() { return pump_.Step(kStart); }

  Scratch scratch_;
  Pump pump_{from_, to_, scratch_};
};

TEST_F(PumpTest, IsIdleWhereNothingComes) {
  EXPECT_EQ(Step(), State::kIdle);
  EXPECT_EQ(pump_.Interest(), &from_.readable());
  EXPECT_FALSE(pump_.Interest()->ready());
}

TEST_F(PumpTest, MovesBytesAndCountsThem) {
  sender_.Send("hello");
  EXPECT_EQ(Step(), State::kIdle);
  EXPECT_EQ(receiver_.Received(), "hello");
  EXPECT_EQ(pump_.bytes(), 5);
}

TEST_F(PumpTest, CarriesTheEndAfterTheBytes) {
  sender_.Send("bye");
  sender_.SendEnd();
  EXPECT_EQ(Step(), State::kFinished);
  EXPECT_EQ(receiver_.Received(), "bye");
  EXPECT_TRUE(receiver_.received_end());
  EXPECT_FALSE(pump_.truncated());
  EXPECT_EQ(pump_.Interest(), nullptr);
  EXPECT_EQ(Step(), State::kFinished);
}

TEST_F(PumpTest, HoldsBackWhatTheReceiverDoesNotTakeAndReadsNoMoreMeanwhile) {
  to_.SetWriteCapacity(3);
  sender_.Send("abcdef");
  EXPECT_EQ(Step(), State::kBlocked);
  EXPECT_EQ(pump_.Interest(), &to_.writable());
  EXPECT_FALSE(pump_.Interest()->ready());
  EXPECT_EQ(pump_.bytes(), 3);
  sender_.Send("ghi");
  EXPECT_EQ(receiver_.Received(), "abc");
  EXPECT_EQ(Step(), State::kBlocked);
  EXPECT_EQ(sender_.TryWrite(std::string_view("j")).bytes, 1);
  std::string rest;
  while (Step() == State::kBlocked) rest += receiver_.Received();
  rest += receiver_.Received();
  EXPECT_EQ(rest, "defghij");
}

TEST_F(PumpTest, AnEndWaitsBehindBytesThatAreHeldBack) {
  to_.SetWriteCapacity(1);
  sender_.Send("xyz");
  sender_.SendEnd();
  std::string got;
  while (Step() == State::kBlocked) {
    EXPECT_FALSE(receiver_.received_end());
    got += receiver_.Received();
  }
  EXPECT_EQ(pump_.state(), State::kFinished);
  EXPECT_EQ(got + receiver_.Received(), "xyz");
}

TEST_F(PumpTest, FlushesBeforeItIsIdle) {
  to_.SetHoldsWrites(true);
  sender_.Send("abc");
  EXPECT_EQ(Step(), State::kIdle);
  EXPECT_EQ(receiver_.Received(), "abc");
}

TEST_F(PumpTest, IsBlockedUntilTheFlushIsDone) {
  to_.SetHoldsWrites(true);
  to_.SetWriteCapacity(2);
  sender_.Send("abc");
  sender_.SendEnd();
  EXPECT_EQ(Step(), State::kBlocked);
  EXPECT_FALSE(receiver_.received_end());
  EXPECT_EQ(receiver_.Received(), "ab");
  EXPECT_EQ(Step(), State::kFinished);
  EXPECT_EQ(receiver_.Received(), "c");
}

TEST_F(PumpTest, AFailureToReadSaysSo) {
  sender_.Send("abc");
  sender_.SendError(IoError::kReset);
  EXPECT_EQ(Step(), State::kFailed);
  EXPECT_EQ(pump_.failed_side(), Pump::Side::kFrom);
  EXPECT_EQ(pump_.error(), IoError::kReset);
  EXPECT_EQ(receiver_.Received(), "abc");
  EXPECT_FALSE(receiver_.received_end());
  EXPECT_EQ(pump_.Interest(), nullptr);
  EXPECT_EQ(Step(), State::kFailed);
}

TEST_F(PumpTest, AFailureToWriteSaysSo) {
  sender_.Send("abc");
  out_.second.reset();
  EXPECT_EQ(Step(), State::kFailed);
  EXPECT_EQ(pump_.failed_side(), Pump::Side::kTo);
  EXPECT_EQ(pump_.error(), IoError::kReset);
}

TEST_F(PumpTest, ATruncatedEndIsAnEndThatIsRemembered) {
  sender_.Send("abc");
  sender_.SendError(IoError::kTruncated);
  EXPECT_EQ(Step(), State::kFinished);
  EXPECT_TRUE(pump_.truncated());
  EXPECT_EQ(receiver_.Received(), "abc");
  EXPECT_TRUE(receiver_.received_end());
}

TEST_F(PumpTest, ASenderThatNeverStopsGetsOnlyAShareAtATime) {
  const std::string data(20 * 1024 * 1024, 'x');
  sender_.Send(data);
  EXPECT_EQ(Step(), State::kBusy);
  EXPECT_LT(pump_.bytes(), data.size() / 2);
  EXPECT_EQ(pump_.Interest(), nullptr);
  while (Step() == State::kBusy) {
  }
  EXPECT_EQ(pump_.bytes(), data.size());
}

TEST_F(PumpTest, PushedBackBytesGoFirst) {
  from_.PushBack(std::string_view("early "));
  sender_.Send("late");
  Step();
  EXPECT_EQ(receiver_.Received(), "early late");
}

TEST_F(PumpTest, EveryByteArrivesInOrderWhateverThePieces) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto in = FakeStream::MakePair();
    const auto out = FakeStream::MakePair();
    const auto pieces = [&] {
      std::vector<size_t> sizes(20);
      for (size_t& size : sizes) size = random() % 4 == 0 ? 0 : random() % 40'000;
      sizes.push_back(1 + random() % 60'000);
      return sizes;
    };
    in.second->SetReadPieces(pieces());
    out.first->SetWritePieces(pieces());
    out.first->SetWriteCapacity(1 + random() % 50'000);
    out.first->SetHoldsWrites(random() % 2 == 0);
    const std::string data = Pattern(random() % 600'000, seed);
    in.first->Send(data);
    in.first->SendEnd();
    Pump pump(*in.second, *out.first, scratch_);
    std::string got;
    for (int i = 0; i < 1'000'000 && pump.Step(kStart) != State::kFinished; ++i) {
      ASSERT_NE(pump.state(), State::kFailed);
      if (random() % 2 == 0) got += out.second->Received();
    }
    got += out.second->Received();
    ASSERT_EQ(pump.state(), State::kFinished) << seed;
    ASSERT_TRUE(got == data) << seed;
    EXPECT_TRUE(out.second->received_end());
    EXPECT_EQ(pump.bytes(), data.size());
  }
}

// The same between real sockets, where bursts are spliced.
class SplicePumpTest : public LoopFixture {
 protected:
  SplicePumpTest() {
    FdPair in = TcpPair();
    FdPair out = TcpPair();
    sender_ = std::move(in.first);
    receiver_ = std::move(out.second);
    from_ = MakeStream(std::move(in.second));
    to_ = MakeStream(std::move(out.first));
    pump_.emplace(*from_, *to_, loop_.scratch());
  }

  // Sends what fits; false where all of `data` is gone.
  bool SendMore() {
    if (sent_ == data_.size()) return false;
    const ssize_t count =
        send(sender_.get(), data_.data() + sent_, data_.size() - sent_, MSG_NOSIGNAL);
    if (count > 0) sent_ += count;
    return true;
  }
  void Receive(size_t most = 256 * 1024) {
    std::string buffer(most, '\0');
    const ssize_t count = recv(receiver_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) received_.append(buffer, 0, count);
  }
  // Fills every buffer on the way, so that the pump holds bytes that the receiver does not take.
  void Jam() {
    data_ = Pattern(24 * 1024 * 1024, 7);
    ShrinkBuffers(receiver_.get());
    RunUntil([&] {
      for (int i = 0; i < 100; ++i) SendMore();
      return Step() == State::kBlocked && ++jammed_ > 20;
    });
  }
  State Step() { return pump_->Step(now_); }
  PipePool& pipes() { return loop_.scratch().pipes; }

  Fd sender_;
  Fd receiver_;
  std::unique_ptr<SocketStream> from_;
  std::unique_ptr<SocketStream> to_;
  std::optional<Pump> pump_;
  std::string data_;
  std::string received_;
  size_t sent_ = 0;
  int jammed_ = 0;
  TimePoint now_ = kStart;
};

TEST_F(SplicePumpTest, ShortExchangesTakeNoPipe) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(send(sender_.get(), "ping", 4, 0), 4);
    RunUntil([&] {
      Step();
      return pump_->bytes() == 4u * (i + 1);
    });
    EXPECT_FALSE(pump_->holds_pipe());
  }
  EXPECT_EQ(pipes().in_use(), 0);
}

TEST_F(SplicePumpTest, ABurstTakesAPipeAndGivesItBackAtTheEnd) {
  data_ = Pattern(16 * 1024 * 1024, 3);
  bool held = false;
  RunUntil([&] {
    if (!SendMore()) shutdown(sender_.get(), SHUT_WR);
    Step();
    held |= pump_->holds_pipe();
    Receive();
    return pump_->state() == State::kFinished;
  });
  RunUntil([&] {
    Receive();
    return received_.size() == data_.size();
  });
  EXPECT_TRUE(received_ == data_);
  EXPECT_TRUE(held);
  EXPECT_EQ(pump_->bytes(), data_.size());
  EXPECT_EQ(pipes().in_use(), 0);
}

TEST_F(SplicePumpTest, APipeOutlivesShortPausesAndNotLongOnes) {
  data_ = Pattern(4 * 1024 * 1024, 3);
  RunUntil([&] {
    SendMore();
    Step();
    Receive();
    return received_.size() == data_.size();
  });
  ASSERT_TRUE(pump_->holds_pipe());
  EXPECT_EQ(pump_->moved_at(), now_);
  now_ = pump_->pipe_due() - milliseconds(1);
  EXPECT_EQ(Step(), State::kIdle);
  EXPECT_TRUE(pump_->holds_pipe());
  now_ += milliseconds(1);
  EXPECT_EQ(Step(), State::kIdle);
  EXPECT_FALSE(pump_->holds_pipe());
  EXPECT_EQ(pipes().in_use(), 0);
}

TEST_F(SplicePumpTest, AReceiverThatNeverReadIsOwedNoMoreThanASmallPiece) {
  // Much is there to be read at once when the receiver stops.
  data_ = Pattern(24 * 1024 * 1024, 7);
  RunUntil([&] {
    SendMore();
    Step();
    Receive();
    return received_.size() > 8 * 1024 * 1024;
  });
  size_t before;
  do {
    before = sent_;
    SendMore();
    loop_.RunOnce(Clock::now() + milliseconds(1));
  } while (sent_ != before);
  RunUntil([&] {
    SendMore();
    return Step() == State::kBlocked && ++jammed_ > 20;
  });
  now_ = pump_->pipe_due();
  Step();
  ASSERT_FALSE(pump_->holds_pipe());
  // What has left the sender, and is neither still to be read nor written on.
  int unsent = 0;
  int unread = 0;
  ASSERT_EQ(ioctl(sender_.get(), SIOCOUTQNSD, &unsent), 0);
  ASSERT_EQ(ioctl(from_->fd(), FIONREAD, &unread), 0);
  const int64_t held = static_cast<int64_t>(sent_ - pump_->bytes()) - unsent - unread;
  EXPECT_GT(held, 0);
  EXPECT_LE(held, Scratch::kPieceSize);
}

TEST_F(SplicePumpTest, APumpThatIsDestroyedWithAFullPipeDiscardsIt) {
  Jam();
  EXPECT_TRUE(pump_->holds_pipe());
  EXPECT_EQ(pipes().in_use(), 1);
  pump_.reset();
  EXPECT_EQ(pipes().in_use(), 0);
  Pipe pipe = pipes().Take();
  char byte;
  EXPECT_EQ(read(pipe.read_end(), &byte, 1), -1) << "somebody else's bytes are in a pooled pipe";
  pipes().Return(std::move(pipe));
}

TEST_F(SplicePumpTest, APipeIsGivenBackEvenWhereTheReceiverTakesNothing) {
  // Else as many stalled receivers as there are pipes would take splicing from all others.
  Jam();
  ASSERT_TRUE(pump_->holds_pipe());
  ASSERT_NE(pump_->pipe_due(), kNever);
  now_ = pump_->pipe_due();
  EXPECT_EQ(Step(), State::kBlocked);
  EXPECT_FALSE(pump_->holds_pipe());
  EXPECT_EQ(pump_->pipe_due(), kNever);
  EXPECT_EQ(pipes().in_use(), 0);
  RunUntil([&] {
    if (!SendMore()) shutdown(sender_.get(), SHUT_WR);
    Step();
    Receive();
    return pump_->state() == State::kFinished;
  });
  RunUntil([&] {
    Receive();
    return received_.size() == data_.size();
  });
  EXPECT_TRUE(received_ == data_);
  EXPECT_EQ(pump_->bytes(), data_.size());
}

TEST_F(SplicePumpTest, UrgentDataInABurstDoesNotStopIt) {
  data_ = Pattern(4 * 1024 * 1024, 3);
  bool urgent = false;
  RunUntil([&] {
    SendMore();
    if (pump_->holds_pipe() && !urgent) urgent = send(sender_.get(), "!", 1, MSG_OOB) == 1;
    Step();
    Receive();
    return received_.size() == data_.size();
  });
  EXPECT_TRUE(urgent);
  EXPECT_TRUE(received_ == data_);
  EXPECT_EQ(pipes().in_use(), 0);
}

TEST_F(SplicePumpTest, WithoutPipesItCopies) {
  std::vector<Pipe> taken;
  while (true) {
    Pipe pipe = pipes().Take();
    if (!pipe.valid()) break;
    taken.push_back(std::move(pipe));
  }
  data_ = Pattern(8 * 1024 * 1024, 4);
  RunUntil([&] {
    if (!SendMore()) shutdown(sender_.get(), SHUT_WR);
    Step();
    EXPECT_FALSE(pump_->holds_pipe());
    Receive();
    return pump_->state() == State::kFinished;
  });
  RunUntil([&] {
    Receive();
    return received_.size() == data_.size();
  });
  EXPECT_TRUE(received_ == data_);
  for (Pipe& pipe : taken) pipes().Return(std::move(pipe));
}

}  // namespace
}  // namespace culvert::net
