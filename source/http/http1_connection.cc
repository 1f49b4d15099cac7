#include "source/http/http1_connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "source/http/http1_serializer.h"
#include "source/net/stream_io.h"

namespace culvert::http {

using net::IoError;
using net::IoResult;
using net::StreamPtr;
using net::Task;
using net::Wait;
using net::WaitOutcome;

namespace {

constexpr size_t kReadSize = 8 * 1024;
// How long a peer may take to fetch an answer, and to close once it has been told to.
constexpr Duration kWriteTimeout = std::chrono::seconds(30);
constexpr Duration kLingerTimeout = std::chrono::seconds(2);
constexpr size_t kMostLingerBytes = 1024 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Statuses without a body, and without the fields that frame one (RFC 9110, 8.6).
bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

Http1Connection::Http1Connection(StreamPtr stream, const Http1Options& options)
    : stream_(std::move(stream)), options_(options) {}

Http1Connection::~Http1Connection() = default;

const Refusal& Http1Connection::refusal() const { return refusal_; }

Http1Connection::Fed Http1Connection::FeedUnread() {
  const ParseResult result = parser_->Feed(unread_);
  bytes_received_ += result.consumed;
  unread_.erase(0, result.consumed);
  if (result.state == ParseState::kDone) return Fed::kHead;
  if (result.state == ParseState::kNeedMore) return Fed::kNeedMore;
  bytes_received_ += unread_.size();
  refusal_ = parser_->refusal();
  return Fed::kRefused;
}

IoResult Http1Connection::ReadSome() {
  std::array<char, kReadSize> buffer;
  const IoResult result = stream_->TryRead(buffer);
  if (result.ok()) unread_.append(buffer.data(), result.bytes);
  if (result.ended()) input_ended_ = true;
  return result;
}

void Http1Connection::BeginExchange() {
  request_ = parser_->TakeHead();
  parser_.reset();
  status_ = 0;
  keep_alive_ = request_->keep_alive;
  continue_due_ = request_->expect_continue && request_->framing.has_body();
  body_.reset();
  if (request_->framing.has_body()) body_ = std::make_unique<Http1BodyDecoder>(request_->framing);
}

Task<Http1Connection::Outcome> Http1Connection::ReadRequest(bool first, net::Readiness& stop) {
  request_.reset();
  if (!parser_) parser_ = std::make_unique<Http1RequestParser>(options_.head_limits);
  net::EventLoop& loop = (co_await net::CurrentScope()).loop();
  bool begun = first || !unread_.empty();
  TimePoint deadline = After(loop.now(), begun ? options_.head_timeout : options_.idle_timeout);
  while (true) {
    if (!unread_.empty()) {
      const Fed fed = FeedUnread();
      if (fed == Fed::kRefused) co_return Outcome::kRefused;
      if (fed == Fed::kHead) {
        BeginExchange();
        co_return Outcome::kRequest;
      }
      if (!begun) {
        begun = true;
        deadline = After(loop.now(), options_.head_timeout);
      }
    }
    const IoResult read = ReadSome();
    if (read.ok()) continue;
    if (read.ended()) co_return parser_->mid_head() ? Outcome::kCutOff : Outcome::kClosed;
    if (read.failed()) {
      // Between two requests nothing is lost, however the client goes.
      if (!begun) co_return Outcome::kClosed;
      error_ = read.error;
      co_return Outcome::kFailed;
    }
    // A client that has just connected gets its answer even when we are about to leave.
    if (!begun && stop.ready()) co_return Outcome::kClosed;
    net::Readiness* also = begun ? nullptr : &stop;
    const WaitOutcome outcome = co_await Wait(deadline, &stream_->readable(), also);
    if (outcome == WaitOutcome::kCancelled) co_return Outcome::kCancelled;
    if (outcome == WaitOutcome::kTimedOut) {
      const bool silent = !begun || (!first && !parser_->mid_head());
      co_return silent ? Outcome::kClosed : Outcome::kTimedOut;
    }
  }
}

Task<IoResult> Http1Connection::Send(std::string bytes) {
  const TimePoint deadline = After((co_await net::CurrentScope()).loop().now(), kWriteTimeout);
  const IoResult result = co_await net::WriteAll(*stream_, bytes, deadline);
  bytes_sent_ += result.bytes;
  if (!result.ok()) {
    keep_alive_ = false;
    error_ = result.error;
  }
  co_return result;
}

Task<IoResult> Http1Connection::ReadBody(std::span<char> buffer, TimePoint deadline) {
  if (std::exchange(continue_due_, false)) {
    const IoResult sent = co_await Send(std::string(kContinue));
    if (!sent.ok()) co_return sent;
  }
  while (body_left()) {
    if (!unread_.empty()) {
      const Http1BodyDecoder::Piece piece =
          body_->Decode(std::span(unread_).first(std::min(unread_.size(), buffer.size())));
      const size_t size = piece.payload.size();
      std::memcpy(buffer.data(), piece.payload.data(), size);
      bytes_received_ += piece.consumed;
      unread_.erase(0, piece.consumed);
      if (piece.state == ParseState::kError) break;
      if (size > 0) co_return IoResult::Ok(size);
      continue;
    }
    const IoResult read = ReadSome();
    if (read.ended()) co_return IoResult::Failed(IoError::kTruncated);
    if (read.failed()) co_return read;
    if (read.would_block()) {
      const WaitOutcome outcome = co_await Wait(deadline, &stream_->readable());
      if (outcome == WaitOutcome::kTimedOut) co_return IoResult::Failed(IoError::kTimedOut);
      if (outcome == WaitOutcome::kCancelled) co_return IoResult::Failed(IoError::kCancelled);
    }
  }
  if (body_ && body_->state() == ParseState::kError) {
    keep_alive_ = false;
    refusal_ = body_->refusal();
    co_return IoResult::Failed(IoError::kProtocol);
  }
  co_return IoResult::End();
}

Task<IoResult> Http1Connection::Respond(Response response) {
  status_ = response.status;
  // A client that waits for a 100 and gets an answer instead may send its body or not: nobody could
  // tell what comes next on the connection.
  if (response.close || continue_due_) keep_alive_ = false;
  if (!HasNoBody(response.status)) {
    response.headers.Set("Content-Length", std::to_string(response.body.size()));
  }
  const bool old_client = request_ && request_->minor_version == 0;
  if (!keep_alive_) {
    response.headers.Set("Connection", "close");
  } else if (old_client) {
    response.headers.Set("Connection", "keep-alive");
  }
  std::string bytes;
  AppendResponseHead(response.status, response.headers, bytes);
  const bool head_only = request_ && request_->method == "HEAD";
  if (!head_only && !HasNoBody(response.status)) bytes += response.body;
  co_return co_await Send(std::move(bytes));
}

Task<StreamPtr> Http1Connection::TakeOver(int status, HeaderList headers) {
  status_ = status;
  std::string bytes;
  AppendResponseHead(status, headers, bytes);
  const IoResult sent = co_await Send(std::move(bytes));
  if (!sent.ok()) co_return nullptr;
  stream_->PushBack(std::exchange(unread_, std::string()));
  // The head has done its work; what a filter still needs of it, it has kept.
  request_.reset();
  body_.reset();
  co_return std::move(stream_);
}

Task<bool> Http1Connection::FinishExchange() {
  if (stream_ == nullptr || !keep_alive_ || status_ == 0) co_return false;
  // For all of it, not for each read: a body that drips is not worth a connection.
  const TimePoint deadline =
      After((co_await net::CurrentScope()).loop().now(), options_.idle_timeout);
  size_t discarded = 0;
  while (body_left()) {
    std::array<char, 4096> dropped;
    const IoResult read = co_await ReadBody(dropped, deadline);
    if (read.ended()) break;
    discarded += read.bytes;
    if (!read.ok() || discarded > options_.max_discarded_body) co_return false;
  }
  co_return keep_alive_;
}

Task<void> Http1Connection::Close() {
  if (stream_ == nullptr) co_return;
  const TimePoint deadline = After((co_await net::CurrentScope()).loop().now(), kLingerTimeout);
  const IoResult shut = co_await net::ShutdownWrite(*stream_, deadline);
  if (shut.ok() && !input_ended_) co_await net::DrainReads(*stream_, kMostLingerBytes, deadline);
}

}  // namespace culvert::http
