// The server side of an HTTP/1.1 connection: one request after the other is read, answered, and
// either followed by the next or taken over as a tunnel. Owned by the coroutine that serves the
// connection; one worker.
#ifndef CULVERT_SOURCE_HTTP_HTTP1_CONNECTION_H_
#define CULVERT_SOURCE_HTTP_HTTP1_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "source/http/exchange.h"
#include "source/http/head_reader.h"
#include "source/http/http1_body.h"
#include "source/http/http1_request_parser.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::http {

struct Http1Options {
  HeadLimits head_limits;
  Duration head_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(60);
  // Bytes of an unwanted body that are read so that the connection can go on.
  size_t max_discarded_body = 64 * 1024;
};

class Http1Connection final : public Exchange {
 public:
  // `options` must outlive it.
  Http1Connection(net::StreamPtr stream, const Http1Options& options);
  ~Http1Connection() override;

  enum class Outcome : uint8_t {
    kRequest,   // request() is there
    kClosed,    // the client is done; also when it said nothing for the idle time
    kRefused,   // see refusal(): to be answered, then closed
    kTimedOut,  // in the middle of a head
    kCutOff,    // the connection ended in the middle of a head
    kFailed,    // see error()
    kCancelled,
  };
  // Reads the next request. `first` says that the client connected to send it: then waiting is not
  // idling. Once `stop` is ready an idle connection is closed.
  net::Task<Outcome> ReadRequest(bool first, net::Readiness& stop);
  const Refusal& refusal() const;
  net::IoError error() const { return error_; }

  const RequestHead& request() const override { return *request_; }
  void RemoveRequestField(std::string_view name) override { request_->Remove(name); }
  net::Task<net::IoResult> ReadBody(std::span<char> buffer, TimePoint deadline) override;
  net::Task<net::IoResult> Respond(Response response) override;
  net::Task<net::StreamPtr> TakeOver(int status, HeaderList headers) override;

  // The status that was sent; 0 if none was.
  int status() const { return status_; }
  bool taken_over() const { return stream_ == nullptr; }

  // After an answer: reads what is left of the body. Whether another request may follow.
  net::Task<bool> FinishExchange();

  // Says goodbye in such a way that the client gets all that was sent.
  net::Task<void> Close();

  // Another answer will not be followed by a request.
  void CloseAfterResponse() { keep_alive_ = false; }

  // Of all requests and answers so far; what was sent early into a tunnel is none of a request's.
  uint64_t bytes_received() const { return bytes_received_; }
  uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  enum class Fed : uint8_t { kNeedMore, kHead, kRefused };
  Fed FeedUnread();
  net::IoResult ReadSome();
  void BeginExchange();
  net::Task<net::IoResult> Send(std::string bytes);
  bool body_left() const { return body_ && body_->state() == ParseState::kNeedMore; }

  net::StreamPtr stream_;
  const Http1Options& options_;
  // Bytes read and not yet understood: the rest of a piece that held more than one head.
  std::string unread_;
  // Released while a tunnel is on: a connection that waits for hours holds no parser.
  std::unique_ptr<Http1RequestParser> parser_;
  std::optional<RequestHead> request_;
  std::unique_ptr<Http1BodyDecoder> body_;
  Refusal refusal_;
  net::IoError error_ = net::IoError::kNone;
  bool keep_alive_ = true;
  bool continue_due_ = false;
  bool input_ended_ = false;
  int status_ = 0;
  uint64_t bytes_received_ = 0;
  uint64_t bytes_sent_ = 0;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HTTP1_CONNECTION_H_
