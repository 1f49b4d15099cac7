// Loads a config from hostile bytes: the first chooses the format, the rest is the file. Nothing
// may crash or grow without bound, and a config that loads must print as one that loads as the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/culvert/extensions/auth/v1/auth.pb.h"
#include "api/culvert/extensions/http/v1/http.pb.h"
#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "api/culvert/extensions/tcp_proxy/v1/tcp_proxy.pb.h"
#include "api/culvert/extensions/tls_terminate/v1/tls_terminate.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/message_differencer.h"
#include "source/config/loader.h"
#include "source/config/printer.h"
#include "source/config/redaction.h"

namespace culvert::config {
namespace {

// Naming a message keeps the linker from leaving its file out.
template <typename... Messages>
void Link() {
  (static_cast<void>(Messages::default_instance()), ...);
}

LoadOptions Options() {
  Link<extensions::auth::v1::Auth, extensions::http::v1::Http,
       extensions::http_connect::v1::HttpConnect, extensions::metrics::v1::Metrics,
       extensions::tcp_proxy::v1::TcpProxy, extensions::tls_terminate::v1::TlsTerminate>();
  return {{"auth", "http", "http_connect", "metrics", "tcp_proxy", "tls_terminate"}};
}

void Require(bool holds) {
  if (!holds) std::abort();
}

// Secrets are not printed, so a config that has some cannot come back.
void CheckPrinting(const v1::Config& config, const LoadOptions& options) {
  const std::string yaml = ToShortYaml(config);
  if (yaml.find(kRedacted) != std::string::npos) return;
  const LoadResult again = LoadConfigText(yaml, Format::kYaml, "printed.yaml", options);
  Require(again.ok());
  Require(google::protobuf::util::MessageDifferencer::Equals(config, again.config));
}

void CheckErrors(const LoadResult& result) {
  for (const ConfigError& error : result.errors) {
    Require(!error.message.empty());
    Require(ToString(error).find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace culvert::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culvert::config;
  if (size == 0) return 0;
  // Protobuf writes a line to stderr for each string that is not UTF-8.
  static const bool quiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(quiet);
  const LoadOptions options = Options();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  LoadResult result = LoadConfigText(text, static_cast<Format>(data[0] % 4), "fuzz", options);
  CheckErrors(result);
  if (result.ok()) CheckPrinting(result.config, options);
  RedactSecrets(result.config);
  return 0;
}
