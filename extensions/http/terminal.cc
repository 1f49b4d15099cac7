#include "extensions/http/terminal.h"

#include <string>
#include <utility>

#include "source/net/io_result.h"
#include "source/net/stream_io.h"

namespace culvert::extensions::http {

using culvert::http::Http1Connection;
using culvert::http::RequestHead;
using culvert::http::Response;
using filter::ConnectionContext;
using filter::HttpVerdict;
using filter::Task;
using Outcome = Http1Connection::Outcome;

namespace {

void DescribeRequest(const RequestHead& request, access_log::Record& record) {
  record.protocol = request.minor_version == 0 ? "http/1.0" : "http/1.1";
  access_log::HttpFacts& http = record.MutableHttp();
  http.method = request.method;
  http.target = request.target;
  http.authority = request.host;
}

// What a tunnel filter has counted is more than HTTP could see.
void FinishRecord(const Http1Connection& http, uint64_t received_before, uint64_t sent_before,
                  access_log::Record& record) {
  if (record.http) record.http->status = static_cast<uint16_t>(http.status());
  record.bytes.downstream_received += http.bytes_received() - received_before;
  record.bytes.downstream_sent += http.bytes_sent() - sent_before;
}

Failure FailureOf(const Http1Connection& http, Outcome outcome) {
  switch (outcome) {
    case Outcome::kRefused:
      return {Side::kDownstream, Stage::kRequestHead, "bad_request",
              std::string(http.refusal().reason)};
    case Outcome::kTimedOut:
      return {Side::kDownstream, Stage::kRequestHead, "request_head_timeout"};
    case Outcome::kCutOff:
      return {Side::kDownstream, Stage::kRequestHead, "closed_in_request_head"};
    case Outcome::kFailed:
      return {Side::kDownstream, Stage::kRequestHead, net::ToToken(http.error())};
    default:
      return {Side::kDownstream, Stage::kRequestHead, "closed"};
  }
}

}  // namespace

Task<void> Terminal::Run(filter::StreamPtr downstream, ConnectionContext& connection) const {
  Http1Connection http(std::move(downstream), options_);
  bool first = true;
  while (true) {
    const uint64_t received = http.bytes_received();
    const uint64_t sent = http.bytes_sent();
    connection.set_phase(filter::Phase::kRequest);
    const Outcome outcome = co_await http.ReadRequest(first, connection.retired());
    if (outcome == Outcome::kCancelled) co_return;
    if (outcome != Outcome::kRequest) {
      // The silent end of a connection that had its requests is no event of its own.
      if (outcome == Outcome::kClosed && connection.logged()) break;
      connection.BeginRecord();
      co_await Refuse(http, connection, outcome);
      FinishRecord(http, received, sent, connection.record());
      connection.LogRecord();
      break;
    }
    first = false;
    connection.BeginRecord();
    co_await Serve(http, connection);
    connection.set_phase(filter::Phase::kResponse);
    const bool go_on = co_await http.FinishExchange();
    FinishRecord(http, received, sent, connection.record());
    if (!connection.scope().cancelled()) connection.LogRecord();
    if (!go_on) break;
    // A client that sends one request behind the other, without end, never makes us wait.
    co_await net::Yield();
    if (connection.scope().cancelled()) co_return;
  }
  co_await http.Close();
}

Task<void> Terminal::Serve(Http1Connection& http, ConnectionContext& connection) const {
  stats_.requests->Add(connection.worker().index);
  DescribeRequest(http.request(), connection.record());
  if (connection.retired().ready()) http.CloseAfterResponse();
  for (const filter::HttpFilterPtr& filter : filters_) {
    const HttpVerdict verdict = co_await filter->OnRequest(http, connection);
    if (verdict == HttpVerdict::kDone) co_return;
  }
  stats_.unclaimed->Add(connection.worker().index);
  connection.End(kName, {Side::kDownstream, Stage::kRequestHead, "not_claimed"});
  connection.set_phase(filter::Phase::kResponse);
  co_await http.Respond(culvert::http::ErrorResponse(
      404, "nothing here answers this request", culvert::http::ProxyError::kHttpRequestDenied));
}

Task<void> Terminal::Refuse(Http1Connection& http, ConnectionContext& connection,
                            Outcome outcome) const {
  connection.End(kName, FailureOf(http, outcome));
  int status = 0;
  std::string reason;
  if (outcome == Outcome::kRefused) {
    stats_.refused->Add(connection.worker().index);
    status = http.refusal().status;
    reason = http.refusal().reason;
  } else if (outcome == Outcome::kTimedOut) {
    status = 408;
    reason = "the request head took too long";
  }
  if (status == 0) co_return;
  connection.record().protocol = "http";
  connection.record().MutableHttp();  // has the status, if no request
  Response response =
      culvert::http::ErrorResponse(status, reason, culvert::http::ProxyError::kHttpRequestError);
  response.close = true;
  connection.set_phase(filter::Phase::kResponse);
  co_await http.Respond(std::move(response));
}

}  // namespace culvert::extensions::http
