// A Stream in memory, for tests of filters and protocols with bytes alone: two ends of one
// connection, each of which can be told how many bytes go through per call. One thread; no socket,
// and a loop only where the code under test waits.
#ifndef CULVERT_TEST_FAKES_FAKE_STREAM_H_
#define CULVERT_TEST_FAKES_FAKE_STREAM_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/net/stream.h"

namespace culvert::fakes {

class FakeStream;
using FakeStreamPtr = std::unique_ptr<FakeStream>;

class FakeStream final : public net::Stream {
 public:
  static std::pair<FakeStreamPtr, FakeStreamPtr> MakePair();
  ~FakeStream() override;

  // The script: the most bytes that the next calls take, in turn, and without end the last one. A
  // piece of 0 is one kWouldBlock for no reason, with the readiness left on.
  void SetReadPieces(std::vector<size_t> pieces) { read_pieces_ = {std::move(pieces), 0}; }
  void SetWritePieces(std::vector<size_t> pieces) { write_pieces_ = {std::move(pieces), 0}; }
  // Bytes that are written and not yet read by the other end, at most; then writes would block.
  void SetWriteCapacity(size_t capacity) { out_->capacity = capacity; }
  // As TLS does: a write stays inside until TryFlush.
  void SetHoldsWrites(bool holds) { holds_writes_ = holds; }

  // The test's side, never blocking. To the other end's reads:
  void Send(std::string_view bytes);
  void SendEnd();
  void SendError(net::IoError error);
  // From the other end's writes: all bytes since the last call.
  std::string Received();
  bool received_end() const { return in_->ended; }
  // The other end was aborted.
  bool received_reset() const { return in_->error == net::IoError::kReset; }

  bool aborted() const { return aborted_; }

  // Stream:
  net::IoResult TryWrite(std::span<const char> data) override;
  net::IoResult TryFlush() override;
  net::IoResult TryShutdownWrite() override;
  void Abort() override;
  net::Readiness& readable() override { return in_->readable; }
  net::Readiness& writable() override { return out_->writable; }

 protected:
  net::IoResult DoTryRead(std::span<char> buffer) override;

 private:
  // One direction.
  struct Channel {
    std::string bytes;
    size_t capacity = std::numeric_limits<size_t>::max();
    bool ended = false;
    bool reader_gone = false;
    std::optional<net::IoError> error;  // after the bytes
    net::Readiness readable{true};
    net::Readiness writable{true};

    size_t room() const { return capacity - std::min(capacity, bytes.size()); }
    std::string Take(size_t count);
  };
  struct Script {
    std::vector<size_t> pieces;
    size_t next = 0;
    size_t Next();
  };

  FakeStream(std::shared_ptr<Channel> in, std::shared_ptr<Channel> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  // Hands on a prefix of `bytes`; how many.
  size_t Deliver(std::string_view bytes);

  std::shared_ptr<Channel> in_;
  std::shared_ptr<Channel> out_;
  Script read_pieces_;
  Script write_pieces_;
  std::string held_;
  bool holds_writes_ = false;
  bool aborted_ = false;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FAKE_STREAM_H_
