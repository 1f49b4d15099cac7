// An Exchange in memory, for tests of http filters: a request from its text, the answer kept, and a
// stream whose other end is the test's where the filter takes the connection over. One thread.
#ifndef CULVERT_TEST_FAKES_FAKE_EXCHANGE_H_
#define CULVERT_TEST_FAKES_FAKE_EXCHANGE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "source/http/exchange.h"
#include "test/fakes/fake_stream.h"

namespace culvert::fakes {

class FakeExchange final : public http::Exchange {
 public:
  // `head` is a whole request head, as http::Http1RequestParser takes it; anything else aborts.
  explicit FakeExchange(std::string_view head);

  // The script: bytes that the client sent behind the head, and a client that takes no answer.
  void SendEarly(std::string_view bytes) { early_ = bytes; }
  void LoseClient() { client_lost_ = true; }

  // What became of the request.
  const std::optional<http::Response>& response() const { return response_; }
  int status() const;
  // The value of a field of the answer, empty where there is none.
  std::string Header(std::string_view name) const;
  bool taken_over() const { return client_ != nullptr; }
  const http::HeaderList& take_over_headers() const { return take_over_headers_; }
  // The client's end of the connection, once it was taken over.
  FakeStream& client() { return *client_; }
  void CloseClient() { client_.reset(); }

  // Exchange; there is no body.
  const http::RequestHead& request() const override;
  void RemoveRequestField(std::string_view name) override;
  net::Task<net::IoResult> ReadBody(std::span<char> buffer, TimePoint deadline) override;
  net::Task<net::IoResult> Respond(http::Response response) override;
  net::Task<net::StreamPtr> TakeOver(int status, http::HeaderList headers) override;

 private:
  // Gone after TakeOver, as with a real one.
  std::optional<http::RequestHead> request_;
  std::string early_;
  bool client_lost_ = false;
  std::optional<http::Response> response_;
  int take_over_status_ = 0;
  http::HeaderList take_over_headers_;
  FakeStreamPtr client_;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FAKE_EXCHANGE_H_
