#include "source/net/io_result.h"

#include <cerrno>

namespace culvert::net {

IoError IoErrorFromErrno(int error) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
    case ENOTCONN:
      return IoError::kReset;
    case ETIMEDOUT:
      return IoError::kTimedOut;
    case ECONNREFUSED:
    case ENOENT:  // a unix socket that is not there
      return IoError::kRefused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return IoError::kUnreachable;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return IoError::kResources;
    default:
      return IoError::kOther;
  }
}

IoResult IoResult::FromErrno(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return WouldBlock();
  return Failed(IoErrorFromErrno(error));
}

std::string_view ToToken(IoError error) {
  switch (error) {
    case IoError::kNone:
      return "none";
    case IoError::kReset:
      return "reset";
    case IoError::kTimedOut:
      return "timed_out";
    case IoError::kCancelled:
      return "cancelled";
    case IoError::kRefused:
      return "refused";
    case IoError::kUnreachable:
      return "unreachable";
    case IoError::kTruncated:
      return "truncated";
    case IoError::kProtocol:
      return "protocol_error";
    case IoError::kResources:
      return "out_of_resources";
    case IoError::kOther:
      return "error";
  }
  return "error";
}

}  // namespace culvert::net
