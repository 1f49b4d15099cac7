// Feeds one connection's bytes to the HTTP/1.1 codec whole, byte by byte and cut at arbitrary
// places: what comes out must be the same. What was accepted must also mean the same once it is
// written again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "source/http/http1_body.h"
#include "source/http/http1_request_parser.h"
#include "source/http/http1_response_parser.h"
#include "source/http/http1_serializer.h"
#include "test/http/head_text.h"

namespace culvert::http {
namespace {

// Small, so that the fuzzer reaches them.
constexpr HeadLimits kLimits{.max_head_size = 512, .max_headers = 8, .max_target_size = 64};

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireSameAfterWriting(const RequestHead& head) {
  if (head.minor_version == 0) return;
  HeaderList fields;
  for (const HeaderField& field : head.fields) Require(fields.Add(field.name, field.value));
  std::string text;
  Require(AppendRequestHead(head.method, head.target, fields, text));
  Http1RequestParser parser;
  Require(parser.Feed(text).state == ParseState::kDone);
  Require(Describe(parser.TakeHead()) == Describe(head));
}

void RequireSameAfterWriting(const ResponseHead& head) {
  HeaderList fields;
  for (const HeaderField& field : head.fields) Require(fields.Add(field.name, field.value));
}

// One connection: heads and bodies in turn, written down in a log that shows nothing of the cuts.
template <typename Parser>
class Reader {
 public:
  explicit Reader(Parser parser) : parser_(std::move(parser)) {}

  void Feed(std::span<const char> bytes) {
    while (!bytes.empty() && !stopped_) {
      bytes = bytes.subspan(body_ ? FeedBody(bytes) : FeedHead(bytes));
    }
  }

  const std::string& log() const { return log_; }

 private:
  size_t FeedBody(std::span<const char> bytes) {
    const auto piece = body_->Decode(bytes);
    log_.append(piece.payload.begin(), piece.payload.end());
    Advance(piece.consumed, bytes.size());
    if (piece.state == ParseState::kError) Stop(body_->refusal());
    if (piece.state == ParseState::kDone) EndMessage();
    return piece.consumed;
  }

  size_t FeedHead(std::span<const char> bytes) {
    const ParseResult result = parser_.Feed(bytes);
    if (result.state == ParseState::kError) {
      Stop(parser_.refusal());
      return result.consumed;
    }
    Advance(result.consumed, bytes.size());
    if (result.state == ParseState::kDone) {
      const auto head = parser_.TakeHead();
      log_.append("\n[head]\n").append(Describe(head)).append("[body]\n");
      RequireSameAfterWriting(head);
      if (head.framing.has_body()) {
        body_.emplace(head.framing);
      } else {
        EndMessage();
      }
    }
    return result.consumed;
  }

  void Advance(size_t consumed, size_t offered) {
    Require(consumed <= offered);
    position_ += consumed;
  }

  void EndMessage() {
    body_.reset();
    log_.append("\n[end at ").append(std::to_string(position_)).append("]");
  }

  void Stop(const Refusal& refusal) {
    Require(refusal.status >= 400 && refusal.status < 600 && !refusal.reason.empty());
    log_.append("\n[refused ").append(std::to_string(refusal.status)).append("] ");
    log_.append(refusal.reason);
    stopped_ = true;
  }

  Parser parser_;
  std::optional<Http1BodyDecoder> body_;
  std::string log_;
  size_t position_ = 0;
  bool stopped_ = false;
};

// Parts of 1 to `longest` bytes, in an order that `seed` picks.
template <typename Parser, typename... Arguments>
std::string ReadInParts(std::string_view text, size_t longest, uint32_t seed,
                        Arguments... arguments) {
  Reader<Parser> reader(Parser(arguments..., kLimits));
  while (!text.empty()) {
    seed = seed * 1664525 + 1013904223;
    const size_t size = std::min<size_t>(1 + (seed >> 16) % longest, text.size());
    // A copy of just these bytes, so that reading beyond them is found.
    const std::string part(text.substr(0, size));
    reader.Feed(part);
    text.remove_prefix(size);
  }
  return reader.log();
}

template <typename Parser, typename... Arguments>
void RequireSameInParts(std::string_view text, Arguments... arguments) {
  Reader<Parser> whole(Parser(arguments..., kLimits));
  whole.Feed(text);
  const uint32_t seed = text.size() * 31 + (text.empty() ? 0 : text.back());
  for (size_t longest : {1, 3, 40}) {
    Require(ReadInParts<Parser>(text, longest, seed, arguments...) == whole.log());
  }
}

// The body decoder on its own, without a head for the fuzzer to get right first.
struct NoHead {
  explicit NoHead(const HeadLimits&) {}
  ParseResult Feed(std::span<const char>) { return {ParseState::kDone, 0}; }
  Refusal refusal() const { return {}; }
  RequestHead TakeHead() {
    RequestHead head;
    head.minor_version = 0;
    head.framing.kind = BodyFraming::Kind::kChunked;
    return head;
  }
};

}  // namespace
}  // namespace culvert::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culvert::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RequireSameInParts<Http1RequestParser>(text);
  RequireSameInParts<NoHead>(text);
  for (std::string_view method : {"GET", "HEAD", "CONNECT"}) {
    RequireSameInParts<Http1ResponseParser>(text, method);
  }
  return 0;
}
