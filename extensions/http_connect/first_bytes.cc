#include "extensions/http_connect/first_bytes.h"

#include <utility>

namespace culvert::extensions::http_connect {

using Status = tls::ClientHelloReader::Status;

FirstBytes::Verdict FirstBytes::Feed(std::span<const char> bytes) {
  bytes_.append(bytes.data(), bytes.size());
  switch (reader_.Feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})) {
    case Status::kNeedsMore:
      return Verdict::kNeedsMore;
    case Status::kComplete:
      return CheckName();
    case Status::kTooLarge:
      return Refuse("client_hello_too_large", std::string(reader_.error()));
    case Status::kNotTls:
    case Status::kMalformed:
      break;
  }
  return Refuse("not_tls", std::string(reader_.error()));
}

FirstBytes::Verdict FirstBytes::CheckName() {
  if (host_ == nullptr) return Verdict::kPassed;
  const tls::ClientHello& hello = reader_.hello();
  // Both are in the one form that net::NormalizeHostName gives.
  if (hello.server_name == host_->host()) return Verdict::kPassed;
  if (hello.server_name) {
    return Refuse("server_name_mismatch", "the server name is " + *hello.server_name);
  }
  if (hello.has_invalid_server_name) {
    return Refuse("server_name_mismatch", "the server name is no host name");
  }
  if (host_->address()) return Verdict::kPassed;
  return Refuse("server_name_mismatch", "there is no server name");
}

FirstBytes::Verdict FirstBytes::Refuse(std::string_view reason, std::string details) {
  failure_ = {Side::kDownstream, Stage::kTunnel, reason, std::move(details)};
  return Verdict::kRefused;
}

}  // namespace culvert::extensions::http_connect
