#include "source/ctl/tls_tunnel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "source/base/status.h"
#include "source/ctl/client.h"
#include "source/ctl/run.h"
#include "source/ctl/tls_pump.h"
#include "test/ctl/fake_console.h"
#include "test/ctl/fake_server.h"
#include "test/ctl/temporary_directory.h"
#include "test/tls/test_authority.h"

namespace culvert::ctl {
namespace {

using tls::Issued;
using tls::TestAuthority;

// A TLS port in front of a unix socket, as a listener with `tls_terminate` is: one connection after
// the other.
class TlsFront {
 public:
  TlsFront(const Issued& issued, std::string inner_path, const std::string& client_authority = "")
      : inner_path_(std::move(inner_path)), context_(SSL_CTX_new(TLS_method())) {
    const tls::KeyPair pair = issued.Pair();
    SSL_CTX_use_certificate(context_.get(), pair.leaf());
    SSL_CTX_use_PrivateKey(context_.get(), pair.key.get());
    SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
    if (!client_authority.empty()) {
      const auto authorities = tls::ParseCertificates(client_authority).value();
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authorities.front().get());
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         nullptr);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    listener_ = net::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_.get(), 5), 0);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      // BoringSSL's writes know no MSG_NOSIGNAL.
      sigset_t signals;
      sigemptyset(&signals);
      sigaddset(&signals, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &signals, nullptr);
      while (true) {
        const net::Fd outer(accept(listener_.get(), nullptr, nullptr));
        if (!outer.valid()) return;
        const int on = 1;
        setsockopt(outer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Serve(outer.get());
      }
    });
  }
  ~TlsFront() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string address() const { return "localhost:" + std::to_string(port_); }

 private:
  void Serve(int outer) {
    bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), outer);
    if (SSL_accept(ssl.get()) != 1) {
      // What the client has sent must not turn the alert into a reset.
      shutdown(outer, SHUT_WR);
      char piece[1024];
      while (recv(outer, piece, sizeof piece, 0) > 0) {
      }
      return;
    }
    const auto inner = Connect(ParseAddress(inner_path_).value(), kNever);
    for (const int fd : {outer, inner->get()}) {
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    TlsPump(ssl.get(), outer, inner->get()).Run();
  }

  const std::string inner_path_;
  bssl::UniquePtr<SSL_CTX> context_;
  net::Fd listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

class CtlTlsTest : public testing::Test {
 protected:
  // What comes of a call through `front`.
  Outcome Call(const TlsFront& front, const TlsOptions& tls) {
    ClientOptions options;
    options.address = ParseAddress(front.address()).value();
    options.tls = tls;
    Client client(options);
    return client.Call(v1::GetRequest(), &response_);
  }

  const TemporaryDirectory directory_;
  const TestAuthority authority_{"the authority"};
  const std::string ca_ = directory_.Write("ca.pem", authority_.pem());
  const Issued server_ = authority_.Issue({.names = {"DNS:localhost", "IP:127.0.0.1"}});
  const std::string path_ = directory_.Path("admin.sock");
  FakeServer fake_{path_};
  v1::GetResponse response_;
};

TEST_F(CtlTlsTest, CarriesCallsOfAnySize) {
  fake_.answers().get.set_yaml(std::string(5 << 20, 'x'));
  const TlsFront front(server_, path_);
  const Outcome outcome = Call(front, {.ca_file = ca_, .server_name = "localhost"});
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(response_.yaml().size(), 5 << 20);
}

TEST_F(CtlTlsTest, CarriesManyCallsAndLongRequests) {
  const TlsFront front(server_, path_);
  ClientOptions options;
  options.address = ParseAddress(front.address()).value();
  options.tls = TlsOptions{.ca_file = ca_, .server_name = "localhost"};
  Client client(options);
  for (int i = 0; i < 30; ++i) {
    v1::ApplyRequest request;
    request.mutable_source()->mutable_text()->set_content(std::string(i * 2'000, 'y'));
    v1::ApplyResponse response;
    const Outcome outcome = client.Call(request, &response);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    ASSERT_EQ(fake_.requests().apply.source().text().content().size(), i * 2'000);
  }
}

TEST_F(CtlTlsTest, ShowsItsCertificate) {
  const TestAuthority clients("clients", 101);
  const Issued alice = clients.Issue({.common_name = "alice", .key_index = 7});
  const TlsFront front(server_, path_, clients.pem());
  const Outcome outcome =
      Call(front, {.ca_file = ca_,
                   .certificate_file = directory_.Write("alice.pem", alice.certificate_pem),
                   .key_file = directory_.Write("alice.key", alice.key_pem),
                   .server_name = "localhost"});
  EXPECT_TRUE(outcome.ok()) << outcome.message;
}

TEST_F(CtlTlsTest, SaysThatTheServerWantsACertificate) {
  const TlsFront front(server_, path_, authority_.pem());
  const Outcome outcome = Call(front, {.ca_file = ca_, .server_name = "localhost"});
  EXPECT_TRUE(outcome.lost);
  EXPECT_EQ(outcome.message,
            front.address() +
                ": the connection was lost (tlsv1 alert certificate required); does the server "
                "want a certificate? --certificate and --key say which");
}

TEST_F(CtlTlsTest, RefusesAServerOfAnotherAuthority) {
  const TestAuthority other("other", 102);
  const TlsFront front(server_, path_);
  const Outcome outcome = Call(
      front, {.ca_file = directory_.Write("other.pem", other.pem()), .server_name = "localhost"});
  EXPECT_EQ(outcome.message, front.address() +
                                 ": the server's certificate is not trusted: unable to get local "
                                 "issuer certificate; --ca names the authority");
}

TEST_F(CtlTlsTest, RefusesAServerOfAnotherName) {
  const TlsFront front(server_, path_);
  for (const std::string name : {"edge.test", "127.0.0.2", "localhost.test"}) {
    const Outcome outcome = Call(front, {.ca_file = ca_, .server_name = name});
    EXPECT_EQ(outcome.message,
              front.address() +
                  ": the server's certificate is for another name; --server-name says which it "
                  "must be for");
  }
  EXPECT_TRUE(Call(front, {.ca_file = ca_, .server_name = "127.0.0.1"}).ok());
}

TEST_F(CtlTlsTest, RefusesAnExpiredCertificate) {
  const Issued expired = authority_.Issue({.names = {"DNS:localhost"}, .days = -1});
  const TlsFront front(expired, path_);
  const Outcome outcome = Call(front, {.ca_file = ca_, .server_name = "localhost"});
  EXPECT_NE(outcome.message.find("certificate has expired"), std::string::npos) << outcome.message;
}

TEST_F(CtlTlsTest, SaysThatThereIsNoTls) {
  ClientOptions options;
  options.address = ParseAddress(path_).value();
  options.tls = TlsOptions{.ca_file = ca_, .server_name = "localhost"};
  Client client(options);
  const Outcome outcome = client.Call(v1::GetRequest(), &response_);
  EXPECT_EQ(outcome.message, "unix:" + path_ + ": the server does not speak TLS there");
}

TEST_F(CtlTlsTest, SaysWhichFileIsWrong) {
  const TlsFront front(server_, path_);
  const auto message = [&](const TlsOptions& tls) { return Call(front, tls).message; };
  EXPECT_EQ(message({.ca_file = "/no/ca.pem", .server_name = "localhost"}),
            front.address() + ": --ca: /no/ca.pem: cannot be read: No such file or directory");
  const std::string empty = directory_.Write("empty.pem", "");
  EXPECT_TRUE(message({.ca_file = empty, .server_name = "localhost"})
                  .starts_with(front.address() + ": --ca " + empty + ": "));
  EXPECT_TRUE(message({.ca_file = ca_,
                       .certificate_file = directory_.Write("c.pem", server_.certificate_pem),
                       .key_file = empty,
                       .server_name = "localhost"})
                  .starts_with(front.address() + ": --key " + empty + ": "));
}

TEST_F(CtlTlsTest, AHandshakeEndsAtItsDeadline) {
  const net::Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = net::SocketAddress::Parse("unix:" + directory_.Path("mute.sock")).value();
  sockaddr_storage storage{};
  socklen_t length = 0;
  address.ToSockaddr(&storage, &length);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const TimePoint deadline = Clock::now() + std::chrono::milliseconds(50);
  auto socket = Connect({.unix_socket = address}, deadline);
  ASSERT_TRUE(socket.ok());
  const auto tunnel =
      TlsTunnel::Open(*std::move(socket), {.ca_file = ca_, .server_name = "localhost"}, deadline);
  EXPECT_EQ(Message(tunnel.status()), "the TLS handshake was not over in time");
}

TEST_F(CtlTlsTest, OptionsOfTheCommandLineTurnItOn) {
  const TlsFront front(server_, path_);
  FakeConsole console;
  const std::string address = front.address();
  const std::vector<std::string_view> words = {"get", "--address", address, "--ca", ca_};
  EXPECT_EQ(ctl::Run(words, console.console()), 0) << console.TakeErr();
}

}  // namespace
}  // namespace culvert::ctl
