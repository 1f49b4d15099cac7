// What a filter is. Each kind is a coroutine over a stream or an exchange; one object, built when
// the config is loaded, serves all connections of all workers and does not change.
//
// A filter may await the stream, a dialer, a timer, always with a deadline; it may not block, and
// it may not outlive the connection. Cancelling the connection ends its waits with an error; it
// then returns.
#ifndef CULVERT_SOURCE_FILTER_FILTER_H_
#define CULVERT_SOURCE_FILTER_FILTER_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "source/filter/connection_context.h"
#include "source/http/exchange.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::filter {

using net::StreamPtr;
using net::Task;

// Bytes to bytes. Gives back the stream that it got, when its work is done, or a new one round it;
// or null, with the reason noted in the context, and the connection ends.
class StreamFilter {
 public:
  virtual ~StreamFilter() = default;
  virtual Task<StreamPtr> Accept(StreamPtr downstream, ConnectionContext& connection) const = 0;
};
using StreamFilterPtr = std::shared_ptr<const StreamFilter>;

// Bytes to the end: the connection is over when it returns.
class StreamTerminal {
 public:
  virtual ~StreamTerminal() = default;
  virtual Task<void> Run(StreamPtr downstream, ConnectionContext& connection) const = 0;
};
using StreamTerminalPtr = std::shared_ptr<const StreamTerminal>;

enum class HttpVerdict : uint8_t {
  kNext,  // not mine, or allowed: the next filter has a look
  kDone,  // answered or taken over, or nobody is there any more
};

class HttpFilter {
 public:
  virtual ~HttpFilter() = default;
  virtual Task<HttpVerdict> OnRequest(http::Exchange& exchange,
                                      ConnectionContext& connection) const = 0;
};
using HttpFilterPtr = std::shared_ptr<const HttpFilter>;

// Makes requests of bytes: the terminal of a chain of http filters.
class HttpCodec {
 public:
  virtual ~HttpCodec() = default;
  virtual StreamTerminalPtr Bind(std::vector<HttpFilterPtr> filters) const = 0;
};
using HttpCodecPtr = std::shared_ptr<const HttpCodec>;

enum class FilterKind : uint8_t { kStream, kTerminal, kHttpCodec, kHttp };
std::string_view ToString(FilterKind kind);

// What a factory makes: one of the four, or nothing after it has reported errors.
using AnyFilter =
    std::variant<std::monostate, StreamFilterPtr, StreamTerminalPtr, HttpCodecPtr, HttpFilterPtr>;

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_FILTER_H_
