#include "source/net/stream_io.h"

#include <array>

namespace culvert::net {
namespace {

IoResult Interrupted(WaitOutcome outcome) {
  return IoResult::Failed(outcome == WaitOutcome::kTimedOut ? IoError::kTimedOut
                                                            : IoError::kCancelled);
}

}  // namespace

Task<IoResult> Read(Stream& stream, std::span<char> buffer, TimePoint deadline) {
  while (true) {
    const IoResult result = stream.TryRead(buffer);
    if (!result.would_block()) co_return result;
    const WaitOutcome outcome = co_await Wait(deadline, &stream.readable());
    if (outcome != WaitOutcome::kReady) co_return Interrupted(outcome);
  }
}

Task<IoResult> WriteAll(Stream& stream, std::string_view data, TimePoint deadline) {
  size_t written = 0;
  while (true) {
    const IoResult result = written < data.size() ? stream.TryWrite(std::span(data.substr(written)))
                                                  : stream.TryFlush();
    if (result.failed()) co_return result;
    if (result.ok()) {
      if (written == data.size()) co_return IoResult::Ok(written);
      written += result.bytes;
      continue;
    }
    const WaitOutcome outcome = co_await Wait(deadline, &stream.writable());
    if (outcome != WaitOutcome::kReady) co_return Interrupted(outcome);
  }
}

Task<IoResult> ShutdownWrite(Stream& stream, TimePoint deadline) {
  while (true) {
    const IoResult result = stream.TryShutdownWrite();
    if (!result.would_block()) co_return result;
    const WaitOutcome outcome = co_await Wait(deadline, &stream.writable());
    if (outcome != WaitOutcome::kReady) co_return Interrupted(outcome);
  }
}

Task<void> DrainReads(Stream& stream, size_t most, TimePoint deadline) {
  std::array<char, 4096> dropped;
  size_t total = 0;
  while (total < most) {
    const IoResult result = co_await Read(stream, dropped, deadline);
    if (!result.ok()) co_return;
    total += result.bytes;
  }
}

}  // namespace culvert::net
