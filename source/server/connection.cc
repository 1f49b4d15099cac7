#include "source/server/connection.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "source/net/stream_io.h"
#include "source/tls/client_hello.h"

namespace culvert::server {

using filter::ChainPtr;
using net::IoResult;
using net::Task;

namespace {

constexpr size_t kLookAheadRead = 4096;
constexpr std::string_view kSelf = "listener";

std::string_view ReasonOf(net::CancelReason reason) {
  switch (reason) {
    case net::CancelReason::kShutdown:
      return "shutdown";
    case net::CancelReason::kDrained:
      return "drain_timeout";
    case net::CancelReason::kLifetime:
      return "max_connection_lifetime";
    case net::CancelReason::kKilled:
      return "killed";
    default:
      return "cancelled";
  }
}

// What the listener learns by looking at the first bytes. Lives in the coroutine, not in the
// connection.
struct FirstBytes {
  std::string bytes;
  tls::ClientHelloReader reader;
};

}  // namespace

Connection::Connection(filter::Worker& worker, ServedListenerPtr listener,
                       filter::ConnectionContext::Origin origin)
    : served_(std::move(listener)),
      listener_(*served_->snapshot),
      counted_source_(origin.remote_address.is_ip() ? std::optional(origin.remote_address.ip())
                                                    : std::nullopt),
      context_(worker, listener_.context, std::move(origin)) {
  listener_.stats.connections->Add(worker.index);
  listener_.stats.active->Add(worker.index);
  worker.loop.timers().Arm(*this, context_.In(listener_.max_connection_lifetime));
}

Connection::~Connection() {
  filter::Worker& worker = context_.worker();
  listener_.stats.active->Sub(worker.index);
  listener_.limits->Remove(counted_source_ ? &*counted_source_ : nullptr);
}

void Connection::OnTimer() { context_.scope().Cancel(timer_reason_); }

void Connection::Retire() {
  context_.Retire();
  if (!*served_->changed || timer_reason_ == net::CancelReason::kDrained) return;
  const TimePoint end = context_.In(listener_.drain_timeout);
  const TimePoint lifetime_end = After(context_.start(), listener_.max_connection_lifetime);
  if (end >= lifetime_end) return;
  timer_reason_ = net::CancelReason::kDrained;
  context_.loop().timers().Arm(*this, end);
}

Task<void> Connection::Run(net::StreamPtr stream) {
  const ChainPtr chain = co_await FindChain(*stream);
  if (chain != nullptr) {
    co_await chain->Run(std::move(stream), context_);
  } else {
    stream->Abort();
  }
  Finish();
}

void Connection::Finish() {
  const net::CancelReason cancelled = context_.scope().reason();
  if (cancelled != net::CancelReason::kNone && !context_.logged()) {
    context_.End(kSelf, {Side::kLocal, Stage::kTunnel, ReasonOf(cancelled)});
  }
  context_.LogRecord();
  const std::chrono::duration<double> lived = Clock::now() - context_.start();
  listener_.stats.duration->Observe(context_.worker().index, lived.count());
}

Task<ChainPtr> Connection::FindChain(net::Stream& stream) {
  ChainMatcher::Facts facts{.source = context_.remote_address(),
                            .destination = context_.local_address()};
  if (!listener_.matcher.needs_client_hello()) co_return SelectChain(facts);
  FirstBytes first{{}, tls::ClientHelloReader(listener_.max_client_hello_size)};
  const TimePoint start = context_.now();
  const TimePoint deadline = context_.In(listener_.chain_match_timeout);
  std::array<char, kLookAheadRead> buffer;
  while (first.reader.status() == tls::ClientHelloReader::Status::kNeedsMore) {
    const IoResult read = co_await net::Read(stream, buffer, deadline);
    // Who cancels a connection says why.
    if (read.error == net::IoError::kCancelled) co_return nullptr;
    if (!read.ok()) {
      const std::string_view reason =
          read.ended() ? "closed_before_client_hello" : net::ToToken(read.error);
      context_.End(kSelf, {Side::kDownstream, Stage::kChainMatch, reason});
      listener_.stats.client_hello_failures->Add(context_.worker().index);
      co_return nullptr;
    }
    first.bytes.append(buffer.data(), read.bytes);
    first.reader.Feed({reinterpret_cast<const uint8_t*>(buffer.data()), read.bytes});
  }
  stream.PushBack(first.bytes);
  context_.record().durations.chain_match = context_.now() - start;
  if (first.reader.status() == tls::ClientHelloReader::Status::kComplete) {
    const tls::ClientHello& hello = first.reader.hello();
    if (hello.server_name) facts.server_name = *hello.server_name;
    facts.application_protocols = &hello.application_protocols;
  } else if (first.reader.status() == tls::ClientHelloReader::Status::kTooLarge) {
    context_.End(kSelf, {Side::kDownstream, Stage::kChainMatch, "client_hello_too_large"});
    listener_.stats.client_hello_failures->Add(context_.worker().index);
    co_return nullptr;
  }
  co_return SelectChain(facts);
}

ChainPtr Connection::SelectChain(const ChainMatcher::Facts& facts) {
  const int index = listener_.matcher.Select(facts);
  if (index == ChainMatcher::kNone) {
    context_.End(
        kSelf, {Side::kDownstream, Stage::kChainMatch, "no_filter_chain_match",
                facts.server_name.empty() ? "" : "server name " + std::string(facts.server_name)});
    listener_.stats.no_chain_match->Add(context_.worker().index);
    return nullptr;
  }
  context_.record().filter_chain = listener_.chains[index].name;
  return listener_.chains[index].chain;
}

}  // namespace culvert::server
