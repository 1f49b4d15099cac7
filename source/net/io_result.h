// What reading from or writing to a stream gives. Failures of peers are values.
#ifndef CULVERT_SOURCE_NET_IO_RESULT_H_
#define CULVERT_SOURCE_NET_IO_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace culvert::net {

enum class IoStatus : uint8_t {
  kOk,          // `bytes` were moved
  kWouldBlock,  // wait for the stream's readiness, then try again
  kEnd,         // the peer has said that no more bytes come
  kError,
};

enum class IoError : uint8_t {
  kNone,
  kReset,        // the peer broke the connection off
  kTimedOut,     // a deadline of ours passed
  kCancelled,    // the scope was cancelled
  kRefused,      // nobody listens there
  kUnreachable,  // no route to host or network
  kTruncated,    // the bytes ended without the end that the protocol asks for
  kProtocol,     // the peer broke the rules of the protocol
  kResources,    // out of descriptors, memory or ports
  kOther,
};

struct IoResult {
  IoStatus status = IoStatus::kOk;
  IoError error = IoError::kNone;
  size_t bytes = 0;

  bool ok() const { return status == IoStatus::kOk; }
  bool would_block() const { return status == IoStatus::kWouldBlock; }
  bool ended() const { return status == IoStatus::kEnd; }
  bool failed() const { return status == IoStatus::kError; }

  static IoResult Ok(size_t bytes) { return {IoStatus::kOk, IoError::kNone, bytes}; }
  static IoResult WouldBlock() { return {IoStatus::kWouldBlock, IoError::kNone, 0}; }
  static IoResult End() { return {IoStatus::kEnd, IoError::kNone, 0}; }
  static IoResult Failed(IoError error) { return {IoStatus::kError, error, 0}; }
  // From errno; EAGAIN is kWouldBlock.
  static IoResult FromErrno(int error);
};

IoError IoErrorFromErrno(int error);

// A short token for logs and counters: `reset`, `timed_out`, ...
std::string_view ToToken(IoError error);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_IO_RESULT_H_
