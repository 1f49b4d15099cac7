#include "test/fakes/filter_fixture.h"

#include <algorithm>
#include <utility>

#include "source/net/stream_io.h"

namespace culvert::fakes {

using net::IoResult;
using net::Task;

namespace {

net::SocketAddress Address(std::string_view text) { return *net::SocketAddress::Parse(text); }

bool Matches(const stats::Labels& labels, std::string_view label) {
  return label.empty() || std::ranges::any_of(labels, [label](const auto& one) {
           return one.first + "=" + one.second == label;
         });
}

int64_t ValueOf(const stats::Sample& sample) {
  if (const auto* histogram = std::get_if<stats::HistogramValue>(&sample.value)) {
    return static_cast<int64_t>(histogram->Count());
  }
  if (const auto* gauge = std::get_if<int64_t>(&sample.value)) return *gauge;
  return static_cast<int64_t>(std::get<uint64_t>(sample.value));
}

}  // namespace

FilterFixture::FilterFixture() {
  listener_.name = "test";
  ConnectFrom("192.0.2.7:40000");
}

void FilterFixture::TearDown() {
  if (!serving_) return;
  Cancel();
  Finish();
}

std::string FilterFixture::Errors() const {
  std::string text;
  for (const FieldError& error : errors_) text += error.path + ": " + error.message + "\n";
  return text;
}

std::shared_ptr<upstream::Cluster> FilterFixture::AddCluster(
    const std::string& name, const std::vector<std::string>& endpoints) {
  config::v1::Cluster config;
  config.set_name(name);
  for (const std::string& endpoint : endpoints) config.add_endpoints()->set_address(endpoint);
  auto cluster = upstream::Cluster::Create(config, "clusters[0]", stats_, errors_);
  EXPECT_NE(cluster, nullptr) << Errors();
  environment_.Add(cluster);
  return cluster;
}

void FilterFixture::ConnectFrom(std::string_view address) {
  connection_.emplace(
      worker_, listener_,
      filter::ConnectionContext::Origin{1, Address(address), Address("192.0.2.1:3128")});
}

void FilterFixture::Serve(Task<void> task) {
  serving_ = true;
  net::Spawn(connection_->scope(), std::move(task), [this] { serving_ = false; });
}

void FilterFixture::Finish() {
  ASSERT_TRUE(RunUntil([this] { return !serving_; }));
}

Task<void> FilterFixture::ServeRequest(const filter::HttpFilter& filter, http::Exchange& exchange,
                                       filter::ConnectionContext& connection,
                                       std::optional<filter::HttpVerdict>& verdict) {
  verdict = co_await filter.OnRequest(exchange, connection);
}

FakeExchange& FilterFixture::Request(const filter::HttpFilter& filter, std::string_view head,
                                     std::string_view early) {
  exchange_ = std::make_unique<FakeExchange>(head);
  exchange_->SendEarly(early);
  verdict_.reset();
  connection_->LogRecord();
  connection_->BeginRecord();
  Serve(ServeRequest(filter, *exchange_, *connection_, verdict_));
  return *exchange_;
}

FakeExchange& FilterFixture::Ask(const filter::HttpFilter& filter, std::string_view head) {
  FakeExchange& exchange = Request(filter, head);
  Finish();
  return exchange;
}

void FilterFixture::ExpectReceived(FakeStream& stream, std::string_view bytes) {
  std::string received;
  RunUntil([&] {
    received += stream.Received();
    return received.size() >= bytes.size();
  });
  EXPECT_EQ(received, bytes);
}

void FilterFixture::ExpectReceived(net::Stream& stream, std::string_view bytes) {
  std::string received;
  RunUntil([&] {
    char buffer[4096];
    const IoResult read = stream.TryRead(buffer);
    received.append(buffer, read.bytes);
    return received.size() >= bytes.size() || read.ended() || read.failed();
  });
  EXPECT_EQ(received, bytes);
}

void FilterFixture::ExpectClosed(net::Stream& stream) {
  RunUntil([&] {
    char buffer[4096];
    const IoResult read = stream.TryRead(buffer);
    EXPECT_EQ(read.bytes, 0);
    return read.ended() || read.failed();
  });
}

int64_t FilterFixture::Metric(std::string_view name, std::string_view label) const {
  int64_t sum = 0;
  for (const stats::FamilySnapshot& family : stats_.Read()) {
    if (family.name != name) continue;
    for (const stats::Sample& sample : family.samples) {
      if (Matches(sample.labels, label)) sum += ValueOf(sample);
    }
  }
  return sum;
}

}  // namespace culvert::fakes
