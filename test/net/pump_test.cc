#include "source/net/pump.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using fakes::FakeStreamPtr;
using State = Pump::State;

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

}  // namespace
}  // namespace culvert::net
