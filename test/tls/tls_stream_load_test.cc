// What the stream costs: memory, and calls of the stream below it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "source/tls/tls_stream.h"
#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using net::IoResult;
using net::Pattern;

constexpr size_t kMegabyte = size_t{1024} * 1024;

class TlsStreamLoadTest : public TlsVersionFixture {};

INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamLoadTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsStreamLoadTest, MegabytesReachASlowReaderWithBoundedMemory) {
  TestConnection connection = Connected();
  connection.near_wire->SetWriteCapacity(10'000);
  const std::string bytes = Pattern(4 * kMegabyte, 8);
  size_t written = 0;
  std::string got;
  size_t most_held = 0;
  RunUntil([&] {
    // As a pump does: as much as is taken, then what is held back must go first.
    const std::string_view left = std::string_view(bytes).substr(written, net::Scratch::kPieceSize);
    const IoResult result =
        left.empty() ? connection.server->TryFlush() : connection.server->TryWrite(left);
    EXPECT_FALSE(result.failed());
    if (result.ok()) written += result.bytes;
    got += Got(connection);
    most_held = std::max(most_held, written - got.size());
    return got.size() >= bytes.size();
  });
  EXPECT_EQ(got, bytes);
  EXPECT_LE(most_held, net::Scratch::kPieceSize + size_t{32} * 1024);
}

TEST_P(TlsStreamLoadTest, ManyRecordsLeaveInOneWriteOfTheInnerStream) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(net::Scratch::kPieceSize, 9);
  // The first call takes everything, a second would find the stream blocked.
  connection.near_wire->SetWritePieces({10 * kMegabyte, 0});
  EXPECT_EQ(connection.server->TryWrite(bytes).bytes, bytes.size());
  EXPECT_EQ(Got(connection), bytes);
}

TEST_P(TlsStreamLoadTest, AStreamThatWaitsHoldsNoScratchBuffer) {
  TestConnection connection = Prepare(*context_, Client());
  // The buffers are borrowed, last in first out: the one on top is back whenever nobody works.
  const auto top = [this] {
    return net::BufferPool::Lease(loop_.scratch().buffers).bytes().data();
  };
  const char* buffer = top();
  StartHandshake(connection);
  RunUntil([&] {
    EXPECT_EQ(top(), buffer);
    connection.client->Exchange(*connection.wire);
    return running() == 0;
  });
  connection.client->Exchange(*connection.wire);
  connection.client->Write("hello");
  const std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed.substr(0, 10));
  EXPECT_TRUE(ReadOne(*connection.server).would_block());
  EXPECT_EQ(top(), buffer);
  connection.wire->Send(sealed.substr(10));
  EXPECT_EQ(ReadAll(*connection.server).bytes, "hello");
  EXPECT_EQ(top(), buffer);
  connection.near_wire->SetWriteCapacity(10);
  EXPECT_TRUE(connection.server->TryWrite(Pattern(1000, 1)).ok());
  EXPECT_TRUE(connection.server->TryFlush().would_block());
  EXPECT_EQ(top(), buffer);
}

TEST_P(TlsStreamLoadTest, AnIdleConnectionIsSmall) {
  constexpr int kMany = 300;
  std::vector<TestConnection> connections;
  for (int i = 0; i < kMany; ++i) {
    TestConnection& connection = connections.emplace_back(Connected());
    Up(connection, Pattern(50'000, 10));
    Down(connection, Pattern(50'000, 10));
    connection.client.reset();
  }
  const size_t before = mallinfo2().uordblks;
  for (TestConnection& connection : connections) connection.server.reset();
  const size_t each = (before - mallinfo2().uordblks) / kMany;
  EXPECT_LT(each, 4000);
}

TEST_P(TlsStreamLoadTest, AReadOpensManyRecordsAtOnce) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(200'000, 7);
  connection.client->Write(bytes);
  connection.wire->Send(connection.client->TakeOutput());
  std::string got(size_t{256} * 1024, '\0');
  EXPECT_EQ(connection.server->TryRead(got).bytes, bytes.size());
  EXPECT_EQ(got.substr(0, bytes.size()), bytes);
}

TEST_P(TlsStreamLoadTest, SmallReadsGetEverythingWithoutWaitingForMore) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(70'000, 6);
  connection.client->Write(bytes);
  connection.wire->Send(connection.client->TakeOutput());
  std::string got;
  char one[7];
  while (true) {
    const IoResult result = connection.server->TryRead(one);
    if (!result.ok()) {
      EXPECT_TRUE(result.would_block());
      break;
    }
    got.append(one, result.bytes);
  }
  EXPECT_EQ(got, bytes);
}

}  // namespace
}  // namespace culvert::tls
