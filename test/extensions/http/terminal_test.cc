#include "extensions/http/terminal.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "test/fakes/filter_fixture.h"

namespace culvert::extensions::http {
namespace {

using fakes::FakeStream;
using fakes::FakeStreamPtr;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class TerminalTest : public fakes::FilterFixture {
 protected:
  TerminalTest() {
    stats_of_http_ = {&stats_.GetCounter("culvert_test_a_total", {}, "a."),
                      &stats_.GetCounter("culvert_test_b_total", {}, "b."),
                      &stats_.GetCounter("culvert_test_c_total", {}, "c.")};
    terminal_.emplace(culvert::http::Http1Options{}, stats_of_http_,
                      std::vector<filter::HttpFilterPtr>());
    listener_.log = [this](const access_log::Record& record) { reasons_.push_back(record.reason); };
  }

  void Open(std::string_view bytes) {
    auto [ours, client] = FakeStream::MakePair();
    client_ = std::move(client);
    client_->Send(bytes);
    Serve(terminal_->Run(std::move(ours), connection()));
  }

  size_t answers() const { return stats_of_http_.requests->Value(); }

  Stats stats_of_http_;
  std::optional<Terminal> terminal_;
  FakeStreamPtr client_;
  std::vector<std::string> reasons_;
};

TEST_F(TerminalTest, WhatNoFilterClaimsGets404) {
  Open(kGet);
  RunUntil([&] { return answers() == 1; });
  EXPECT_EQ(client_->Received().substr(0, 22), "HTTP/1.1 404 Not Found");
  client_->SendEnd();
  Finish();
  EXPECT_EQ(reasons_, std::vector<std::string>{"not_claimed"});
}

TEST_F(TerminalTest, AFloodOfRequestsDoesNotKeepOthersFromTheLoop) {
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += kGet;
  Open(flood);
  loop_.RunOnce(Clock::now());
  EXPECT_LT(answers(), 10u);
  Cancel();
  Finish();
  EXPECT_LT(answers(), 10u);
}

TEST_F(TerminalTest, ARequestThatComesAfterAReloadIsServedAndIsTheLast) {
  connection().Retire();
  Open(kGet);
  client_->SendEnd();
  Finish();
  const std::string answer = client_->Received();
  EXPECT_EQ(answer.substr(0, 22), "HTTP/1.1 404 Not Found");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
}

}  // namespace
}  // namespace culvert::extensions::http
