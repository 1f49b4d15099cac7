// Which filter chain of a listener a connection gets, by where it comes from, where it goes to and
// what its ClientHello asks for. Pure; immutable once built.
#ifndef CULVERT_SOURCE_SERVER_CHAIN_MATCHER_H_
#define CULVERT_SOURCE_SERVER_CHAIN_MATCHER_H_

#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/base/field_error.h"
#include "source/net/address.h"

namespace culvert::server {

class ChainMatcher {
 public:
  struct Facts {
    net::SocketAddress source;
    net::SocketAddress destination;
    // Of the ClientHello; empty without one.
    std::string_view server_name = {};
    const std::vector<std::string>* application_protocols = nullptr;
  };

  static constexpr int kNone = -1;

  // Adds the chain with the next index, counted from 0. Errors are appended; `path` is that of the
  // match. Two chains that match the same connections are an error.
  void Add(const config::v1::FilterChainMatch& match, const std::string& path,
           std::vector<FieldError>& errors);

  // Whether the connection's first bytes have to be seen before Select.
  bool needs_client_hello() const { return needs_client_hello_; }

  // The index of the most specific chain that matches, or kNone.
  int Select(const Facts& facts) const;

 private:
  struct Match {
    std::vector<net::PortRange> destination_ports;
    std::vector<net::Cidr> destination_ranges;
    std::vector<std::string> server_names;
    std::vector<std::string> application_protocols;
    std::vector<net::Cidr> source_ranges;
    std::vector<net::PortRange> source_ports;

    friend bool operator==(const Match&, const Match&) = default;
  };
  // How well a match fits, compared field by field in the order of precedence.
  struct Score;
  static bool Fits(const Match& match, const Facts& facts, Score* score);

  std::vector<Match> matches_;
  bool needs_client_hello_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CHAIN_MATCHER_H_
