#include <gtest/gtest.h>

#include <chrono>

#include "source/ctl/text.h"
#include "test/ctl/ctl_fixture.h"

namespace culvert::ctl {
namespace {

class CtlConnectionCommandsTest : public CtlFixture {
 protected:
  // Names as long as they are in life, so that the table has to be fitted.
  void AddConnection(v1::ListConnectionsResponse* page, uint64_t id, double rate) {
    v1::Connection* connection = page->add_connections();
    connection->set_id(id);
    connection->set_listener("https_proxy");
    connection->set_user("alice.cooper");
    connection->set_source("198.51.100.200:54321");
    connection->set_destination("storage.eu-west-1.cdn.example.com:443");
    connection->set_phase("tunnel");
    connection->mutable_start()->set_seconds(
        std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count() -
        11'520);
    connection->set_bytes_received(1 << 20);
    connection->set_bytes_sent(5ULL << 30);
    connection->set_receive_rate(rate);
    connection->set_send_rate(rate);
  }

  void AddPages(int lists) {
    for (int i = 0; i < lists; ++i) {
      AddConnection(&answers().connections.emplace_back(), 4711, 10);
      AddConnection(&answers().connections.emplace_back(), 4712, 4096);
      answers().connections.back().set_complete(true);
    }
  }
};

TEST_F(CtlConnectionCommandsTest, ListsAllPagesWithEverythingIntoAPipe) {
  AddPages(1);
  EXPECT_EQ(Ctl({"tunnels"}), 0);
  EXPECT_EQ(out(),
            "  ID  LISTENER     USER          SOURCE                DESTINATION                    "
            "        PHASE     AGE    IN   OUT  IN/S  OUT/S\n"
            "4711  https_proxy  alice.cooper  198.51.100.200:54321  storage.eu-west-1.cdn.example."
            "com:443  tunnel  3h12m  1.0M  5.0G   10B    10B\n"
            "4712  https_proxy  alice.cooper  198.51.100.200:54321  storage.eu-west-1.cdn.example."
            "com:443  tunnel  3h12m  1.0M  5.0G  4.0K   4.0K\n");
}

TEST_F(CtlConnectionCommandsTest, FitsATerminalOf80Columns) {
  AddPages(1);
  UseTerminal(80, 24);
  EXPECT_EQ(Ctl({"tunnels"}), 0);
  const auto lines = LinesOf(out());
  ASSERT_EQ(lines.size(), 3);
  for (const std::string& line : lines) EXPECT_LE(Columns(line), 80) << line;
  for (const std::string_view title :
       {"ID", "USER", "SOURCE", "DESTINATION", "PHASE", "AGE", "IN", "OUT"}) {
    EXPECT_NE(lines[0].find(title), std::string::npos) << lines[0];
  }
}

TEST_F(CtlConnectionCommandsTest, SendsTheFilter) {
  EXPECT_EQ(Ctl({"tunnels", "--user", "alice", "--listener", "edge", "--source", "::1",
                 "--destination", "example", "--phase", "auth", "--limit", "5"}),
            0);
  const auto& request = requests().list_connections;
  EXPECT_EQ(request.filter().user(), "alice");
  EXPECT_EQ(request.filter().listener(), "edge");
  EXPECT_EQ(request.filter().source(), "::1");
  EXPECT_EQ(request.filter().destination(), "example");
  EXPECT_EQ(request.filter().phase(), "auth");
  EXPECT_EQ(request.limit(), 5);
}

TEST_F(CtlConnectionCommandsTest, WatchShowsListsWithTheBusiestFirst) {
  AddPages(2);
  EXPECT_EQ(Ctl({"tunnels", "--watch", "--interval", "250ms", "--count", "2"}), 0) << err();
  EXPECT_EQ(requests().watch_connections.interval().nanos(), 250'000'000);
  const auto lines = LinesOf(out());
  ASSERT_EQ(lines.size(), 9) << out();
  EXPECT_EQ(lines[0], "2 connections, 4.0KiB/s in, 4.0KiB/s out");
  EXPECT_TRUE(lines[2].starts_with("4712")) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("4711")) << lines[3];
  EXPECT_EQ(lines[4], "");
  EXPECT_EQ(lines[5], lines[0]);
}

TEST_F(CtlConnectionCommandsTest, WatchHasRatesWhereThereIsNoRoomForAll) {
  AddPages(1);
  UseTerminal(80, 24);
  EXPECT_EQ(Ctl({"tunnels", "--watch", "--count", "1"}), 0);
  EXPECT_NE(out().find("IN/S"), std::string::npos) << out();
}

TEST_F(CtlConnectionCommandsTest, WatchAsJsonIsALineForEachList) {
  AddPages(2);
  EXPECT_EQ(Ctl({"tunnels", "--watch", "--count", "2", "--output", "json"}), 0);
  const auto lines = LinesOf(out());
  ASSERT_EQ(lines.size(), 2);
  EXPECT_TRUE(lines[0].starts_with("{\"connections\":[{\"id\":\"4711\"")) << lines[0];
}

TEST_F(CtlConnectionCommandsTest, NamesOfPeersAreHarmless) {
  answers().connections.emplace_back().add_connections()->set_user("\x1b]0;owned\x07");
  EXPECT_EQ(Ctl({"tunnels"}), 0);
  EXPECT_EQ(out().find('\x1b'), std::string::npos);
}

TEST_F(CtlConnectionCommandsTest, KillsEachIdOrAUser) {
  answers().kill.set_killed(1);
  EXPECT_EQ(Ctl({"kill", "4711", "4712"}), 0);
  ASSERT_EQ(requests().kills.size(), 2);
  EXPECT_EQ(requests().kills[1].id(), 4712);
  EXPECT_EQ(out(), "ended 2 connections\n");
  answers().kill.set_killed(3);
  EXPECT_EQ(Ctl({"kill", "--user", "alice"}), 0);
  EXPECT_EQ(requests().kills.back().user(), "alice");
  EXPECT_EQ(out(), "ended 3 connections\n");
}

TEST_F(CtlConnectionCommandsTest, KillOfWhatIsNotThereIsNo) {
  answers().error_code = 5;
  answers().error_message = "no connection 4711";
  EXPECT_EQ(Ctl({"kill", "4711"}), 1);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "culvertctl kill: no connection 4711\n");
}

TEST_F(CtlConnectionCommandsTest, WrongUsage) {
  const std::vector<std::vector<std::string_view>> wrong = {
      {"kill"},
      {"kill", "x"},
      {"kill", "1", "--user", "alice"},
      {"tunnels", "--limit", "0"},
      {"tunnels", "--phase", "asleep"},
      {"tunnels", "--watch", "--interval", "10ms"},
      {"tunnels", "--watch", "--count", "0"},
  };
  for (const auto& words : wrong) EXPECT_EQ(Ctl(words), 2) << words.back();
}

}  // namespace
}  // namespace culvert::ctl
