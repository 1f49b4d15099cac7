#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "extensions/http_connect/factory.h"
#include "test/extensions/http_connect/client_hello_bytes.h"
#include "test/fakes/filter_fixture.h"
#include "test/fakes/loopback_server.h"

namespace culvert::extensions::http_connect {
namespace {

using fakes::FakeExchange;
using fakes::LoopbackServer;
using filter::HttpVerdict;

constexpr std::string_view kAllowLoopback =
    R"(policy { rules { allow { networks: "127.0.0.0/8" networks: "::1/128" } } } )";

const net::IpAddress kLoopback = net::IpAddress::V4(127, 0, 0, 1);
const net::IpAddress kPrivate = net::IpAddress::V4(10, 1, 2, 3);

std::string ConnectHead(std::string_view authority) {
  return "CONNECT " + std::string(authority) + " HTTP/1.1\r\nHost: " + std::string(authority) +
         "\r\n\r\n";
}

class HttpConnectTest : public fakes::FilterFixture {
 protected:
  HttpConnectTest() { Configure(kAllowLoopback); }

  void Configure(std::string_view text) {
    v1::HttpConnect config;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &config));
    filter_ = Build<filter::HttpFilter>(*MakeHttpConnectFactory(), config);
    ASSERT_NE(filter_, nullptr) << Errors();
  }

  FakeExchange& Connect(std::string_view authority) {
    return Ask(*filter_, ConnectHead(authority));
  }

  // A CONNECT to server_ that becomes a tunnel, up to the answer.
  FakeExchange& OpenTunnel(std::string_view early = "", std::string authority = "") {
    if (authority.empty()) authority = server_.address();
    FakeExchange& exchange = Request(*filter_, ConnectHead(authority), early);
    RunUntil([&] { return exchange.taken_over() || !serving(); });
    EXPECT_EQ(exchange.status(), 200);
    return exchange;
  }

  std::unique_ptr<net::SocketStream> Accept() {
    net::Fd fd;
    RunUntil([&] { return (fd = server_.TryAccept()).valid(); });
    return MakeStream(std::move(fd));
  }

  std::string NamedServer(std::string_view host) {
    return std::string(host) + ":" + std::to_string(server_.port());
  }

  void ExpectRefusal(const FakeExchange& exchange, int status, std::string_view error,
                     std::string_view reason) {
    EXPECT_EQ(verdict(), HttpVerdict::kDone);
    EXPECT_EQ(exchange.status(), status);
    EXPECT_EQ(exchange.Header("Proxy-Status"), "culvert; error=" + std::string(error));
    EXPECT_EQ(record().ended_by, "http_connect");
    EXPECT_EQ(record().reason, reason);
    EXPECT_EQ(Metric("culvert_http_connect_requests_total", "status=" + std::to_string(status)), 1);
  }

  LoopbackServer server_;
  std::shared_ptr<const filter::HttpFilter> filter_;
};

TEST_F(HttpConnectTest, LetsOtherRequestsPass) {
  for (const char* head :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    EXPECT_EQ(Ask(*filter_, head).status(), 0);
    EXPECT_EQ(verdict(), HttpVerdict::kNext);
  }
}

TEST_F(HttpConnectTest, AnswersWith200WithoutFieldsAndCarriesBytesBothWays) {
  FakeExchange& exchange = OpenTunnel();
  EXPECT_TRUE(exchange.take_over_headers().fields().empty());
  const auto server = Accept();
  exchange.client().Send("question");
  ExpectReceived(*server, "question");
  ASSERT_TRUE(server->TryWrite(std::string_view("answer")).ok());
  ExpectReceived(exchange.client(), "answer");
  exchange.client().SendEnd();
  ASSERT_TRUE(server->TryShutdownWrite().ok());
  Finish();
  EXPECT_EQ(verdict(), HttpVerdict::kDone);
  EXPECT_EQ(record().protocol, "connect");
  EXPECT_EQ(record().destination, server_.address());
  EXPECT_EQ(record().resolved_address, server_.address());
  EXPECT_EQ(record().ended_by, "http_connect");
  EXPECT_EQ(record().reason, "finished");
  EXPECT_EQ(record().bytes.upstream_sent, 8);
  EXPECT_EQ(record().bytes.upstream_received, 6);
  EXPECT_TRUE(record().durations.connect.has_value());
  EXPECT_FALSE(record().durations.dns.has_value()) << "an address needs no resolving";
  EXPECT_EQ(Metric("culvert_http_connect_requests_total", "status=200"), 1);
  EXPECT_EQ(Metric("culvert_http_connect_dial_duration_seconds"), 1);
}

TEST_F(HttpConnectTest, DeliversWhatTheClientSentEarly) {
  OpenTunnel("early bytes");
  const auto server = Accept();
  ExpectReceived(*server, "early bytes");
}

TEST_F(HttpConnectTest, ResolvesNames) {
  resolver_.Add("site.test", {kLoopback});
  OpenTunnel("", NamedServer("SITE.test."));
  EXPECT_EQ(resolver_.asked(), std::vector<std::string>{"site.test"});
  EXPECT_EQ(record().destination, NamedServer("site.test"));
  EXPECT_EQ(record().resolved_address, server_.address());
  EXPECT_TRUE(record().durations.dns.has_value());
}

TEST_F(HttpConnectTest, RefusesDestinationsThatAreNone) {
  // Well-formed for HTTP, and yet no host.
  ExpectRefusal(Connect("2130706433:443"), 400, "http_request_error", "destination_malformed");
}

TEST_F(HttpConnectTest, RuleRefusesAHostBeforeItIsResolved) {
  Configure(R"(policy { rules { deny { hosts: "bad.test" } } rules { allow { ports: "443" } } })");
  ExpectRefusal(Connect("bad.test:443"), 403, "http_request_denied", "policy_denied");
  EXPECT_TRUE(resolver_.asked().empty());
  EXPECT_EQ(record().details, "denied by rules[0]");
  EXPECT_EQ(Metric("culvert_http_connect_dial_duration_seconds"), 0);
}

TEST_F(HttpConnectTest, NameOfAnAddressThatIsNotAllowedDoesNotGetIn) {
  resolver_.Add("inside.test", {kPrivate, net::IpAddress::V4(10, 1, 2, 4)});
  ExpectRefusal(Connect("inside.test:443"), 403, "destination_ip_prohibited", "address_denied");
  EXPECT_EQ(Metric("culvert_http_connect_requests_total", "status=502"), 0);
}

TEST_F(HttpConnectTest, DialsTheAllowedAddressesOfANameAndNoOthers) {
  Configure(R"(policy { rules { allow { networks: "127.0.0.1/32" } } })");
  resolver_.Add("mixed.test", {kPrivate, kLoopback});
  OpenTunnel("", NamedServer("mixed.test"));
  EXPECT_EQ(record().resolved_address, server_.address());
}

TEST_F(HttpConnectTest, WithoutAPolicyOnlyPort443OfPublicAddresses) {
  Configure("");
  ExpectRefusal(Connect("127.0.0.1:443"), 403, "destination_ip_prohibited", "address_denied");
  EXPECT_EQ(Connect("192.0.2.1:80").status(), 403);
  resolver_.Add("localhost.test", {kLoopback});
  EXPECT_EQ(Connect("localhost.test:443").status(), 403);
}

TEST_F(HttpConnectTest, PolicySeesTheIdentity) {
  Configure(R"(policy { rules { allow { networks: "127.0.0.0/8" groups: "ops" } } })");
  EXPECT_EQ(Connect(server_.address()).status(), 403);
  connection().set_identity({.name = "alice", .groups = {"ops"}, .provider = "staff"});
  OpenTunnel();
}

TEST_F(HttpConnectTest, SaysHowANameFailed) {
  resolver_.Fail("gone.test", net::ResolveFailure::kNotFound);
  ExpectRefusal(Connect("gone.test:443"), 502, "dns_error", "dns_not_found");
}

TEST_F(HttpConnectTest, ResolvingAndConnectingShareOneTimeout) {
  Configure(std::string(kAllowLoopback) + "connect_timeout { nanos: 30000000 }");
  ExpectRefusal(Connect("silent.test:443"), 504, "dns_timeout", "dns_timeout");
}

TEST_F(HttpConnectTest, SaysThatADestinationIsSilent) {
  const LoopbackServer silent(LoopbackServer::Kind::kSilent);
  Configure(std::string(kAllowLoopback) + "connect_timeout { nanos: 100000000 }");
  ExpectRefusal(Connect(silent.address()), 504, "connection_timeout", "connect_timeout");
}

TEST_F(HttpConnectTest, ErrorKeepsTheConnectionForTheNextRequest) {
  const LoopbackServer refusing(LoopbackServer::Kind::kRefuses);
  FakeExchange& exchange = Connect(refusing.address());
  ExpectRefusal(exchange, 502, "connection_refused", "connect_refused");
  EXPECT_FALSE(exchange.response()->close);
  EXPECT_EQ(record().resolved_address, refusing.address());
}

TEST_F(HttpConnectTest, RefusesNewTunnelsWhileDraining) {
  connection().Drain();
  FakeExchange& exchange = Connect(server_.address());
  ExpectRefusal(exchange, 503, "proxy_internal_response", "draining");
  EXPECT_TRUE(exchange.response()->close);
  EXPECT_FALSE(server_.TryAccept().valid());
}

TEST_F(HttpConnectTest, CancelledRequestIsNeitherAnsweredNorExplained) {
  FakeExchange& exchange = Request(*filter_, ConnectHead("silent.test:443"));
  Cancel();
  Finish();
  EXPECT_EQ(exchange.status(), 0);
  EXPECT_EQ(record().reason, "");
}

TEST_F(HttpConnectTest, ClientThatIsGoneBeforeTheAnswerHasAReason) {
  FakeExchange& exchange = Request(*filter_, ConnectHead(server_.address()));
  exchange.LoseClient();
  Finish();
  EXPECT_EQ(record().reason, "downstream_failed");
  const auto server = Accept();
  ExpectClosed(*server);
}

TEST_F(HttpConnectTest, IdleTunnelEnds) {
  Configure(std::string(kAllowLoopback) + "idle_timeout { nanos: 30000000 }");
  OpenTunnel();
  Finish();
  EXPECT_EQ(record().reason, "idle_timeout");
}

TEST_F(HttpConnectTest, TunnelEndsWithItsLifetime) {
  Configure(std::string(kAllowLoopback) + "max_lifetime { nanos: 30000000 }");
  OpenTunnel();
  Finish();
  EXPECT_EQ(record().reason, "max_lifetime");
}

class HttpConnectClusterTest : public HttpConnectTest {
 protected:
  HttpConnectClusterTest() {
    AddCluster("inside", {server_.address()});
    Configure(R"(cluster: "inside" policy { rules { allow { hosts: "any.test" } } })");
  }
};

TEST_F(HttpConnectClusterTest, DialsItsEndpointsInsteadOfTheDestination) {
  OpenTunnel("", "any.test:443");
  EXPECT_TRUE(resolver_.asked().empty());
  EXPECT_EQ(record().cluster, "inside");
  EXPECT_EQ(record().destination, "any.test:443");
  EXPECT_EQ(record().resolved_address, server_.address());
  EXPECT_EQ(environment_.FindCluster("inside")->endpoints()[0]->active(), 1);
  Cancel();
  Finish();
  EXPECT_EQ(environment_.FindCluster("inside")->endpoints()[0]->active(), 0);
}

TEST_F(HttpConnectClusterTest, PolicyIsStillAskedForHostAndPort) {
  ExpectRefusal(Connect("other.test:443"), 403, "http_request_denied", "policy_denied");
}

class RequireTlsTest : public HttpConnectTest {
 protected:
  RequireTlsTest() { Require("require_tls: true"); }

  void Require(std::string_view fields) {
    Configure(std::string(kAllowLoopback) + std::string(fields) +
              " client_hello_timeout { nanos: 200000000 }");
  }

  void ExpectCut(FakeExchange& exchange, std::string_view reason) {
    Finish();
    EXPECT_TRUE(exchange.client().received_reset());
    EXPECT_EQ(record().ended_by, "http_connect");
    EXPECT_EQ(record().reason, reason);
    EXPECT_EQ(Metric("culvert_http_connect_tunnels_cut_total"), 1);
    EXPECT_EQ(Metric("culvert_http_connect_tunnels_ended_total"), 0) << "there was none";
    const auto server = Accept();
    ExpectClosed(*server);
  }
};

TEST_F(RequireTlsTest, HelloPassesAndEveryByteIsDelivered) {
  const std::string hello = ClientHelloBytes("any.test") + "early data";
  FakeExchange& exchange = OpenTunnel(hello.substr(0, 10));
  const auto server = Accept();
  exchange.client().Send(hello.substr(10));
  ExpectReceived(*server, hello);
  exchange.client().Send("more");
  ExpectReceived(*server, "more");
  Cancel();
  Finish();
  EXPECT_EQ(record().bytes.downstream_received, hello.size() + 4);
}

TEST_F(RequireTlsTest, NothingReachesTheServerBeforeTheHelloIsWhole) {
  const std::string hello = ClientHelloBytes("any.test");
  FakeExchange& exchange = OpenTunnel(hello.substr(0, hello.size() - 1));
  const auto server = Accept();
  for (int i = 0; i < 10; ++i) loop_.RunOnce(Clock::now());
  char buffer[10];
  EXPECT_TRUE(server->TryRead(buffer).would_block());
  exchange.client().Send(hello.substr(hello.size() - 1));
  ExpectReceived(*server, hello);
}

TEST_F(RequireTlsTest, OtherProtocolsAreCutAndCounted) {
  FakeExchange& exchange = OpenTunnel();
  exchange.client().Send("SSH-2.0-OpenSSH\r\n");
  ExpectCut(exchange, "not_tls");
  EXPECT_EQ(record().bytes.downstream_received, 17);
  EXPECT_EQ(record().bytes.upstream_sent, 0);
}

TEST_F(RequireTlsTest, EarlyBytesAreCheckedAsWell) {
  ExpectCut(OpenTunnel("SSH-2.0-OpenSSH\r\n"), "not_tls");
}

TEST_F(RequireTlsTest, SilentClientIsCutInTime) {
  ExpectCut(OpenTunnel(ClientHelloBytes("any.test").substr(0, 20)), "client_hello_timeout");
}

TEST_F(RequireTlsTest, ClientThatLeavesBeforeItsHelloHasAReason) {
  FakeExchange& exchange = OpenTunnel();
  exchange.client().SendEnd();
  ExpectCut(exchange, "closed_before_client_hello");
}

TEST_F(RequireTlsTest, MatchingServerNameImpliesTls) {
  Require("require_matching_server_name: true");
  ExpectCut(OpenTunnel("SSH-2.0-OpenSSH\r\n"), "not_tls");
}

TEST_F(RequireTlsTest, ServerNameMustBeTheHostOfTheConnect) {
  Require("require_matching_server_name: true");
  resolver_.Add("site.test", {kLoopback});
  ExpectCut(OpenTunnel(ClientHelloBytes("other.test"), NamedServer("site.test")),
            "server_name_mismatch");
  EXPECT_EQ(record().details, "the server name is other.test");
}

TEST_F(RequireTlsTest, TheHostOfTheConnectPasses) {
  Require("require_matching_server_name: true");
  resolver_.Add("site.test", {kLoopback});
  const std::string hello = ClientHelloBytes("Site.Test");
  OpenTunnel(hello, NamedServer("site.test"));
  const auto server = Accept();
  ExpectReceived(*server, hello);
}

TEST_F(RequireTlsTest, CancelledWaitLeavesTheReasonToWhoCancelled) {
  FakeExchange& exchange = OpenTunnel();
  Cancel();
  Finish();
  EXPECT_EQ(record().reason, "");
  EXPECT_TRUE(exchange.client().received_reset());
}

}  // namespace
}  // namespace culvert::extensions::http_connect
