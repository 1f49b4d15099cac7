#include "source/filter/connection_context.h"

#include <utility>

namespace culvert::filter {

ConnectionContext::ConnectionContext(Worker& worker, const ListenerContext& listener, Origin origin)
    : worker_(worker),
      listener_(listener),
      origin_(std::move(origin)),
      scope_(worker.loop),
      start_(worker.loop.now()),
      record_start_(start_),
      record_(NewRecord()) {}

std::unique_ptr<access_log::Record> ConnectionContext::NewRecord() const {
  auto record = std::make_unique<access_log::Record>();
  record->start = std::chrono::system_clock::now();
  record->connection_id = origin_.id;
  record->protocol = "tcp";
  record->listener = listener_.name;
  record->downstream_remote_address = origin_.remote_address.ToString();
  record->downstream_local_address = origin_.local_address.ToString();
  return record;
}

void ConnectionContext::set_remote_address(const net::SocketAddress& address) {
  origin_.remote_address = address;
  record_->downstream_remote_address = address.ToString();
}

void ConnectionContext::set_identity(identity::Identity identity) {
  record_->identity = identity.name;
  record_->groups = identity.groups;
  identity_ = std::move(identity);
}

void ConnectionContext::clear_identity() {
  record_->identity.clear();
  record_->groups.clear();
  identity_.reset();
}

void ConnectionContext::End(std::string_view filter, Failure failure) {
  if (ended()) return;
  record_->ended_by = filter;
  record_->reason = failure.reason;
  record_->details = std::move(failure.details);
}

void ConnectionContext::BeginRecord() {
  if (!logged_) {
    // The connection's own record has said nothing yet: the first request goes on with it.
    record_start_ = start_;
    return;
  }
  finished_ = traffic();
  std::unique_ptr<access_log::Record> record = NewRecord();
  record->filter_chain = std::move(record_->filter_chain);
  record->tls = std::move(record_->tls);
  record_ = std::move(record);
  record_start_ = now();
  logged_ = false;
}

ConnectionContext::Traffic ConnectionContext::traffic() const {
  const access_log::ByteCounts& bytes = record_->bytes;
  // A tunnel counts its bytes on their way to and from upstream, and adds them up when it ends.
  const bool live = phase_ == Phase::kTunnel;
  return {finished_.received + bytes.downstream_received + (live ? bytes.upstream_sent : 0),
          finished_.sent + bytes.downstream_sent + (live ? bytes.upstream_received : 0)};
}

void ConnectionContext::LogRecord() {
  if (std::exchange(logged_, true)) return;
  record_->durations.total = Clock::now() - record_start_;
  if (listener_.received_bytes != nullptr) {
    listener_.received_bytes->Add(worker_.index, record_->bytes.downstream_received);
    listener_.sent_bytes->Add(worker_.index, record_->bytes.downstream_sent);
  }
  if (listener_.log) listener_.log(*record_);
}

}  // namespace culvert::filter
