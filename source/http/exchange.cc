#include "source/http/exchange.h"

namespace culvert::http {

Response TextResponse(int status, std::string_view line) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.body.assign(line).push_back('\n');
  return response;
}

Response ErrorResponse(int status, std::string_view line, ProxyError error) {
  Response response = TextResponse(status, line);
  response.headers.Add("Proxy-Status", ProxyStatus{.error = error}.Serialize());
  return response;
}

}  // namespace culvert::http
