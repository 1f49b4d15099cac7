// The stream after its handshake: bytes, ends and errors.
#include "source/tls/tls_stream.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>

#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using net::IoError;
using net::IoResult;
using net::Pattern;

class TlsStreamTest : public TlsVersionFixture {};

INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsStreamTest, CarriesBytesBothWays) {
  TestConnection connection = Connected();
  EXPECT_EQ(Up(connection, "hello"), "hello");
  EXPECT_EQ(Down(connection, "world"), "world");
  const std::string large = Pattern(300'000, 1);
  EXPECT_EQ(Up(connection, large), large);
  EXPECT_EQ(Down(connection, large), large);
}

TEST_P(TlsStreamTest, CloseNotifyOfTheClientIsAnEndAndWritingGoesOn) {
  TestConnection connection = Connected();
  connection.client->Write("last words");
  connection.client->SendCloseNotify();
  connection.wire->Send(connection.client->TakeOutput());
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "last words");
  EXPECT_TRUE(read.end.ended());
  EXPECT_TRUE(ReadOne(*connection.server).ended()) << "again and again";
  EXPECT_EQ(Down(connection, Pattern(100'000, 4)), Pattern(100'000, 4));
  EXPECT_FALSE(connection.client->received_close_notify());
}

TEST_P(TlsStreamTest, CloseNotifyCountsBeforeTheConnectionEnds) {
  TestConnection connection = Connected();
  connection.client->SendCloseNotify();
  connection.wire->Send(connection.client->TakeOutput());
  EXPECT_TRUE(ReadOne(*connection.server).ended());
}

TEST_P(TlsStreamTest, ShutdownSendsCloseNotifyThenTheEndAndReadingGoesOn) {
  TestConnection connection = Connected();
  EXPECT_TRUE(connection.server->TryWrite(std::string_view("answer")).ok());
  EXPECT_TRUE(connection.server->TryShutdownWrite().ok());
  EXPECT_TRUE(connection.wire->received_end());
  EXPECT_EQ(Got(connection), "answer");
  EXPECT_TRUE(connection.client->received_close_notify());
  EXPECT_TRUE(connection.server->TryWrite(std::string_view("x")).failed());
  connection.client->Write("still here");
  connection.wire->Send(connection.client->TakeOutput());
  EXPECT_EQ(ReadAll(*connection.server).bytes, "still here");
  EXPECT_TRUE(connection.server->TryShutdownWrite().ok()) << "again";
  EXPECT_EQ(connection.wire->Received(), "");
}

TEST_P(TlsStreamTest, ShutdownWaitsForWhatIsNotSentYet) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(20'000, 5);
  connection.near_wire->SetWriteCapacity(1000);
  EXPECT_EQ(connection.server->TryWrite(bytes).bytes, bytes.size());
  std::string got;
  RunUntil([&] {
    const IoResult result = connection.server->TryShutdownWrite();
    EXPECT_FALSE(result.failed());
    got += Got(connection);
    return result.ok();
  });
  got += Got(connection);
  EXPECT_EQ(got, bytes);
  EXPECT_TRUE(connection.client->received_close_notify());
}

TEST_P(TlsStreamTest, AnEndWithoutCloseNotifyIsATruncation) {
  TestConnection connection = Connected();
  connection.client->Write("half of it");
  std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed);
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "half of it");
  EXPECT_EQ(read.end.error, IoError::kTruncated);
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kTruncated) << "again and again";
}

TEST_P(TlsStreamTest, AnEndWithinARecordIsATruncation) {
  TestConnection connection = Connected();
  connection.client->Write("whole");
  connection.wire->Send(connection.client->TakeOutput());
  connection.client->Write("cut off");
  const std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed.substr(0, sealed.size() - 1));
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "whole");
  EXPECT_EQ(read.end.error, IoError::kTruncated);
}

TEST_P(TlsStreamTest, AResetIsAReset) {
  TestConnection connection = Connected();
  connection.wire->SendError(IoError::kReset);
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kReset);
}

TEST_P(TlsStreamTest, AbortResetsTheConnection) {
  TestConnection connection = Connected();
  connection.server->Abort();
  EXPECT_TRUE(connection.wire->received_reset());
}

TEST_P(TlsStreamTest, AForgedRecordIsAnErrorBehindTheGoodBytesAndIsAnsweredByAnAlert) {
  TestConnection connection = Connected();
  Got(connection);
  connection.client->Write("good");
  std::string sealed = connection.client->TakeOutput();
  connection.client->Write("forged");
  std::string forged = connection.client->TakeOutput();
  forged.back() ^= 1;
  connection.wire->Send(sealed + forged);
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "good");
  EXPECT_EQ(read.end.error, IoError::kProtocol);
  Got(connection);
  EXPECT_EQ(connection.client->error(), "sslv3 alert bad record mac");
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kProtocol);
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST_F(TlsFixture, FollowsAndAnswersTheKeyUpdatesOfThePeer) {
  const auto context = ContextOf(DefaultOptions());
  TestConnection connection = Connect(*context, {.minimum_version = TLS1_3_VERSION});
  for (int i = 0; i < 5; ++i) {
    connection.client->UpdateKey();
    EXPECT_EQ(Up(connection, "with the new key"), "with the new key");
    EXPECT_EQ(Down(connection, "answer"), "answer");
    EXPECT_EQ(connection.client->error(), "");
  }
}

TEST_F(TlsFixture, RenegotiationIsRefused) {
  const auto context = ContextOf(DefaultOptions());
  TestConnection connection = Connect(*context, {.maximum_version = TLS1_2_VERSION});
  // A client of BoringSSL would not: any handshake message at this point is one.
  std::string hello("\x01\x00\x00\x02\x03\x03", 6);
  connection.wire->Send(std::string("\x16\x03\x03\x00\x06", 5) + hello);
  EXPECT_EQ(ReadAll(*connection.server).end.error, IoError::kProtocol);
}

}  // namespace
}  // namespace culvert::tls
