// One request and its answer, as http filters see them, whatever version of HTTP carries them.
// Owned by the connection's codec, on its worker; valid until the filter's coroutine returns.
#ifndef CULVERT_SOURCE_HTTP_EXCHANGE_H_
#define CULVERT_SOURCE_HTTP_EXCHANGE_H_

#include <span>
#include <string>
#include <string_view>

#include "source/http/message.h"
#include "source/http/proxy_status.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::http {

struct Response {
  int status = 200;
  HeaderList headers = {};
  // Content-Length is set from it, and the body left out where the request was HEAD.
  std::string body = {};
  // Close the connection after it.
  bool close = false;
};

// `{status, one line of plain text}`.
Response TextResponse(int status, std::string_view line);

// What every error of the proxy looks like: the same with a Proxy-Status that says what kind it is
// (RFC 9209).
Response ErrorResponse(int status, std::string_view line, ProxyError error);

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& request() const = 0;

  // Hides the fields of that name from the filters that follow: what was meant for this proxy
  // alone.
  virtual void RemoveRequestField(std::string_view name) = 0;

  // The next bytes of the request's body, kEnd after the last. Sends `100 Continue` first if the
  // client waits for it.
  virtual net::Task<net::IoResult> ReadBody(std::span<char> buffer, TimePoint deadline) = 0;

  // Sends the whole answer. Once per exchange.
  virtual net::Task<net::IoResult> Respond(Response response) = 0;

  // Sends a head without body framing (200 to CONNECT, 101) and gives the connection's stream to
  // the caller; bytes that the client sent early are read from it first. Null if the head could not
  // be sent.
  virtual net::Task<net::StreamPtr> TakeOver(int status, HeaderList headers) = 0;

  // Whether the client asked a proxy: CONNECT, or a target in absolute form (RFC 9112, 3.2.2).
  bool is_proxy_request() const {
    const TargetForm form = request().target_form;
    return form == TargetForm::kAuthority || form == TargetForm::kAbsolute;
  }
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_EXCHANGE_H_
