#include "source/net/resolver.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "test/net/dns_test_server.h"
#include "test/net/task_runner.h"

namespace culvert::net {
namespace {

using Family = IpAddress::Family;
using std::chrono::milliseconds;
using std::chrono::seconds;

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() { options_.ares.servers = {server_.address()}; }

  void Open() {
    auto resolver = AresResolver::Create(loop_, options_);
    ASSERT_TRUE(resolver.ok()) << resolver.status();
    resolver_ = *std::move(resolver);
  }

  Task<ResolveResult> Ask(const std::string& host, TimePoint deadline = kNever) {
    if (resolver_ == nullptr) Open();
    return resolver_->Resolve(host, deadline);
  }
  ResolveResult Resolve(const std::string& host, TimePoint deadline = kNever) {
    return RunTask(loop_, Ask(host, deadline));
  }
  // Both families have an address.
  void SetBoth(const std::string& host, ScriptedAnswer answer = {}) {
    answer.addresses = {Ip("192.0.2.1")};
    server_.Set(host, Family::kV4, answer);
    answer.addresses = {Ip("2001:db8::1")};
    server_.Set(host, Family::kV6, answer);
  }
  void SetBothEmpty(const std::string& host, const ScriptedAnswer& answer) {
    server_.Set(host, Family::kV4, answer);
    server_.Set(host, Family::kV6, answer);
  }
  int Asked(const std::string& host) const {
    return server_.asked(host, Family::kV4) + server_.asked(host, Family::kV6);
  }
  bool RunUntilIdle() {
    return RunUntil(loop_, [this] { return resolver_->queries() == 0; });
  }

  EventLoop loop_;
  DnsTestServer server_{loop_};
  ResolverOptions options_;
  std::unique_ptr<AresResolver> resolver_;
};

const std::vector<IpAddress> kBoth = {Ip("2001:db8::1"), Ip("192.0.2.1")};

TEST_F(ResolverTest, HasTheAddressesOfBothFamilies) {
  SetBoth("a.test");
  const ResolveResult result = Resolve("a.test");
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.addresses, kBoth);
  EXPECT_FALSE(result.from_cache);
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
  server_.Set("v4.test", Family::kV4, {.addresses = {Ip("192.0.2.1")}});
  server_.Set("v4.test", Family::kV6, {.code = 0});
  EXPECT_EQ(Resolve("v4.test").addresses, std::vector{Ip("192.0.2.1")});
  server_.Set("v6.test", Family::kV4, {.code = 2});
  server_.Set("v6.test", Family::kV6, {.addresses = {Ip("2001:db8::1")}});
  EXPECT_EQ(Resolve("v6.test").addresses, std::vector{Ip("2001:db8::1")});
}

TEST_F(ResolverTest, AsksOnlyOnceWhileTheAnswerHolds) {
  SetBoth("a.test", {.ttl = 60});
  Resolve("a.test");
  const ResolveResult again = Resolve("a.test");
  EXPECT_TRUE(again.from_cache);
  EXPECT_EQ(again.addresses, kBoth);
  EXPECT_EQ(Asked("a.test"), 2);
}

TEST_F(ResolverTest, AsksAgainWhenTheAnswerNoLongerHolds) {
  SetBoth("a.test", {.ttl = 0});
  Resolve("a.test");
  EXPECT_FALSE(Resolve("a.test").from_cache);
  EXPECT_EQ(Asked("a.test"), 4);
}

TEST_F(ResolverTest, MissingNameIsNotFoundAndRemembered) {
  EXPECT_EQ(Resolve("missing.test").failure, ResolveFailure::kNotFound);
  const ResolveResult again = Resolve("missing.test");
  EXPECT_EQ(again.failure, ResolveFailure::kNotFound);
  EXPECT_TRUE(again.from_cache);
  EXPECT_EQ(Asked("missing.test"), 2);
}

TEST_F(ResolverTest, ZoneSaysHowLongAMissingNameIsRemembered) {
  SetBothEmpty("missing.test", {.code = 3, .soa_minimum = 0});
  Resolve("missing.test");
  Resolve("missing.test");
  EXPECT_EQ(Asked("missing.test"), 4);
}

TEST_F(ResolverTest, NameWithoutAddressesIsNotFound) {
  SetBothEmpty("empty.test", {.code = 0});
  EXPECT_EQ(Resolve("empty.test").failure, ResolveFailure::kNotFound);
}

TEST_F(ResolverTest, ServerThatFailsIsAFailure) {
  SetBothEmpty("servfail.test", {.code = 2});
  EXPECT_EQ(Resolve("servfail.test").failure, ResolveFailure::kServerFailure);
  SetBothEmpty("refused.test", {.code = 5});
  EXPECT_EQ(Resolve("refused.test").failure, ResolveFailure::kServerFailure);
}

TEST_F(ResolverTest, FailureOfOneFamilyIsNoMissingName) {
  server_.Set("half.test", Family::kV4, {.code = 2});
  server_.Set("half.test", Family::kV6, {.code = 0});
  EXPECT_EQ(Resolve("half.test").failure, ResolveFailure::kServerFailure);
}

TEST_F(ResolverTest, AnswerThatCannotBeReadIsMalformed) {
  SetBoth("broken.test", {.broken = true});
  EXPECT_EQ(Resolve("broken.test").failure, ResolveFailure::kMalformed);
}

TEST_F(ResolverTest, NameThatCannotBeAskedForIsMalformed) {
  for (const std::string& name :
       {std::string(), std::string("a..test"), std::string(64, 'a'), std::string("a\0.test", 7)}) {
    EXPECT_EQ(Resolve(name).failure, ResolveFailure::kMalformed) << name;
  }
  EXPECT_EQ(resolver_->queries(), 0);
}

TEST_F(ResolverTest, TruncatedAnswerIsAskedForByTcp) {
  std::vector<IpAddress> many;
  for (int i = 0; i < 31; ++i) many.push_back(IpAddress::V4(192, 0, 2, static_cast<uint8_t>(i)));
  server_.Set("big.test", Family::kV4, {.addresses = many, .truncated = true});
  server_.Set("big.test", Family::kV6, {.code = 0, .truncated = true});
  EXPECT_EQ(Resolve("big.test").addresses, many);
  EXPECT_EQ(server_.asked_by_tcp(), 2);
}

TEST_F(ResolverTest, SilenceEndsAtTheDeadline) {
  SetBoth("silent.test", {.held = true});
  const ResolveResult result = Resolve("silent.test", Clock::now() + milliseconds(20));
  EXPECT_EQ(result.failure, ResolveFailure::kTimedOut);
  EXPECT_EQ(resolver_->queries(), 2);
}

TEST_F(ResolverTest, SilentServerIsTriedAsOftenAsAllowed) {
  options_.ares.query_timeout = milliseconds(10);
  options_.ares.tries = 3;
  SetBoth("silent.test", {.held = true});
  EXPECT_EQ(Resolve("silent.test").failure, ResolveFailure::kTimedOut);
  EXPECT_EQ(server_.asked("silent.test", Family::kV4), 3);
  EXPECT_EQ(server_.asked("silent.test", Family::kV6), 3);
  EXPECT_EQ(resolver_->queries(), 0);
}

TEST_F(ResolverTest, LaterQuestionDoesNotWaitForTheTimeOutsOfAnEarlierOne) {
  options_.ares.query_timeout = milliseconds(150);
  SetBoth("early.test", {.held = true});
  SetBoth("late.test", {.held = true});
  Running<ResolveResult> early(loop_, Ask("early.test"));
  // Its second try lasts twice as long.
  ASSERT_TRUE(RunUntil(loop_, [this] { return server_.asked("early.test", Family::kV4) == 2; }));
  Running<ResolveResult> late(loop_, Ask("late.test"));
  ASSERT_TRUE(RunUntil(loop_, [this] { return server_.asked("late.test", Family::kV4) == 2; }));
  EXPECT_FALSE(early.done());
}

TEST_F(ResolverTest, NextServerIsAskedWhereOneDoesNotListen) {
  SocketAddress closed;
  {
    DnsTestServer other(loop_);
    closed = other.address();
  }
  options_.ares.servers = {closed, server_.address()};
  SetBoth("a.test");
  EXPECT_TRUE(Resolve("a.test").ok());
  options_.ares.servers = {closed};
  Open();
  EXPECT_EQ(Resolve("a.test").failure, ResolveFailure::kServerFailure);
}

TEST_F(ResolverTest, LateFamilyIsNotWaitedForButKept) {
  SetBoth("late.test");
  server_.Set("late.test", Family::kV6, {.addresses = {Ip("2001:db8::1")}, .held = true});
  const TimePoint start = Clock::now();
  EXPECT_EQ(Resolve("late.test").addresses, std::vector{Ip("192.0.2.1")});
  EXPECT_GE(Clock::now() - start, options_.resolution_delay);
  EXPECT_EQ(resolver_->queries(), 1);
  server_.Release();
  ASSERT_TRUE(RunUntilIdle());
  const ResolveResult again = Resolve("late.test");
  EXPECT_EQ(again.addresses, kBoth);
  EXPECT_TRUE(again.from_cache);
}

TEST_F(ResolverTest, LittleLateFamilyIsWaitedFor) {
  options_.resolution_delay = seconds(5);
  SetBoth("late.test");
  server_.Set("late.test", Family::kV6, {.addresses = {Ip("2001:db8::1")}, .held = true});
  Running<ResolveResult> asking(loop_, Ask("late.test"));
  ASSERT_TRUE(RunUntil(loop_, [this] { return resolver_->queries() == 1; }));
  server_.Release();
  EXPECT_EQ(asking.Wait().addresses, kBoth);
}

TEST_F(ResolverTest, FamilyThatNeverAnswersHoldsUpOneCaller) {
  SetBoth("half.test");
  server_.Set("half.test", Family::kV6, {.held = true});
  Resolve("half.test");
  Running<ResolveResult> again(loop_, Ask("half.test"));
  EXPECT_TRUE(again.done());
  EXPECT_EQ(again.Wait().addresses, std::vector{Ip("192.0.2.1")});
}

TEST_F(ResolverTest, EqualQuestionsUnderWayAreOne) {
  SetBoth("a.test", {.ttl = 0, .held = true});
  std::vector<std::unique_ptr<Running<ResolveResult>>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<Running<ResolveResult>>(loop_, Ask("a.test")));
  }
  ASSERT_TRUE(RunUntil(loop_, [this] { return Asked("a.test") == 2; }));
  server_.Release();
  for (const auto& one : all) EXPECT_EQ(one->Wait().addresses, kBoth);
  EXPECT_EQ(Asked("a.test"), 2);
}

TEST_F(ResolverTest, CancelledCallerLeavesTheQuestionUnderWay) {
  SetBoth("a.test", {.held = true});
  Running<ResolveResult> cancelled(loop_, Ask("a.test"));
  Running<ResolveResult> other(loop_, Ask("a.test"));
  ASSERT_TRUE(RunUntil(loop_, [this] { return Asked("a.test") == 2; }));
  cancelled.scope().Cancel(CancelReason::kKilled);
  EXPECT_EQ(cancelled.Wait().failure, ResolveFailure::kCancelled);
  EXPECT_FALSE(other.done());
  other.scope().Cancel(CancelReason::kKilled);
  EXPECT_EQ(other.Wait().failure, ResolveFailure::kCancelled);
  server_.Release();
  ASSERT_TRUE(RunUntilIdle());
  EXPECT_TRUE(Resolve("a.test").from_cache);
}

TEST_F(ResolverTest, EndOfTheResolverEndsThoseThatWait) {
  SetBoth("a.test", {.held = true});
  SetBoth("tcp.test", {.truncated = true});
  Running<ResolveResult> one(loop_, Ask("a.test"));
  Running<ResolveResult> two(loop_, Ask("a.test"));
  Running<ResolveResult> by_tcp(loop_, Ask("tcp.test"));
  ASSERT_TRUE(RunUntil(loop_, [this] { return Asked("tcp.test") == 2; }));
  resolver_.reset();
  EXPECT_EQ(one.Wait().failure, ResolveFailure::kCancelled);
  EXPECT_EQ(two.Wait().failure, ResolveFailure::kCancelled);
  EXPECT_EQ(by_tcp.Wait().failure, ResolveFailure::kCancelled);
}

TEST_F(ResolverTest, RefusesMoreQuestionsThanAllowed) {
  options_.max_queries = 2;
  SetBoth("a.test", {.held = true});
  Running<ResolveResult> first(loop_, Ask("a.test"));
  EXPECT_EQ(Resolve("b.test").failure, ResolveFailure::kTooMany);
  server_.Release();
  EXPECT_TRUE(first.Wait().ok());
  SetBoth("b.test");
  EXPECT_TRUE(Resolve("b.test").ok());
}

TEST_F(ResolverTest, ManyNamesAtOnce) {
  std::vector<std::unique_ptr<Running<ResolveResult>>> all;
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i) + ".a.test";
    if (i % 4 != 0) SetBoth(name, {.truncated = i % 4 == 1});
    all.push_back(std::make_unique<Running<ResolveResult>>(loop_, Ask(name)));
    if (i % 20 == 19) all.back()->scope().Cancel(CancelReason::kKilled);
  }
  for (int i = 0; i < 100; ++i) {
    const ResolveFailure expected = i % 20 == 19 ? ResolveFailure::kCancelled
                                    : i % 4 == 0 ? ResolveFailure::kNotFound
                                                 : ResolveFailure::kNone;
    EXPECT_EQ(all[i]->Wait().failure, expected) << i;
  }
}

TEST_F(ResolverTest, LocalhostIsTheLoopbackWithoutAsking) {
  for (const std::string host : {"localhost", "www.localhost"}) {
    const ResolveResult result = Resolve(host);
    EXPECT_EQ(result.addresses, (std::vector{Ip("::1"), Ip("127.0.0.1")}));
    EXPECT_TRUE(result.from_cache);
    EXPECT_EQ(Asked(host), 0);
  }
  EXPECT_EQ(Resolve("notlocalhost").failure, ResolveFailure::kNotFound);
}

// As the system is set up: from its files instead of servers of its own.
class SystemResolverTest : public ResolverTest {
 protected:
  SystemResolverTest() {
    options_.ares.servers.clear();
    const std::string path = testing::TempDir() + "/resolver_test." + std::to_string(getpid());
    options_.ares.resolv_conf = path + ".resolv.conf";
    options_.hosts_file = path + ".hosts";
    options_.ares.resolv_conf_port = server_.address().port();
    std::ofstream(options_.ares.resolv_conf)
        << "nameserver 127.0.0.1\nsearch corp.test\noptions ndots:2\n";
    std::ofstream(options_.hosts_file) << "192.0.2.7 listed.test\n2001:db8::7 listed.test\n";
  }
  ~SystemResolverTest() override {
    std::filesystem::remove(options_.ares.resolv_conf);
    std::filesystem::remove(options_.hosts_file);
  }
};

TEST_F(SystemResolverTest, HostsFileComesFirst) {
  SetBoth("listed.test");
  const ResolveResult result = Resolve("listed.test");
  EXPECT_EQ(result.addresses, (std::vector{Ip("2001:db8::7"), Ip("192.0.2.7")}));
  EXPECT_EQ(Asked("listed.test"), 0);
}

TEST_F(SystemResolverTest, NameWithFewDotsIsLookedForInTheSearchList) {
  SetBoth("www.corp.test");
  EXPECT_EQ(Resolve("www").addresses, kBoth);
  EXPECT_EQ(Asked("www"), 0);
  SetBoth("www.example.test");
  EXPECT_EQ(Resolve("www.example.test").addresses, kBoth);
  EXPECT_EQ(Asked("www.example.test.corp.test"), 0);
}

TEST_F(SystemResolverTest, NameThatIsNowhereInTheSearchListIsNotFound) {
  EXPECT_EQ(Resolve("missing").failure, ResolveFailure::kNotFound);
  EXPECT_EQ(Asked("missing.corp.test"), 2);
  EXPECT_EQ(Asked("missing"), 2);
}

TEST(ParseNameServerTest, PortMayBeLeftOut) {
  EXPECT_EQ(ParseNameServer("10.0.0.53")->ToString(), "10.0.0.53:53");
  EXPECT_EQ(ParseNameServer("2001:db8::53")->ToString(), "[2001:db8::53]:53");
  EXPECT_EQ(ParseNameServer("10.0.0.53:5353")->ToString(), "10.0.0.53:5353");
  EXPECT_EQ(ParseNameServer("[2001:db8::53]:5353")->ToString(), "[2001:db8::53]:5353");
}

TEST(ParseNameServerTest, RefusesWhatIsNoAddressAndPort) {
  for (const char* text : {"", "dns.example.com", "10.0.0.53:0", "unix:/run/dns", "[::1]"}) {
    EXPECT_FALSE(ParseNameServer(text).ok()) << text;
  }
}

}  // namespace
}  // namespace culvert::net
