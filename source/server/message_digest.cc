#include "source/server/message_digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

namespace culvert::server {

MessageDigest DigestOf(const google::protobuf::MessageLite& message, std::string& scratch) {
  // Its whole size at once: memory that grew would leave copies behind.
  scratch.clear();
  scratch.resize(message.ByteSizeLong());
  {
    google::protobuf::io::ArrayOutputStream stream(scratch.data(),
                                                   static_cast<int>(scratch.size()));
    google::protobuf::io::CodedOutputStream output(&stream);
    output.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&output);
  }
  MessageDigest digest;
  SHA256(reinterpret_cast<const uint8_t*>(scratch.data()), scratch.size(), digest.data());
  // Configs hold passwords and keys.
  OPENSSL_cleanse(scratch.data(), scratch.size());
  return digest;
}

}  // namespace culvert::server
