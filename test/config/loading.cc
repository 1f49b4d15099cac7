#include "test/config/loading.h"

#include "api/culvert/extensions/auth/v1/auth.pb.h"
#include "api/culvert/extensions/http/v1/http.pb.h"
#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "api/culvert/extensions/tcp_proxy/v1/tcp_proxy.pb.h"
#include "api/culvert/extensions/tls_terminate/v1/tls_terminate.pb.h"
#include "fmt/format.h"

namespace culvert::config {
namespace {

// Naming a message keeps the linker from leaving its file out.
template <typename... Messages>
void Link() {
  (static_cast<void>(Messages::default_instance()), ...);
}

}  // namespace

LoadOptions TestOptions() {
  Link<extensions::auth::v1::Auth, extensions::http::v1::Http,
       extensions::http_connect::v1::HttpConnect, extensions::metrics::v1::Metrics,
       extensions::tcp_proxy::v1::TcpProxy, extensions::tls_terminate::v1::TlsTerminate>();
  return {{"auth", "http", "http_connect", "metrics", "tcp_proxy", "tls_terminate"}};
}

LoadResult LoadYaml(std::string_view text) {
  return LoadConfigText(text, Format::kYaml, "test.yaml", TestOptions());
}

LoadResult LoadJson(std::string_view text) {
  return LoadConfigText(text, Format::kJson, "test.json", TestOptions());
}

LoadResult LoadTextproto(std::string_view text) {
  return LoadConfigText(text, Format::kTextproto, "test.textproto", TestOptions());
}

LoadResult LoadBinary(const v1::Config& config) {
  return LoadConfigText(config.SerializeAsString(), Format::kBinary, "test.pb", TestOptions());
}

std::vector<std::string> Lines(const LoadResult& result) {
  std::vector<std::string> lines;
  for (const ConfigError& error : result.errors) lines.push_back(ToString(error));
  return lines;
}

std::string WithFilter(std::string_view filter) {
  return fmt::format(
      "listeners:\n- {{name: a, address: \"127.0.0.1:1\",\n   filters: [\n    {}]}}\n", filter);
}

}  // namespace culvert::config
