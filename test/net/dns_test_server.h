// A name server on the loopback for tests, over UDP and TCP, which answers as it is told. Runs on
// the loop of the test; what it was not told about it answers with NXDOMAIN.
#ifndef CULVERT_TEST_NET_DNS_TEST_SERVER_H_
#define CULVERT_TEST_NET_DNS_TEST_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/net/address.h"
#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/scope.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::net {

struct ScriptedAnswer {
  int code = 0;  // RFC 1035 section 4.1.1
  std::vector<IpAddress> addresses = {};
  uint32_t ttl = 60;
  std::optional<uint32_t> soa_minimum = {};  // adds an SOA record
  bool truncated = false;                    // over UDP: says that there is more
  bool held = false;                         // is sent by Release(), or never
  bool broken = false;                       // ends in the middle of a record
};

// The answer to a question, which is the bytes from the header to the end of the question.
std::string MakeDnsAnswer(std::string_view question, const ScriptedAnswer& answer);

// The bytes of a question, with a number of 0.
std::string MakeDnsQuestion(std::string_view name, IpAddress::Family family);

class DnsTestServer {
 public:
  explicit DnsTestServer(EventLoop& loop);
  ~DnsTestServer();

  const SocketAddress& address() const { return address_; }
  void Set(const std::string& name, IpAddress::Family family, ScriptedAnswer answer);

  // Sends what was held back so far, and no longer holds anything back.
  void Release();

  // How often it was asked.
  int asked(const std::string& name, IpAddress::Family family) const;
  int asked_by_tcp() const { return asked_by_tcp_; }

 private:
  using Question = std::pair<std::string, IpAddress::Family>;

  bool Listen();
  Task<void> ServeUdp();
  Task<void> ServeTcp();
  Task<void> ServeConnection(Stream& stream);
  // Nothing if the answer is held back; then `send` is kept for it.
  std::optional<std::string> Answer(std::string_view question, bool by_tcp,
                                    std::function<void(std::string)> send);

  EventLoop& loop_;
  Scope scope_;
  SocketAddress address_;
  // Lives as long as the descriptors are watched.
  FdEvents udp_events_;
  FdEvents tcp_events_;
  Fd udp_;
  Fd tcp_;
  int running_ = 0;
  bool holds_ = true;
  std::map<Question, ScriptedAnswer> answers_;
  std::map<Question, int> asked_;
  int asked_by_tcp_ = 0;
  std::vector<std::function<void()>> held_;
};

}  // namespace culvert::net

#endif  // CULVERT_TEST_NET_DNS_TEST_SERVER_H_
