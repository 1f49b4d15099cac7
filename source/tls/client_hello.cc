#include "source/tls/client_hello.h"

#include <algorithm>

#include "source/tls/client_hello_message.h"

namespace culvert::tls {
namespace {

using Bytes = std::span<const uint8_t>;

// RFC 8446 section 5.1: type, version, length.
constexpr size_t kRecordHeaderSize = 5;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kMajorVersion = 3;
constexpr size_t kMaxFragment = 1 << 14;

// RFC 8446 section 4: type, length.
constexpr size_t kHandshakeHeaderSize = 4;
constexpr uint8_t kClientHelloType = 1;

// Of a record header that is whole.
size_t FragmentSize(Bytes header) { return size_t{header[3]} << 8 | header[4]; }

// Of a message whose header is whole.
size_t MessageSize(Bytes handshake) {
  return kHandshakeHeaderSize +
         (size_t{handshake[1]} << 16 | size_t{handshake[2]} << 8 | handshake[3]);
}

}  // namespace

bool CanBeTls(Bytes first_bytes) {
  const Bytes b = first_bytes;
  if (b.size() > 0 && b[0] != kHandshakeRecord) return false;
  if (b.size() > 1 && b[1] != kMajorVersion) return false;
  if (b.size() >= kRecordHeaderSize) {
    const size_t size = FragmentSize(b);
    if (size == 0 || size > kMaxFragment) return false;
  }
  return b.size() <= kRecordHeaderSize || b[kRecordHeaderSize] == kClientHelloType;
}

ClientHelloReader::Status ClientHelloReader::Feed(Bytes bytes) {
  while (status_ == Status::kNeedsMore && !bytes.empty()) {
    const bool in_header = fragment_left_ == 0;
    const size_t wanted = in_header ? kRecordHeaderSize - header_.size() : fragment_left_;
    const Bytes taken = bytes.first(std::min({wanted, bytes.size(), max_size_ - consumed_}));
    bytes = bytes.subspan(taken.size());
    consumed_ += taken.size();
    if (in_header) {
      header_.insert(header_.end(), taken.begin(), taken.end());
      ReadRecordHeader();
    } else {
      fragment_left_ -= taken.size();
      TakeFragment(taken);
    }
    if (status_ == Status::kNeedsMore && consumed_ == max_size_) return FailTooLarge();
  }
  return status_;
}

ClientHelloReader::Status ClientHelloReader::FailTooLarge() {
  return Fail(Status::kTooLarge, "the ClientHello is too large");
}

ClientHelloReader::Status ClientHelloReader::Fail(Status status, std::string_view error) {
  error_ = error;
  return status_ = status;
}

ClientHelloReader::Status ClientHelloReader::ReadRecordHeader() {
  if (!CanBeTls(header_)) {
    return consumed_ <= kRecordHeaderSize
               ? Fail(Status::kNotTls, "the first bytes are not those of a TLS handshake")
               : Fail(Status::kMalformed, "a record within the ClientHello is not of a handshake");
  }
  if (header_.size() == kRecordHeaderSize) {
    fragment_left_ = FragmentSize(header_);
    header_.clear();
  }
  return status_;
}

ClientHelloReader::Status ClientHelloReader::TakeFragment(Bytes fragment) {
  handshake_.insert(handshake_.end(), fragment.begin(), fragment.end());
  if (handshake_[0] != kClientHelloType) {
    return Fail(Status::kNotTls, "the first handshake message is not a ClientHello");
  }
  if (handshake_.size() < kHandshakeHeaderSize) return status_;
  const size_t size = MessageSize(handshake_);
  if (size > max_size_) return FailTooLarge();
  if (handshake_.size() < size) return status_;
  // The server answers first, so whatever follows in the record is none of the protocol's.
  if (handshake_.size() > size || fragment_left_ > 0) {
    return Fail(Status::kMalformed, "the record of the ClientHello holds more than that");
  }
  const std::string_view error =
      ParseClientHello(std::span(handshake_).subspan(kHandshakeHeaderSize), hello_);
  if (!error.empty()) return Fail(Status::kMalformed, error);
  handshake_ = {};
  return status_ = Status::kComplete;
}

}  // namespace culvert::tls
