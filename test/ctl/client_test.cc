#include "source/ctl/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <thread>

#include "test/ctl/fake_server.h"
#include "test/ctl/temporary_directory.h"

namespace culvert::ctl {
namespace {

class CtlClientTest : public testing::Test {
 protected:
  ClientOptions Options() const {
    ClientOptions options;
    options.address = ParseAddress(path_).value();
    return options;
  }

  // Connections to `path_` are made, and nobody takes them.
  void Listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = net::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
  }

  // Accepts one connection, reads a little and closes; before, if there is something to say, says
  // it and waits for the other to close.
  std::thread Impostor(std::string answer) {
    Listen();
    return std::thread([this, answer = std::move(answer)] {
      const net::Fd fd(accept(listener_.get(), nullptr, nullptr));
      char piece[64];
      EXPECT_GT(recv(fd.get(), piece, sizeof piece, 0), 0);
      EXPECT_EQ(send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL), answer.size());
      while (!answer.empty() && recv(fd.get(), piece, sizeof piece, 0) > 0) {
      }
    });
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.Path("admin.sock");
  net::Fd listener_;
};

// A server whose running version this is.
std::unique_ptr<FakeServer> ServerWith(const std::string& path, uint64_t version) {
  Answers answers;
  answers.versions.emplace_back().set_number(version);
  return std::make_unique<FakeServer>(path, answers);
}

TEST_F(CtlClientTest, TakesAnswersOfAnySize) {
  Answers answers;
  answers.get.set_yaml(std::string(6 << 20, 'x'));
  const FakeServer server(path_, answers);
  Client client(Options());
  v1::GetResponse response;
  ASSERT_TRUE(client.Call(v1::GetRequest(), &response).ok());
  EXPECT_EQ(response.yaml().size(), 6 << 20);
}

TEST_F(CtlClientTest, AServerThatSaysNoIsNotLost) {
  Answers answers;
  answers.error_code = 14;
  answers.error_message = "the server is draining";
  const FakeServer server(path_, answers);
  Client client(Options());
  v1::ServerInfo info;
  const Outcome outcome = client.Call(v1::GetInfoRequest(), &info);
  EXPECT_EQ(outcome.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(outcome.message, "the server is draining");
  EXPECT_FALSE(outcome.lost);
}

TEST_F(CtlClientTest, ACallEndsAtItsDeadline) {
  Listen();
  ClientOptions options = Options();
  options.timeout = std::chrono::milliseconds(50);
  Client client(options);
  v1::ServerInfo info;
  EXPECT_EQ(client.Call(v1::GetInfoRequest(), &info).code, absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CtlClientTest, ConnectsAgainAfterALoss) {
  auto server = std::make_unique<FakeServer>(path_);
  Client client(Options());
  v1::ServerInfo info;
  ASSERT_TRUE(client.Call(v1::GetInfoRequest(), &info).ok());
  server.reset();
  server = std::make_unique<FakeServer>(path_);
  const Outcome lost = client.Call(v1::GetInfoRequest(), &info);
  EXPECT_TRUE(lost.lost) << lost.message;
  EXPECT_NE(lost.message.find("the connection was lost"), std::string::npos) << lost.message;
  EXPECT_TRUE(client.Call(v1::GetInfoRequest(), &info).ok());
}

TEST_F(CtlClientTest, AWatchGoesOnWithTheProcessThatTakesTheServersPlace) {
  auto server = ServerWith(path_, 1);
  Client client(Options());
  std::vector<uint64_t> seen;
  std::thread successor;
  const Outcome outcome = client.Watch(v1::WatchRequest(), [&](const v1::Version& version) {
    seen.push_back(version.number());
    if (seen.size() == 1) {
      successor = std::thread([&] {
        server.reset();
        server = ServerWith(path_, 2);
      });
    }
    return seen.size() < 2;
  });
  successor.join();
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2}));
}

TEST_F(CtlClientTest, AWatchEndsWhenNobodyTakesTheServersPlace) {
  auto server = ServerWith(path_, 1);
  ClientOptions options = Options();
  options.reconnect = std::chrono::milliseconds(300);
  Client client(options);
  std::thread ending;
  const Outcome outcome = client.Watch(v1::WatchRequest(), [&](const v1::Version&) {
    ending = std::thread([&] { server.reset(); });
    return true;
  });
  ending.join();
  EXPECT_EQ(outcome.code, absl::StatusCode::kUnavailable);
  EXPECT_TRUE(outcome.lost);
}

TEST_F(CtlClientTest, AWatchThatIsRefusedIsNotTriedAgain) {
  Answers answers;
  answers.error_code = 8;
  answers.error_message = "too many watches";
  const FakeServer server(path_, answers);
  Client client(Options());
  const Outcome outcome = client.Watch(v1::WatchRequest(), [](const v1::Version&) { return true; });
  EXPECT_EQ(outcome.message, "too many watches");
}

TEST_F(CtlClientTest, SaysThatSomethingElseListensThere) {
  std::thread impostor = Impostor("HTTP/1.1 400 Bad Request\r\n\r\n");
  Client client(Options());
  v1::ServerInfo info;
  const Outcome outcome = client.Call(v1::GetInfoRequest(), &info);
  impostor.join();
  EXPECT_EQ(outcome.message, "unix:" + path_ + ": who listens there does not speak gRPC");
}

TEST_F(CtlClientTest, SaysThatTheServerClosed) {
  std::thread impostor = Impostor("");
  Client client(Options());
  v1::ServerInfo info;
  const Outcome outcome = client.Call(v1::GetInfoRequest(), &info);
  impostor.join();
  EXPECT_TRUE(outcome.lost);
  EXPECT_TRUE(outcome.message.starts_with("unix:" + path_ + ": the connection was lost"))
      << outcome.message;
}

}  // namespace
}  // namespace culvert::ctl
