#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/net/pump.h"
#include "source/net/socket_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using State = Pump::State;
using std::chrono::milliseconds;

const TimePoint kStart = TimePoint(std::chrono::hours(1));

// sender -> from | pump | to -> receiver, over sockets: bursts are spliced.
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
