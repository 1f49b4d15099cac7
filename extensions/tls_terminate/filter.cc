#include "extensions/tls_terminate/filter.h"

#include <algorithm>
#include <string>

#include "source/net/stream_io.h"

namespace culvert::extensions::tls_terminate {

using filter::ConnectionContext;
using filter::StreamPtr;
using filter::Task;
using net::IoError;
using net::IoResult;
using tls::HandshakeFailure;
using tls::TlsStream;

namespace {

// How long a client that was refused may take to read why, and what it may send meanwhile.
constexpr Duration kLingerTimeout = std::chrono::seconds(2);
constexpr size_t kMostLingerBytes = size_t{64} * 1024;

std::string_view ReasonOf(HandshakeFailure::Kind kind) {
  switch (kind) {
    case HandshakeFailure::Kind::kNotTls:
      return "not_tls";
    case HandshakeFailure::Kind::kUnsupportedVersion:
      return "tls_unsupported_version";
    case HandshakeFailure::Kind::kNoSharedCipher:
      return "tls_no_shared_cipher";
    case HandshakeFailure::Kind::kNoSharedProtocol:
      return "tls_no_shared_protocol";
    case HandshakeFailure::Kind::kNoCertificate:
      return "tls_no_client_certificate";
    case HandshakeFailure::Kind::kCertificateRefused:
      return "tls_client_certificate_refused";
    case HandshakeFailure::Kind::kRefusedByPeer:
      return "tls_refused_by_client";
    case HandshakeFailure::Kind::kOther:
      break;
  }
  return "tls_handshake_failed";
}

Failure FailureOf(const TlsStream& stream, IoError error) {
  Failure failure{Side::kDownstream, Stage::kTlsHandshake, "tls_handshake_failed"};
  if (const HandshakeFailure* told = stream.handshake_failure()) {
    failure.reason = ReasonOf(told->kind);
    failure.details = told->details;
  } else if (error == IoError::kTimedOut) {
    failure.reason = "tls_handshake_timeout";
  } else if (error == IoError::kTruncated) {
    failure.reason = "closed_during_handshake";
  } else if (error == IoError::kReset) {
    failure.reason = "reset_during_handshake";
  } else {
    failure.details = net::ToToken(error);
  }
  return failure;
}

// The client reads the alert only if the connection is not reset under it.
Task<void> SayGoodbye(TlsStream& stream, TimePoint deadline) {
  const IoResult shut = co_await net::ShutdownWrite(stream, deadline);
  if (shut.ok()) co_await net::DrainReads(stream.inner(), kMostLingerBytes, deadline);
}

}  // namespace

Task<StreamPtr> TlsTerminate::Accept(StreamPtr downstream, ConnectionContext& connection) const {
  connection.set_phase(filter::Phase::kTlsHandshake);
  auto stream = std::make_unique<TlsStream>(config_.server->NewSsl(), std::move(downstream),
                                            connection.loop().scratch());
  const TimePoint start = Clock::now();
  const IoResult result = co_await stream->Handshake(connection.In(config_.handshake_timeout));
  connection.record().durations.tls_handshake = Clock::now() - start;
  if (result.ok()) {
    NoteSuccess(*stream, connection);
    co_return std::move(stream);
  }
  // Who cancels a connection says why.
  if (result.error == IoError::kCancelled) co_return nullptr;
  NoteFailure(*stream, result.error, connection);
  if (stream->handshake_failure() != nullptr) {
    co_await SayGoodbye(*stream, connection.In(kLingerTimeout));
  }
  co_return nullptr;
}

void TlsTerminate::NoteSuccess(const TlsStream& stream, ConnectionContext& connection) const {
  tls::Facts facts = stream.CollectFacts();
  const uint32_t worker = connection.worker().index;
  (facts.version == "TLSv1.2" ? config_.stats.tls12 : config_.stats.tls13)->Add(worker);
  if (facts.resumed) config_.stats.resumed->Add(worker);
  const std::chrono::duration<double> took = *connection.record().durations.tls_handshake;
  config_.stats.duration->Observe(worker, took.count());
  access_log::TlsFacts& record = connection.record().MutableTls();
  record.version = std::move(facts.version);
  record.cipher = std::move(facts.cipher);
  record.server_name = std::move(facts.server_name);
  record.application_protocol = std::move(facts.application_protocol);
  record.client_subject = std::move(facts.peer_subject);
  record.client_names = std::move(facts.peer_names);
  record.resumed = facts.resumed;
}

void TlsTerminate::NoteFailure(const TlsStream& stream, IoError error,
                               ConnectionContext& connection) const {
  Failure failure = FailureOf(stream, error);
  const auto* reason = std::ranges::find(kFailureReasons, failure.reason);
  config_.stats.failures[reason - kFailureReasons.begin()]->Add(connection.worker().index);
  // Whom the client asked for, and who it was, if it came so far.
  tls::Facts facts = stream.CollectFacts();
  access_log::TlsFacts& record = connection.record().MutableTls();
  record.server_name = std::move(facts.server_name);
  record.client_subject = std::move(facts.peer_subject);
  record.client_names = std::move(facts.peer_names);
  connection.End(kName, std::move(failure));
}

}  // namespace culvert::extensions::tls_terminate
