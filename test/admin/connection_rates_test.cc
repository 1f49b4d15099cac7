#include "source/admin/connection_rates.h"

#include <gtest/gtest.h>

namespace culvert::admin {
namespace {

using std::chrono::seconds;

class ConnectionRatesTest : public testing::Test {
 protected:
  // What is told of a connection that began at the start of time, looked at so many seconds later.
  v1::Connection At(int time, uint64_t id, uint64_t received, uint64_t sent) {
    server::ConnectionInfo info;
    info.id = id;
    info.start = start_;
    info.bytes_received = received;
    info.bytes_sent = sent;
    v1::Connection message;
    rates_.Set(info, start_ + seconds(time), message);
    return message;
  }

  const ConnectionRates::Time start_{seconds(1'700'000'000)};
  ConnectionRates rates_;
};

TEST_F(ConnectionRatesTest, TheFirstRoundTellsTheRateOverTheWholeLife) {
  const v1::Connection message = At(10, 1, 1000, 50);
  EXPECT_DOUBLE_EQ(message.receive_rate(), 100);
  EXPECT_DOUBLE_EQ(message.send_rate(), 5);
}

TEST_F(ConnectionRatesTest, LaterRoundsTellTheRateSinceTheOneBefore) {
  At(10, 1, 1000, 50);
  At(10, 2, 0, 0);
  rates_.EndRound();
  const v1::Connection message = At(12, 1, 1006, 50);
  EXPECT_DOUBLE_EQ(message.receive_rate(), 3);
  EXPECT_DOUBLE_EQ(message.send_rate(), 0);
  EXPECT_DOUBLE_EQ(At(12, 2, 8, 0).receive_rate(), 4);
}

TEST_F(ConnectionRatesTest, AConnectionThatWasNotInTheRoundBeforeIsNew) {
  At(10, 1, 1000, 0);
  rates_.EndRound();
  rates_.EndRound();
  EXPECT_DOUBLE_EQ(At(20, 1, 1000, 0).receive_rate(), 50);
}

TEST_F(ConnectionRatesTest, AClockThatWasSetBackGivesNoRate) {
  At(10, 1, 1000, 0);
  rates_.EndRound();
  EXPECT_DOUBLE_EQ(At(5, 1, 2000, 0).receive_rate(), 0);
}

}  // namespace
}  // namespace culvert::admin
