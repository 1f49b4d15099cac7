#include "source/net/relay.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "source/net/stream_io.h"
#include "test/fakes/fake_stream.h"
#include "test/net/relay_fixture.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using std::chrono::milliseconds;

class RelayTest : public RelayFixture {
 protected:
  void ExpectTransfer(size_t up_size, size_t down_size, size_t server_piece, Duration pause);
};

void RelayTest::ExpectTransfer(size_t up_size, size_t down_size, size_t server_piece,
                               Duration pause) {
  const std::string up = Pattern(up_size, 1);
  const std::string down = Pattern(down_size, 2);
  std::string at_server;
  std::string at_client;
  std::optional<IoResult> server_end;
  std::optional<IoResult> client_end;
  bool client_ok = false;
  bool server_ok = false;
  uint64_t counted_up = 0;
  uint64_t counted_down = 0;
  tunnel_.options.downstream_to_upstream = &counted_up;
  tunnel_.options.upstream_to_downstream = &counted_down;
  StartRelay();
  Start(SendAndEnd(client_, up, client_ok));
  Start(SendAndEnd(server_, down, server_ok));
  Start(ReceiveAll(server_, server_piece, pause, at_server, server_end));
  Start(ReceiveAll(client_, 256 * 1024, Duration::zero(), at_client, client_end));
  if (!RunUntil([&] { return running() == 0; }, std::chrono::seconds(60))) Unwind();
  EXPECT_TRUE(at_server == up) << at_server.size();
  EXPECT_TRUE(at_client == down) << at_client.size();
  EXPECT_TRUE(client_ok && server_ok);
  EXPECT_TRUE(server_end && server_end->ended());
  EXPECT_TRUE(client_end && client_end->ended());
  ASSERT_TRUE(tunnel_.result);
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
  EXPECT_EQ(counted_up, up_size);
  EXPECT_EQ(counted_down, down_size);
  EXPECT_EQ(pipes_in_use(), 0);
}

TEST_F(RelayTest, CarriesBulkBothWaysAtOnce) {
  ExpectTransfer(48 << 20, 48 << 20, 256 * 1024, Duration::zero());
}

TEST_F(RelayTest, CarriesBulkToASlowReceiver) {
  ShrinkBuffers(server_.fd());
  ExpectTransfer(6 << 20, 0, 32 * 1024, milliseconds(1));
}

TEST_F(RelayTest, CarriesBulkToAReceiverThatPausesLongerThanAPipeIsKept) {
  ExpectTransfer(24 << 20, 1000, 1 << 20, milliseconds(30));
}

TEST_F(RelayTest, CarriesNothingButTheEnds) { ExpectTransfer(0, 0, 1000, Duration::zero()); }

TEST_F(RelayTest, CarriesBytesAfterTheClientHasEnded) {
  StartRelay();
  Write(client_, "question");
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "question");
  EXPECT_EQ(ReadSome(server_), "<end>");
  EXPECT_FALSE(tunnel_.result);
  Write(server_, "answer");
  EXPECT_EQ(ReadSome(client_), "answer");
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, CarriesBytesAfterTheServerHasEnded) {
  StartRelay();
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  Write(client_, "more");
  EXPECT_EQ(ReadSome(server_), "more");
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "<end>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, BytesPushedBackBeforeTheRelayArriveFirst) {
  tunnel_.downstream->PushBack(std::string_view("early "));
  Write(client_, "late");
  StartRelay();
  std::string got = ReadSome(server_);
  if (got == "early ") got += ReadSome(server_);
  EXPECT_EQ(got, "early late");
  Unwind();
}

TEST_F(RelayTest, AResetOfTheClientIsAResetToTheServer) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  tunnel_.client->Abort();
  tunnel_.client.reset();
  EXPECT_EQ(ReadSome(server_), "<reset>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kDownstreamFailed);
  EXPECT_EQ(tunnel_.result->error, IoError::kReset);
}

TEST_F(RelayTest, AResetOfTheServerIsAResetToTheClient) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  tunnel_.server->Abort();
  tunnel_.server.reset();
  EXPECT_EQ(ReadSome(client_), "<reset>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kUpstreamFailed);
  EXPECT_EQ(tunnel_.result->error, IoError::kReset);
}

// Over streams that are no sockets.
class FakeRelayTest : public LoopFixture {
 protected:
  std::pair<fakes::FakeStreamPtr, fakes::FakeStreamPtr> client_ = FakeStream::MakePair();
  std::pair<fakes::FakeStreamPtr, fakes::FakeStreamPtr> server_ = FakeStream::MakePair();
  FakeStream& downstream_ = *client_.second;
  FakeStream& upstream_ = *server_.first;
};

TEST_F(FakeRelayTest, RemembersWhichSideWasTruncated) {
  client_.first->SendError(IoError::kTruncated);
  server_.second->SendEnd();
  const RelayResult result = Run(Relay(downstream_, upstream_, {}));
  EXPECT_EQ(result.end, RelayEnd::kFinished);
  EXPECT_TRUE(result.downstream_truncated);
  EXPECT_FALSE(result.upstream_truncated);
}

TEST_F(FakeRelayTest, ACleanEndAbortsNeitherSideAndAFailureBoth) {
  client_.first->SendEnd();
  server_.second->SendEnd();
  EXPECT_EQ(Run(Relay(downstream_, upstream_, {})).end, RelayEnd::kFinished);
  EXPECT_FALSE(downstream_.aborted() || upstream_.aborted());
  client_.first->SendError(IoError::kReset);
  EXPECT_EQ(Run(Relay(downstream_, upstream_, {})).end, RelayEnd::kDownstreamFailed);
  EXPECT_TRUE(downstream_.aborted() && upstream_.aborted());
}

TEST_F(FakeRelayTest, NamesTheSideThatFailedToTakeBytes) {
  client_.first->Send("abc");
  server_.second.reset();
  const RelayResult result = Run(Relay(downstream_, upstream_, {}));
  EXPECT_EQ(result.end, RelayEnd::kUpstreamFailed);
  EXPECT_EQ(result.error, IoError::kReset);
}

}  // namespace
}  // namespace culvert::net
