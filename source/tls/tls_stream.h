// TLS over another stream. Many records are opened by one read of the inner stream and many are
// sealed into one write; what a call needs for that it borrows from the worker, so that an idle
// connection holds only the SSL object. On the loop's thread, like every stream.
#ifndef CULVERT_SOURCE_TLS_TLS_STREAM_H_
#define CULVERT_SOURCE_TLS_TLS_STREAM_H_

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "source/net/scratch.h"
#include "source/net/stream.h"
#include "source/net/task.h"
#include "source/tls/bssl.h"
#include "source/tls/facts.h"
#include "source/tls/handshake_failure.h"

namespace culvert::tls {

class TlsStream final : public net::Stream {
 public:
  // `ssl` is set to accept or connect and has not begun.
  TlsStream(UniquePtr<SSL> ssl, net::StreamPtr inner, net::Scratch& scratch);
  ~TlsStream() override;

  // Reads and writes through the handshake. kTruncated if the peer ended the connection before it
  // was over. On kProtocol handshake_failure() says what was wrong, and an alert has been sent as
  // far as that was possible without waiting; TryShutdownWrite() sends what is left of it.
  net::Task<net::IoResult> Handshake(TimePoint deadline);
  // Null but after kProtocol.
  const HandshakeFailure* handshake_failure() const { return handshake_failure_.get(); }
  // After a handshake; after one that failed, what was known by then.
  Facts CollectFacts() const;

  // What TLS runs over: for what is to be done there when TLS is over.
  net::Stream& inner() { return *inner_; }

  net::IoResult TryWrite(std::span<const char> data) override;
  net::IoResult TryFlush() override;
  // close_notify, then the end of the inner stream.
  net::IoResult TryShutdownWrite() override;
  void Abort() override { inner_->Abort(); }
  net::Readiness& readable() override { return inner_->readable(); }
  net::Readiness& writable() override { return inner_->writable(); }

 protected:
  net::IoResult DoTryRead(std::span<char> buffer) override;

 private:
  friend struct StreamBio;

  // Where it would block, `blocked_on` is what to wait for.
  net::IoResult StepHandshake(net::Readiness*& blocked_on);
  net::IoResult Refill(size_t size);
  void KeepUnreadInput();
  net::IoResult FlushOutput();
  net::IoResult WriteInner(std::span<const char> data);
  net::IoResult ReadFailure(int ssl_error);

  UniquePtr<SSL> ssl_;
  net::StreamPtr inner_;
  net::Scratch& scratch_;

  // Sealed bytes that BoringSSL has not asked for yet. During a call they may lie in a borrowed
  // buffer; between calls, where the caller wanted less than came, in `kept_input_`.
  std::span<const char> input_;
  std::optional<net::BufferPool::Lease> input_buffer_;
  std::unique_ptr<char[]> kept_input_;
  // Sealed bytes of this call, in a borrowed buffer, and those that an earlier call could not send.
  std::optional<net::BufferPool::Lease> output_buffer_;
  size_t output_size_ = 0;
  std::unique_ptr<std::string> pending_output_;
  size_t pending_sent_ = 0;

  bool inner_ended_ = false;
  bool close_sent_ = false;
  std::unique_ptr<const HandshakeFailure> handshake_failure_;
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_TLS_STREAM_H_
