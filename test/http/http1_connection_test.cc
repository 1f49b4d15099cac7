#include "source/http/http1_connection.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"

namespace culvert::http {
namespace {

using fakes::FakeStream;
using fakes::FakeStreamPtr;
using Outcome = Http1Connection::Outcome;

class Http1ConnectionTest : public net::LoopFixture {
 protected:
  Http1ConnectionTest() {
    auto [ours, theirs] = FakeStream::MakePair();
    client_ = std::move(theirs);
    server_ = ours.get();
    connection_ = std::make_unique<Http1Connection>(std::move(ours), options_);
  }

  Outcome ReadRequest(bool first = true) { return Run(connection_->ReadRequest(first, stop_)); }
  bool Respond(int status, std::string_view line) {
    return Run(connection_->Respond(TextResponse(status, line))).ok();
  }

  Http1Options options_;
  net::Readiness stop_;
  FakeStreamPtr client_;
  FakeStream* server_;
  std::unique_ptr<Http1Connection> connection_;
};

TEST_F(Http1ConnectionTest, AnswersOneRequestAfterTheOther) {
  client_->Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const char* path : {"/a", "/b"}) {
    ASSERT_EQ(ReadRequest(path == std::string_view("/a")), Outcome::kRequest);
    EXPECT_EQ(connection_->request().path, path);
    ASSERT_TRUE(Respond(200, path));
    EXPECT_TRUE(Run(connection_->FinishExchange()));
  }
  const std::string received = client_->Received();
  EXPECT_NE(received.find("\r\n\r\n/a\nHTTP/1.1 200 OK\r\n"), std::string::npos) << received;
  client_->SendEnd();
  EXPECT_EQ(ReadRequest(false), Outcome::kClosed);
}

TEST_F(Http1ConnectionTest, BytesBehindAConnectBelongToTheTunnel) {
  client_->Send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nearly");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  net::StreamPtr tunnel = Run(connection_->TakeOver(200, {}));
  ASSERT_NE(tunnel, nullptr);
  EXPECT_EQ(client_->Received(), "HTTP/1.1 200 OK\r\n\r\n");
  std::array<char, 16> buffer;
  const net::IoResult read = tunnel->TryRead(buffer);
  EXPECT_EQ(std::string_view(buffer.data(), read.bytes), "early");
  EXPECT_FALSE(Run(connection_->FinishExchange()));
}

TEST_F(Http1ConnectionTest, ABodyThatNobodyWantedIsReadAway) {
  client_->Send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcdeGET /next HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(404, "no"));
  ASSERT_TRUE(Run(connection_->FinishExchange()));
  ASSERT_EQ(ReadRequest(false), Outcome::kRequest);
  EXPECT_EQ(connection_->request().path, "/next");
}

TEST_F(Http1ConnectionTest, ABodyThatDripsEndsTheConnectionInTime) {
  options_.idle_timeout = std::chrono::milliseconds(50);
  options_.max_discarded_body = 1'000'000'000;
  client_->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(404, "no"));
  std::optional<bool> go_on;
  const auto finish = [](Http1Connection& connection,
                         std::optional<bool>& result) -> net::Task<void> {
    result = co_await connection.FinishExchange();
  };
  Start(finish(*connection_, go_on));
  EXPECT_TRUE(RunUntil([&] {
    client_->Send("x");
    return go_on.has_value();
  }));
  EXPECT_EQ(go_on, false);
}

TEST_F(Http1ConnectionTest, ABodyTooLongToReadAwayEndsTheConnection) {
  options_.max_discarded_body = 10;
  client_->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n" + std::string(50, 'x'));
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(404, "no"));
  EXPECT_FALSE(Run(connection_->FinishExchange()));
}

TEST_F(Http1ConnectionTest, AsksForABodyOnlyWhenItIsWanted) {
  client_->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  EXPECT_EQ(client_->Received(), "");
  net::Scope scope(scope_);
  std::array<char, 16> buffer;
  std::optional<net::IoResult> read;
  Start([](Http1Connection& connection, std::span<char> out,
           std::optional<net::IoResult>& result) -> net::Task<void> {
    result = co_await connection.ReadBody(out, kNever);
  }(*connection_, buffer, read));
  EXPECT_EQ(client_->Received(), "HTTP/1.1 100 Continue\r\n\r\n");
  client_->Send("hi");
  ASSERT_TRUE(RunUntil([&] { return read.has_value(); }));
  EXPECT_EQ(std::string_view(buffer.data(), read->bytes), "hi");
}

TEST_F(Http1ConnectionTest, AnAnswerInsteadOf100EndsTheConnection) {
  client_->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(403, "no"));
  EXPECT_NE(client_->Received().find("Connection: close\r\n"), std::string::npos);
  EXPECT_FALSE(Run(connection_->FinishExchange()));
}

TEST_F(Http1ConnectionTest, HeadGetsTheLengthWithoutTheBody) {
  client_->Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(200, "four"));
  const std::string received = client_->Received();
  EXPECT_NE(received.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(received.ends_with("\r\n\r\n")) << received;
}

TEST_F(Http1ConnectionTest, AHeadThatComesTooSlowlyTimesOut) {
  options_.head_timeout = std::chrono::milliseconds(20);
  client_->Send("GET / HT");
  EXPECT_EQ(ReadRequest(), Outcome::kTimedOut);
}

TEST_F(Http1ConnectionTest, AnIdleConnectionIsClosedQuietly) {
  options_.idle_timeout = std::chrono::milliseconds(20);
  client_->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(200, "ok"));
  ASSERT_TRUE(Run(connection_->FinishExchange()));
  EXPECT_EQ(ReadRequest(false), Outcome::kClosed);
}

TEST_F(Http1ConnectionTest, AHeadCutOffIsToldFromAnEnd) {
  client_->Send("GET / HTTP/1.1\r\nHo");
  client_->SendEnd();
  EXPECT_EQ(ReadRequest(), Outcome::kCutOff);
}

TEST_F(Http1ConnectionTest, StopEndsTheWaitForAnotherRequestButNotForTheFirst) {
  stop_.Signal();
  client_->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(ReadRequest(), Outcome::kRequest);
  ASSERT_TRUE(Respond(200, "ok"));
  ASSERT_TRUE(Run(connection_->FinishExchange()));
  EXPECT_EQ(ReadRequest(false), Outcome::kClosed);
}

}  // namespace
}  // namespace culvert::http
