#include "source/access_log/formatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

#include "source/access_log/escape.h"

namespace culvert::access_log {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kUsualLineSize = 1024;

void AppendTime(std::chrono::system_clock::time_point time, std::string& out) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

void AppendMilliseconds(nanoseconds duration, std::string& out) {
  const int64_t microseconds = std::max<int64_t>(duration.count() / 1000, 0);
  fmt::format_to(std::back_inserter(out), "{}.{:03}", microseconds / 1000, microseconds % 1000);
}

std::span<const std::string> Clip(const std::vector<std::string>& items) {
  return std::span(items).first(std::min(items.size(), kMaxListItems));
}

std::optional<uint64_t> NonZero(uint64_t number) {
  return number == 0 ? std::nullopt : std::optional(number);
}

// The fields are told in one place, and a sink per notation writes them: a new fact is one line
// here.
template <typename Sink>
void VisitHead(const Record& record, Sink& sink) {
  const HttpFacts none;
  const HttpFacts& http = record.http ? *record.http : none;
  sink.Text("listener", record.listener);
  sink.Text("downstream_remote_address", record.downstream_remote_address);
  sink.Text("identity", record.identity);
  sink.Text("method", http.method);
  sink.Text("target", http.target);
  sink.Number("status", NonZero(http.status));
}

template <typename Sink>
void VisitTls(const TlsFacts& tls, Sink& sink) {
  sink.Text("tls_version", tls.version);
  sink.Text("tls_cipher", tls.cipher);
  sink.Text("tls_server_name", tls.server_name);
  sink.Text("tls_application_protocol", tls.application_protocol);
  sink.Flag("tls_resumed", tls.resumed);
  sink.Text("tls_client_subject", tls.client_subject);
  sink.List("tls_client_names", tls.client_names);
}

template <typename Sink>
void VisitRest(const Record& record, Sink& sink) {
  if (record.http) sink.Text("authority", record.http->authority);
  sink.Text("protocol", record.protocol);
  sink.Number("connection_id", record.connection_id);
  sink.Text("filter_chain", record.filter_chain);
  sink.Text("downstream_local_address", record.downstream_local_address);
  sink.List("groups", record.groups);
  sink.Text("destination", record.destination);
  sink.Text("resolved_address", record.resolved_address);
  sink.Text("cluster", record.cluster);
  sink.Text("ended_by", record.ended_by);
  sink.Text("reason", record.reason);
  sink.Text("details", record.details);
  sink.Number("downstream_bytes_received", record.bytes.downstream_received);
  sink.Number("downstream_bytes_sent", record.bytes.downstream_sent);
  sink.Number("upstream_bytes_received", record.bytes.upstream_received);
  sink.Number("upstream_bytes_sent", record.bytes.upstream_sent);
  sink.Milliseconds("chain_match_ms", record.durations.chain_match);
  sink.Milliseconds("tls_handshake_ms", record.durations.tls_handshake);
  sink.Milliseconds("auth_ms", record.durations.auth);
  sink.Milliseconds("dns_ms", record.durations.dns);
  sink.Milliseconds("connect_ms", record.durations.connect);
  sink.Milliseconds("total_ms", record.durations.total);
  if (record.tls) VisitTls(*record.tls, sink);
}

// Values that look the same in every notation with names: the name between two pieces of
// punctuation, then the value.
class NamedSink {
 public:
  void Number(std::string_view name, std::optional<uint64_t> value) {
    if (!value) return;
    Name(name);
    fmt::format_to(std::back_inserter(out_), "{}", *value);
  }
  void Flag(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }
  void Milliseconds(std::string_view name, std::optional<nanoseconds> value) {
    if (!value) return;
    Name(name);
    AppendMilliseconds(*value, out_);
  }

 protected:
  NamedSink(std::string& out, std::string_view before_name, std::string_view after_name)
      : out_(out), before_name_(before_name), after_name_(after_name) {}

  void Name(std::string_view name) {
    out_ += before_name_;
    out_ += name;
    out_ += after_name_;
  }

  std::string& out_;

 private:
  const std::string_view before_name_;
  const std::string_view after_name_;
};

// `,"name":value`
class JsonSink : public NamedSink {
 public:
  explicit JsonSink(std::string& out) : NamedSink(out, ",\"", "\":") {}

  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    AppendJsonString(value, out_);
  }
  void List(std::string_view name, const std::vector<std::string>& items) {
    if (items.empty()) return;
    Name(name);
    char separator = '[';
    for (const std::string& item : Clip(items)) {
      out_ += separator;
      AppendJsonString(item, out_);
      separator = ',';
    }
    out_ += ']';
  }
};

// ` value`, with `-` where there is none, so that every value has its place.
class PositionSink {
 public:
  explicit PositionSink(std::string& out) : out_(out) {}

  void Text(std::string_view, std::string_view value) {
    out_ += ' ';
    AppendTextValue(value, out_);
  }
  void Number(std::string_view, std::optional<uint64_t> value) {
    out_ += ' ';
    out_ += value ? fmt::to_string(*value) : "-";
  }

 private:
  std::string& out_;
};

// ` name=value`
class NameSink : public NamedSink {
 public:
  explicit NameSink(std::string& out) : NamedSink(out, " ", "=") {}

  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    AppendTextValue(value, out_);
  }
  void List(std::string_view name, const std::vector<std::string>& items) {
    for (const std::string& item : Clip(items)) {
      Name(name);
      AppendTextValue(item, out_);
    }
  }
};

}  // namespace

void AppendLine(Format format, const Record& record, std::string& out) {
  out.reserve(out.size() + kUsualLineSize);
  if (format == Format::kJson) {
    out += "{\"time\":\"";
    AppendTime(record.start, out);
    out += '"';
    JsonSink sink(out);
    VisitHead(record, sink);
    VisitRest(record, sink);
    out += "}\n";
    return;
  }
  AppendTime(record.start, out);
  PositionSink head(out);
  VisitHead(record, head);
  NameSink rest(out);
  VisitRest(record, rest);
  out += '\n';
}

}  // namespace culvert::access_log
