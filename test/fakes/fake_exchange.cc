#include "test/fakes/fake_exchange.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "source/http/http1_request_parser.h"

namespace culvert::fakes {

using net::IoError;
using net::IoResult;

namespace {

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "FakeExchange: %s\n", what);
  std::abort();
}

}  // namespace

FakeExchange::FakeExchange(std::string_view head) {
  http::Http1RequestParser parser;
  const http::ParseResult result = parser.Feed(head);
  if (result.state != http::ParseState::kDone || result.consumed != head.size()) {
    Die("the text is no request head");
  }
  request_ = parser.TakeHead();
}

int FakeExchange::status() const { return response_ ? response_->status : take_over_status_; }

std::string FakeExchange::Header(std::string_view name) const {
  if (!response_) return "";
  return std::string(response_->headers.Find(name).value_or(""));
}

const http::RequestHead& FakeExchange::request() const {
  if (!request_) Die("the request is gone after TakeOver");
  return *request_;
}

void FakeExchange::RemoveRequestField(std::string_view name) { request_->Remove(name); }

net::Task<IoResult> FakeExchange::ReadBody(std::span<char>, TimePoint) {
  co_return IoResult::End();
}

net::Task<IoResult> FakeExchange::Respond(http::Response response) {
  if (response_ || taken_over()) Die("answered twice");
  response_ = std::move(response);
  co_return client_lost_ ? IoResult::Failed(IoError::kReset) : IoResult::Ok(0);
}

net::Task<net::StreamPtr> FakeExchange::TakeOver(int status, http::HeaderList headers) {
  if (response_ || taken_over()) Die("answered twice");
  take_over_status_ = status;
  take_over_headers_ = std::move(headers);
  if (client_lost_) co_return nullptr;
  request_.reset();
  auto [server, client] = FakeStream::MakePair();
  client_ = std::move(client);
  server->PushBack(early_);
  co_return std::move(server);
}

}  // namespace culvert::fakes
