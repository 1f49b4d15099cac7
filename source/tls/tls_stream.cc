#include "source/tls/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "source/net/stream_io.h"
#include "source/tls/certificate.h"

namespace culvert::tls {

using net::IoError;
using net::IoResult;
using net::IoStatus;
using net::Task;
using net::Wait;
using net::WaitOutcome;

namespace {

// Enough for a flight of handshake messages. What a client sends behind them is kept until it is
// asked for, so little of that is read.
constexpr size_t kHandshakeRead = size_t{16} * 1024;

}  // namespace

// BoringSSL's view of the inner stream: memory that TlsStream fills and empties in large pieces.
struct StreamBio {
  static TlsStream* Self(BIO* bio) { return static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    std::span<const char>& input = Self(bio)->input_;
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t taken = std::min(input.size(), static_cast<size_t>(size));
    std::memcpy(out, input.data(), taken);
    input = input.subspan(taken);
    return static_cast<int>(taken);
  }

  static int Write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    TlsStream* self = Self(bio);
    if (!self->output_buffer_) self->output_buffer_.emplace(self->scratch_.buffers);
    const std::span<char> room = self->output_buffer_->bytes().subspan(self->output_size_);
    if (room.empty()) {
      BIO_set_retry_write(bio);
      return -1;
    }
    const size_t taken = std::min(room.size(), static_cast<size_t>(size));
    std::memcpy(room.data(), data, taken);
    self->output_size_ += taken;
    return static_cast<int>(taken);
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* Method() {
    static const BIO_METHOD* method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "culvert stream");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }
};

TlsStream::TlsStream(UniquePtr<SSL> ssl, net::StreamPtr inner, net::Scratch& scratch)
    : ssl_(std::move(ssl)), inner_(std::move(inner)), scratch_(scratch) {
  BIO* bio = BIO_new(StreamBio::Method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

IoResult TlsStream::Refill(size_t size) {
  if (inner_ended_) return IoResult::End();
  kept_input_.reset();
  if (!input_buffer_) input_buffer_.emplace(scratch_.buffers);
  const std::span<char> buffer = input_buffer_->bytes();
  const IoResult result = inner_->TryRead(buffer.first(std::min(size, buffer.size())));
  if (result.ok()) input_ = buffer.first(result.bytes);
  if (result.ended()) inner_ended_ = true;
  return result;
}

void TlsStream::KeepUnreadInput() {
  if (input_.empty()) {
    kept_input_.reset();
  } else if (!kept_input_) {
    kept_input_.reset(new char[input_.size()]);
    std::memcpy(kept_input_.get(), input_.data(), input_.size());
    input_ = {kept_input_.get(), input_.size()};
  }
  input_buffer_.reset();
}

// All of `data`; or kWouldBlock, and `bytes` of it went.
IoResult TlsStream::WriteInner(std::span<const char> data) {
  size_t written = 0;
  while (written < data.size()) {
    const IoResult result = inner_->TryWrite(data.subspan(written));
    if (result.failed()) return result;
    if (result.would_block()) return {IoStatus::kWouldBlock, IoError::kNone, written};
    written += result.bytes;
  }
  return IoResult::Ok(written);
}

IoResult TlsStream::FlushOutput() {
  std::span<const char> output;
  if (output_buffer_) output = output_buffer_->bytes().first(output_size_);
  if (pending_output_) {
    pending_output_->append(output.begin(), output.end());
    output = std::span<const char>(*pending_output_).subspan(pending_sent_);
  }
  const IoResult result = WriteInner(output);
  if (!result.would_block()) {
    pending_output_.reset();
    pending_sent_ = 0;
  } else if (pending_output_) {
    pending_sent_ += result.bytes;
  } else {
    pending_output_ = std::make_unique<std::string>(output.begin() + result.bytes, output.end());
  }
  output_size_ = 0;
  output_buffer_.reset();
  if (result.failed()) return result;
  return result.ok() ? inner_->TryFlush() : IoResult::WouldBlock();
}

IoResult TlsStream::StepHandshake(net::Readiness*& blocked_on) {
  while (true) {
    const int error = SSL_get_error(ssl_.get(), SSL_do_handshake(ssl_.get()));
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      handshake_failure_ = std::make_unique<HandshakeFailure>(TakeHandshakeFailure(ssl_.get()));
      FlushOutput();
      return IoResult::Failed(IoError::kProtocol);
    }
    // The peer waits for it before it says more.
    if (const IoResult flushed = FlushOutput(); !flushed.ok()) {
      blocked_on = &writable();
      return flushed;
    }
    if (error == SSL_ERROR_NONE) return IoResult::Ok(0);
    if (error == SSL_ERROR_WANT_WRITE) continue;
    if (const IoResult read = Refill(kHandshakeRead); !read.ok()) {
      blocked_on = &readable();
      return read.ended() ? IoResult::Failed(IoError::kTruncated) : read;
    }
  }
}

Task<IoResult> TlsStream::Handshake(TimePoint deadline) {
  while (true) {
    net::Readiness* blocked_on = nullptr;
    const IoResult result = StepHandshake(blocked_on);
    // Also when it is over: the client's first bytes may have come with its last handshake message.
    KeepUnreadInput();
    if (!result.would_block()) co_return result;
    const WaitOutcome outcome = co_await Wait(deadline, blocked_on);
    if (outcome == WaitOutcome::kTimedOut) co_return IoResult::Failed(IoError::kTimedOut);
    if (outcome == WaitOutcome::kCancelled) co_return IoResult::Failed(IoError::kCancelled);
  }
}

IoResult TlsStream::ReadFailure(int ssl_error) {
  if (ssl_error == SSL_ERROR_ZERO_RETURN) return IoResult::End();
  TakeError();
  return IoResult::Failed(IoError::kProtocol);
}

IoResult TlsStream::DoTryRead(std::span<char> buffer) {
  size_t total = 0;
  IoResult result = IoResult::Ok(0);
  while (total < buffer.size()) {
    const int count =
        SSL_read(ssl_.get(), buffer.data() + total, static_cast<int>(buffer.size() - total));
    if (count > 0) {
      total += count;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), count);
    if (error != SSL_ERROR_WANT_READ) {
      result = ReadFailure(error);
      break;
    }
    if (total > 0) break;
    // Asks for about as much as fits the caller's buffer once it is opened.
    result = Refill(buffer.size() + buffer.size() / 256 + 64);
    if (result.ended()) result = IoResult::Failed(IoError::kTruncated);
    if (!result.ok()) break;
  }
  KeepUnreadInput();
  if (output_size_ > 0) FlushOutput();  // an alert
  // An error or end that came behind good bytes is told by the next call: BoringSSL repeats it.
  return total > 0 ? IoResult::Ok(total) : result;
}

IoResult TlsStream::TryWrite(std::span<const char> data) {
  if (pending_output_) {
    const IoResult flushed = FlushOutput();
    if (!flushed.ok()) return flushed;
  }
  const size_t size = std::min(data.size(), net::Scratch::kPieceSize);
  size_t taken = 0;
  while (taken < size) {
    const int count = SSL_write(ssl_.get(), data.data() + taken, static_cast<int>(size - taken));
    if (count <= 0) {
      TakeError();
      FlushOutput();
      return IoResult::Failed(IoError::kProtocol);
    }
    taken += count;
  }
  const IoResult flushed = FlushOutput();
  if (flushed.failed()) return flushed;
  return IoResult::Ok(taken);
}

IoResult TlsStream::TryFlush() { return FlushOutput(); }

IoResult TlsStream::TryShutdownWrite() {
  if (!close_sent_) {
    close_sent_ = true;
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  const IoResult flushed = FlushOutput();
  if (!flushed.ok()) return flushed;
  return inner_->TryShutdownWrite();
}

Facts TlsStream::CollectFacts() const {
  const SSL* ssl = ssl_.get();
  Facts facts;
  facts.version = SSL_get_version(ssl);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) {
    facts.cipher = SSL_CIPHER_standard_name(cipher);
  }
  if (const char* curve = SSL_get_curve_name(SSL_get_curve_id(ssl))) facts.curve = curve;
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) {
    facts.server_name = name;
  }
  const uint8_t* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  facts.application_protocol.assign(reinterpret_cast<const char*>(protocol), size);
  facts.resumed = SSL_session_reused(ssl);
  if (UniquePtr<X509> peer{SSL_get_peer_certificate(ssl)}) {
    facts.peer_subject = SubjectOf(peer.get());
    facts.peer_names = AlternativeNamesOf(peer.get()).All();
  }
  return facts;
}

}  // namespace culvert::tls
