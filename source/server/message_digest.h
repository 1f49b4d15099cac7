// Whether two messages are the same, without keeping them. A pure function; any thread.
#ifndef CULVERT_SOURCE_SERVER_MESSAGE_DIGEST_H_
#define CULVERT_SOURCE_SERVER_MESSAGE_DIGEST_H_

#include <google/protobuf/message_lite.h>

#include <array>
#include <cstdint>
#include <string>

namespace culvert::server {

// SHA-256 of the serialised form. Messages that differ have different ones; equal messages may, if
// an Any in them was serialised in another way.
using MessageDigest = std::array<uint8_t, 32>;

// `scratch` is overwritten: for many messages in a row one block of memory is enough.
MessageDigest DigestOf(const google::protobuf::MessageLite& message, std::string& scratch);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_MESSAGE_DIGEST_H_
