#include "source/server/config_version.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <array>

namespace culvert::server {

namespace pb = google::protobuf;

config::v1::Config ConfigVersion::config() const {
  config::v1::Config config;
  config.ParseFromString(packed_config);
  return config;
}

std::string Pack(const config::v1::Config& config) {
  std::string packed;
  packed.reserve(config.ByteSizeLong());
  pb::io::StringOutputStream stream(&packed);
  pb::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  config.SerializeWithCachedSizes(&coded);
  coded.Trim();
  return packed;
}

std::string ChecksumOf(std::string_view packed_config) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(packed_config.data()), packed_config.size(),
         digest.data());
  std::string text;
  for (const uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace culvert::server
