#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/culvert/extensions/admin/v1/admin.pb.h"
#include "extensions/admin/factory.h"
#include "source/filter/admin_gate.h"
#include "test/fakes/fake_stream.h"
#include "test/fakes/filter_fixture.h"

namespace culvert::extensions::admin {
namespace {

using fakes::FakeStream;
using filter::AdminCaller;
using filter::AdminRole;

class FakeGate final : public filter::AdminGate {
 public:
  bool Adopt(net::Fd socket, AdminCaller caller) override {
    if (full) return false;
    adopted.emplace_back(std::move(socket), std::move(caller));
    return true;
  }

  bool full = false;
  std::vector<std::pair<net::Fd, AdminCaller>> adopted;
};

class AdminFilterTest : public fakes::FilterFixture {
 protected:
  AdminFilterTest() {
    environment_.set_admin_gate(&gate_);
    config_.add_read_write()->add_names("*.ops.example.com");
    config_.add_read_only()->add_subjects("CN=alice,O=Example");
  }

  std::shared_ptr<const filter::StreamTerminal> BuildFilter() {
    return Build<filter::StreamTerminal>(*MakeAdminFactory(), config_);
  }

  // tls_terminate has taken this off the connection.
  void ShowCertificate(const std::string& subject, const std::vector<std::string>& names) {
    record().MutableTls().client_subject = subject;
    record().MutableTls().client_names = names;
  }

  void Connect() {
    terminal_ = BuildFilter();
    ASSERT_NE(terminal_, nullptr) << Errors();
    auto [downstream, client] = FakeStream::MakePair();
    client_ = std::move(client);
    Serve(terminal_->Run(std::move(downstream), connection()));
  }

  // The connection came to its end without having been handed to anyone.
  void ExpectRefused(const std::string& reason) {
    Finish();
    EXPECT_TRUE(gate_.adopted.empty());
    EXPECT_TRUE(client_->received_reset());
    EXPECT_EQ(record().ended_by, "admin");
    EXPECT_EQ(record().reason, reason);
    EXPECT_NE(record().details, "");
    EXPECT_EQ(Metric("culvert_admin_refused_total", "reason=" + reason), 1);
    EXPECT_EQ(Metric("culvert_admin_refused_total", "listener=test"), 1);
    EXPECT_EQ(Metric("culvert_admin_tunnels_active"), 0);
  }

  FakeGate gate_;
  v1::Admin config_;
  std::shared_ptr<const filter::StreamTerminal> terminal_;
  fakes::FakeStreamPtr client_;
};

TEST_F(AdminFilterTest, CarriesBytesToTheApiAndBack) {
  ShowCertificate("CN=bob", {"bob.ops.example.com"});
  Connect();
  ASSERT_EQ(gate_.adopted.size(), 1);
  EXPECT_EQ(gate_.adopted[0].second.name, "bob.ops.example.com");
  EXPECT_EQ(gate_.adopted[0].second.role, AdminRole::kReadWrite);
  const auto api = MakeStream(std::move(gate_.adopted[0].first));
  client_->Send("PRI * HTTP/2.0");
  ExpectReceived(*api, "PRI * HTTP/2.0");
  EXPECT_EQ(Metric("culvert_admin_tunnels_active", "listener=test"), 1);
  ASSERT_TRUE(api->TryWrite(std::string("settings")).ok());
  ExpectReceived(*client_, "settings");
  ASSERT_TRUE(api->TryShutdownWrite().ok());
  client_->SendEnd();
  Finish();
  EXPECT_EQ(record().ended_by, "admin");
  EXPECT_EQ(record().reason, "finished");
  EXPECT_EQ(record().bytes.downstream_received, 14);
  EXPECT_EQ(record().bytes.downstream_sent, 8);
  EXPECT_EQ(Metric("culvert_admin_refused_total"), 0);
}

TEST_F(AdminFilterTest, SocketForTheApiDoesNotBlockAndIsNotInherited) {
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  ASSERT_EQ(gate_.adopted.size(), 1);
  const int fd = gate_.adopted[0].first.get();
  EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(AdminFilterTest, SubjectMayGiveTheReadOnlyRole) {
  ShowCertificate("CN=alice,O=Example", {"alice.example.com"});
  Connect();
  ASSERT_EQ(gate_.adopted.size(), 1);
  EXPECT_EQ(gate_.adopted[0].second.name, "CN=alice,O=Example");
  EXPECT_EQ(gate_.adopted[0].second.role, AdminRole::kReadOnly);
}

TEST_F(AdminFilterTest, ConnectionHasTheCallersIdentity) {
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  EXPECT_EQ(record().identity, "bob.ops.example.com");
  EXPECT_EQ(record().groups, std::vector<std::string>{"read_write"});
  ASSERT_NE(connection().identity(), nullptr);
  EXPECT_EQ(connection().identity()->name, "bob.ops.example.com");
}

TEST_F(AdminFilterTest, CertificateThatNoRuleTakesIsRefused) {
  ShowCertificate("CN=bob,O=Example", {"bob.example.com"});
  Connect();
  ExpectRefused("admin_not_allowed");
  EXPECT_EQ(record().identity, "");
}

TEST_F(AdminFilterTest, TlsWithoutCertificateIsRefused) {
  ShowCertificate("", {});
  Connect();
  ExpectRefused("admin_not_allowed");
}

TEST_F(AdminFilterTest, ConnectionWithoutTlsIsRefused) {
  Connect();
  ExpectRefused("admin_not_allowed");
}

TEST_F(AdminFilterTest, CertificateWithoutSubjectIsACertificate) {
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  EXPECT_TRUE(serving()) << record().reason << record().details;
}

TEST_F(AdminFilterTest, ProcessWithoutApiIsUnavailable) {
  environment_.set_admin_gate(nullptr);
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  ExpectRefused("admin_unavailable");
  EXPECT_EQ(record().identity, "bob.ops.example.com");
}

TEST_F(AdminFilterTest, ApiThatTakesNoMoreIsUnavailable) {
  gate_.full = true;
  ShowCertificate("", {"bob.ops.example.com"});
  const int before = net::CountOpenFds();
  Connect();
  ExpectRefused("admin_unavailable");
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(AdminFilterTest, WhoIsNotAllowedDoesNotLearnWhetherThereIsAnApi) {
  environment_.set_admin_gate(nullptr);
  ShowCertificate("CN=mallory", {});
  Connect();
  ExpectRefused("admin_not_allowed");
}

TEST_F(AdminFilterTest, EndsAnIdleConnection) {
  config_.mutable_idle_timeout()->set_nanos(30'000'000);
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  Finish();
  EXPECT_EQ(record().reason, "idle_timeout");
}

TEST_F(AdminFilterTest, EndOfTheApiEndsTheConnection) {
  ShowCertificate("", {"bob.ops.example.com"});
  Connect();
  gate_.adopted.clear();
  RunUntil([&] { return client_->received_end() || client_->received_reset(); });
  client_->SendEnd();
  Finish();
}

TEST_F(AdminFilterTest, ConfigNeedsARule) {
  config_.Clear();
  EXPECT_EQ(BuildFilter(), nullptr);
  EXPECT_EQ(Errors(),
            "f: nobody may use it; add a rule to 'read_write' or 'read_only', such as {names: "
            "[alice.example.com]}\n");
}

TEST_F(AdminFilterTest, RuleNeedsAnEntry) {
  config_.add_read_only();
  EXPECT_EQ(BuildFilter(), nullptr);
  EXPECT_EQ(Errors(), "f.read_only[1]: takes nobody; add 'names' or 'subjects'\n");
}

TEST_F(AdminFilterTest, EachWrongEntryIsReportedAtItsPlace) {
  config_.mutable_read_write(0)->add_names("*");
  config_.mutable_read_only(0)->add_subjects("alice");
  EXPECT_EQ(BuildFilter(), nullptr);
  ASSERT_EQ(errors_.size(), 2) << Errors();
  EXPECT_EQ(errors_[0].path, "f.read_write[0].names[1]");
  EXPECT_EQ(errors_[1].path, "f.read_only[0].subjects[1]");
}

TEST(AdminFactoryTest, IsATerminalWithTheNameOfItsFolder) {
  EXPECT_EQ(MakeAdminFactory()->name(), "admin");
  EXPECT_EQ(MakeAdminFactory()->kind(), filter::FilterKind::kTerminal);
}

}  // namespace
}  // namespace culvert::extensions::admin
