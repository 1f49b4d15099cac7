#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/culvert/extensions/auth/v1/auth.pb.h"
#include "extensions/auth/factory.h"
#include "source/base/base64.h"
#include "source/identity/credential_key.h"
#include "source/identity/keyed_hash.h"
#include "source/identity/users_provider.h"
#include "source/identity/verifier.h"
#include "test/fakes/filter_fixture.h"
#include "test/identity/fake_provider.h"

namespace culvert::extensions::auth {
namespace {

using fakes::FakeExchange;
using filter::HttpVerdict;
using std::chrono::milliseconds;

// A CONNECT with a field for each of these `user:password`.
std::string ConnectWith(const std::vector<std::string>& credentials) {
  std::string head = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n";
  for (const std::string& one : credentials) {
    head += "Proxy-Authorization: Basic " + Base64Encode(one) + "\r\n";
  }
  return head + "\r\n";
}

std::string ConnectAs(const std::string& credentials) { return ConnectWith({credentials}); }

class AuthTest : public fakes::FilterFixture {
 protected:
  AuthTest() {
    auto users = std::make_shared<identity::UsersProvider>("staff");
    users->Add("alice", "wonderland", {"ops", "dev"});
    users->Add("bob", "b", {});
    environment_.Add(std::move(users));
    config_.add_providers("staff");
    SetDelay(milliseconds(0));
  }

  void SetDelay(milliseconds delay) {
    for (auto* field : {config_.mutable_failure_delay(), config_.mutable_maximum_failure_delay()}) {
      field->set_seconds(delay.count() / 1000);
      field->set_nanos(static_cast<int32_t>(delay.count() % 1000 * 1'000'000));
    }
    // A user's delay is a quarter of a source's.
    config_.mutable_maximum_failure_delay()->set_seconds(delay.count() * 4 / 1000 + 1);
    Rebuild();
  }

  void Rebuild() {
    filter_ = Build<filter::HttpFilter>(*MakeAuthFactory(), config_);
    ASSERT_NE(filter_, nullptr) << Errors();
  }

  FakeExchange& Ask(std::string_view head) { return FilterFixture::Ask(*filter_, head); }

  void ExpectDenied(const FakeExchange& exchange, int status, std::string_view reason) {
    EXPECT_EQ(verdict(), HttpVerdict::kDone);
    EXPECT_EQ(exchange.status(), status);
    EXPECT_EQ(connection().identity(), nullptr);
    EXPECT_EQ(record().ended_by, "auth");
    EXPECT_EQ(record().reason, reason);
    EXPECT_EQ(record().identity, "");
    EXPECT_GE(Metric("culvert_auth_denied_total", "reason=" + std::string(reason)), 1);
  }

  void ExpectAllowed(const FakeExchange& exchange, std::string_view user) {
    EXPECT_EQ(verdict(), HttpVerdict::kNext);
    EXPECT_EQ(exchange.status(), 0) << "the next filter answers";
    ASSERT_NE(connection().identity(), nullptr);
    EXPECT_EQ(connection().identity()->name, user);
  }

  v1::Auth config_;
  std::shared_ptr<const filter::HttpFilter> filter_;
};

TEST_F(AuthTest, RightPasswordPassesWithAnIdentity) {
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  EXPECT_EQ(connection().identity()->groups, (std::vector<std::string>{"ops", "dev"}));
  EXPECT_EQ(connection().identity()->provider, "staff");
  EXPECT_EQ(record().identity, "alice");
  EXPECT_TRUE(record().durations.auth.has_value());
  EXPECT_EQ(record().reason, "");
  EXPECT_EQ(Metric("culvert_auth_allowed_total", "listener=test"), 1);
  EXPECT_EQ(Metric("culvert_auth_duration_seconds"), 1);
}

TEST_F(AuthTest, CredentialIsHiddenFromTheFiltersBehindIt) {
  FakeExchange& exchange = Ask(ConnectAs("alice:wonderland"));
  EXPECT_EQ(exchange.request().Count("Proxy-Authorization"), 0);
  EXPECT_EQ(exchange.request().Find("Host"), "a.test");
}

TEST_F(AuthTest, ProxyRequestWithoutCredentialsGets407) {
  for (const char* head : {"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n",
                           "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"}) {
    FakeExchange& exchange = Ask(head);
    ExpectDenied(exchange, 407, "credentials_missing");
    EXPECT_EQ(exchange.Header("Proxy-Authenticate"), R"(Basic realm="culvert", charset="UTF-8")");
    EXPECT_FALSE(exchange.response()->close);
  }
}

TEST_F(AuthTest, OtherRequestsGet401AndUseTheFieldOfServers) {
  config_.set_realm("inside");
  Rebuild();
  FakeExchange& exchange = Ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ExpectDenied(exchange, 401, "credentials_missing");
  EXPECT_EQ(exchange.Header("WWW-Authenticate"), R"(Basic realm="inside", charset="UTF-8")");
  ExpectAllowed(Ask("GET / HTTP/1.1\r\nHost: a.test\r\nauthorization: Basic " +
                    Base64Encode("bob:b") + "\r\n\r\n"),
                "bob");
}

TEST_F(AuthTest, AuthorizationDoesNotCountForAProxyRequestAndIsLeftToTheServer) {
  FakeExchange& exchange =
      Ask("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic " +
          Base64Encode("alice:wonderland") + "\r\n\r\n");
  ExpectDenied(exchange, 407, "credentials_missing");
  EXPECT_EQ(exchange.request().Count("Authorization"), 1);
}

TEST_F(AuthTest, WrongPasswordAndUnknownUserLookTheSame) {
  FakeExchange& wrong = Ask(ConnectAs("alice:wonderlan"));
  ExpectDenied(wrong, 407, "credentials_wrong");
  const std::string body = wrong.response()->body;
  FakeExchange& unknown = Ask(ConnectAs("carol:wonderland"));
  ExpectDenied(unknown, 407, "credentials_wrong");
  EXPECT_EQ(unknown.response()->body, body);
}

TEST_F(AuthTest, WhatIsNotBasicGets407) {
  ExpectDenied(
      Ask("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: Bearer x\r\n\r\n"),
      407, "credentials_malformed");
}

TEST_F(AuthTest, CredentialsGivenTwiceAreRefused) {
  ExpectDenied(Ask(ConnectWith({"alice:wonderland", "alice:wonderland"})), 400,
               "credentials_repeated");
}

TEST_F(AuthTest, EachRequestOfAConnectionIsAskedAnew) {
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  ExpectDenied(Ask(ConnectWith({})), 407, "credentials_missing");
  ExpectAllowed(Ask(ConnectAs("bob:b")), "bob");
}

TEST_F(AuthTest, WrongPasswordIsAnsweredLate) {
  SetDelay(milliseconds(60));
  const TimePoint start = loop_.now();
  ExpectDenied(Ask(ConnectAs("alice:guess")), 407, "credentials_wrong");
  EXPECT_GE(loop_.now() - start, milliseconds(60));
}

TEST_F(AuthTest, GuesserWhoHangsUpWaitsWithTheNextPasswordEvenIfItIsRight) {
  SetDelay(milliseconds(150));
  const TimePoint start = loop_.now();
  ConnectFrom("192.0.2.7:1");
  Request(*filter_, ConnectAs("alice:guess"));
  Cancel();
  Finish();
  EXPECT_LT(loop_.now() - start, milliseconds(150)) << "or the test shows nothing";
  ConnectFrom("192.0.2.7:2");
  ExpectAllowed(Ask(ConnectAs("bob:b")), "bob");
  EXPECT_GE(loop_.now() - start, milliseconds(150));
}

TEST_F(AuthTest, AddressesOfOneIpv6NetworkAreOneSource) {
  SetDelay(milliseconds(150));
  const TimePoint start = loop_.now();
  ConnectFrom("[2001:db8::1]:1");
  Request(*filter_, ConnectAs("alice:guess"));
  Cancel();
  Finish();
  ConnectFrom("[2001:db8::ffff:2]:1");
  ExpectAllowed(Ask(ConnectAs("bob:b")), "bob");
  EXPECT_GE(loop_.now() - start, milliseconds(150));
}

TEST_F(AuthTest, GuesserDoesNotSlowDownOtherSources) {
  SetDelay(milliseconds(15'000));
  ConnectFrom("192.0.2.7:1");
  Request(*filter_, ConnectAs("alice:guess"));
  Cancel();
  Finish();
  ConnectFrom("192.0.2.8:1");
  const TimePoint start = loop_.now();
  ExpectAllowed(Ask(ConnectAs("bob:b")), "bob");
  EXPECT_LT(loop_.now() - start, milliseconds(10'000));
}

// With a provider that hashes, whose checks run on the verifier's threads.
class AuthHashingTest : public AuthTest {
 protected:
  AuthHashingTest() {
    StartVerifier({.threads = 1});
    environment_.Add(provider_);
    config_.set_providers(0, "hashed");
    Rebuild();
  }

  void StartVerifier(const identity::CredentialVerifier::Options& options) {
    verifier_ = identity::CredentialVerifier::Start(options).value();
    environment_.set_verifier(verifier_);
  }

  // Checks wait from now on, until Unblock().
  void Block() {
    provider_->on_verify = [this](std::string_view) {
      if (!blocked_.try_wait()) blocked_.count_down();
      release_.wait();
    };
  }
  void Unblock() { release_.count_down(); }

  std::latch blocked_{1};
  std::latch release_{1};
  std::shared_ptr<identity::FakeProvider> provider_ =
      std::make_shared<identity::FakeProvider>("hashed", "alice", "wonderland", false);
  std::shared_ptr<identity::CredentialVerifier> verifier_;
};

TEST_F(AuthHashingTest, AsksTheVerifier) {
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  ExpectDenied(Ask(ConnectAs("alice:guess")), 407, "credentials_wrong");
}

TEST_F(AuthHashingTest, EventLoopGoesOnMeanwhile) {
  Block();
  Request(*filter_, ConnectAs("alice:wonderland"));
  blocked_.wait();
  bool posted = false;
  loop_.Post([&posted] { posted = true; });
  RunUntil([&posted] { return posted; });
  EXPECT_TRUE(serving());
  Unblock();
  Finish();
  EXPECT_EQ(verdict(), HttpVerdict::kNext);
}

TEST_F(AuthHashingTest, RightPasswordIsHashedOnceWithinTheCacheTime) {
  for (int i = 0; i < 3; ++i) ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  EXPECT_EQ(provider_->checks, 1);
  EXPECT_EQ(Metric("culvert_auth_cache_hits_total", "listener=test"), 2);
}

TEST_F(AuthHashingTest, WrongPasswordIsHashedEveryTime) {
  for (int i = 0; i < 2; ++i) ExpectDenied(Ask(ConnectAs("alice:x")), 407, "credentials_wrong");
  EXPECT_EQ(provider_->checks, 2);
}

TEST_F(AuthHashingTest, ChangeOfTheUsersEndsWhatIsCached) {
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  provider_->generation_now = 2;
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  EXPECT_EQ(provider_->checks, 2);
}

TEST_F(AuthHashingTest, CacheTimeOfZeroHashesEveryTime) {
  config_.mutable_success_cache();
  Rebuild();
  for (int i = 0; i < 2; ++i) ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  EXPECT_EQ(provider_->checks, 2);
}

TEST_F(AuthHashingTest, CacheKnowsThePasswordTooAndNotTheUserAlone) {
  ExpectAllowed(Ask(ConnectAs("alice:wonderland")), "alice");
  ExpectDenied(Ask(ConnectAs("alice:wonder")), 407, "credentials_wrong");
}

TEST_F(AuthHashingTest, ConnectionThatEndsMeanwhileIsNotAnswered) {
  Block();
  FakeExchange& exchange = Request(*filter_, ConnectAs("alice:wonderland"));
  blocked_.wait();
  Cancel();
  Finish();
  EXPECT_EQ(verdict(), HttpVerdict::kDone);
  EXPECT_EQ(exchange.status(), 0);
  EXPECT_EQ(record().reason, "");
  Unblock();
  // Where the result would arrive nobody is any more.
  environment_.set_verifier(nullptr);
  filter_.reset();
  verifier_.reset();
  loop_.RunOnce(Clock::now());
}

TEST_F(AuthHashingTest, TooManyChecksAreRefusedWith503) {
  StartVerifier({.threads = 1, .max_queue = 1});
  Rebuild();
  Block();
  identity::KeyedHash hash = identity::KeyedHash::Random();
  std::vector<identity::IdentityProviderPtr> providers = {provider_};
  std::vector<identity::Verification> held;
  for (const char* user : {"one", "two"}) {
    held.push_back(verifier_->Verify(
        {.providers = providers,
         .key = identity::MakeCredentialKey(hash, providers, user, "x"),
         .user = user,
         .password = "x",
         .source = user},
        [](const std::function<void()>&) {}, [](const identity::CheckResult&) {}));
    blocked_.wait();
  }
  FakeExchange& exchange = Ask(ConnectAs("alice:wonderland"));
  ExpectDenied(exchange, 503, "verifier_overloaded");
  EXPECT_EQ(exchange.Header("Retry-After"), "1");
  Unblock();
}

}  // namespace
}  // namespace culvert::extensions::auth
