// The facts of one connection or request that its access-log line tells. Owned by the connection
// (or request), filled on its worker as it goes, and formatted once at the end. One exists per live
// connection: it is kept small.
#ifndef CULVERT_SOURCE_ACCESS_LOG_RECORD_H_
#define CULVERT_SOURCE_ACCESS_LOG_RECORD_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::access_log {

struct HttpFacts {
  std::string method;
  // As in the request line; without user information, which may hold a password.
  std::string target;
  std::string authority;
  uint16_t status = 0;  // of the answer; 0: none was sent
};

struct TlsFacts {
  std::string version;
  std::string cipher;
  std::string server_name;
  std::string application_protocol;
  std::string client_subject;
  std::vector<std::string> client_names;  // subject alternative names
  bool resumed = false;
};

// How long each phase took; nothing for a phase that was never entered.
struct Durations {
  std::optional<std::chrono::nanoseconds> chain_match;
  std::optional<std::chrono::nanoseconds> tls_handshake;
  std::optional<std::chrono::nanoseconds> auth;
  std::optional<std::chrono::nanoseconds> dns;
  std::optional<std::chrono::nanoseconds> connect;
  std::optional<std::chrono::nanoseconds> total;
};

// As the last filter saw them: HTTP's framing counts, TLS that a filter before it took off does
// not.
struct ByteCounts {
  uint64_t downstream_received = 0;
  uint64_t downstream_sent = 0;
  uint64_t upstream_received = 0;
  uint64_t upstream_sent = 0;
};

// An empty string, a null pointer or an absent duration leaves its field out of the line.
struct Record {
  std::chrono::system_clock::time_point start;
  uint64_t connection_id = 0;
  // "tcp", "http/1.0", "http/1.1" or "connect"; refers to a constant.
  std::string_view protocol;
  std::string listener;
  std::string filter_chain;
  std::string downstream_remote_address;
  std::string downstream_local_address;
  std::string identity;
  std::vector<std::string> groups;
  // Host and port as asked for, the address that was dialled for it, and the cluster that it came
  // from.
  std::string destination;
  std::string resolved_address;
  std::string cluster;
  // The filter that ended it, a short token for why (`idle_timeout`), and the reason in words.
  std::string ended_by;
  std::string reason;
  std::string details;
  ByteCounts bytes;
  Durations durations;
  std::unique_ptr<HttpFacts> http;
  std::unique_ptr<TlsFacts> tls;

  // Makes the group where there is none yet.
  HttpFacts& MutableHttp() {
    if (!http) http = std::make_unique<HttpFacts>();
    return *http;
  }
  TlsFacts& MutableTls() {
    if (!tls) tls = std::make_unique<TlsFacts>();
    return *tls;
  }
};

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_RECORD_H_
