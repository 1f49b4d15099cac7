#include "extensions/registry.h"

#include <utility>

#include "extensions/admin/factory.h"
#include "extensions/auth/factory.h"
#include "extensions/http/factory.h"
#include "extensions/http_connect/factory.h"
#include "extensions/metrics/factory.h"
#include "extensions/tcp_proxy/factory.h"
#include "extensions/tls_terminate/factory.h"

namespace culvert::extensions {

filter::Registry MakeRegistry() {
  filter::Registry::Builder builder;
  builder.Add(admin::MakeAdminFactory())
      .Add(auth::MakeAuthFactory())
      .Add(http::MakeHttpFactory())
      .Add(http_connect::MakeHttpConnectFactory())
      .Add(metrics::MakeMetricsFactory())
      .Add(tcp_proxy::MakeTcpProxyFactory())
      .Add(tls_terminate::MakeTlsTerminateFactory());
  return std::move(builder).Build();
}

}  // namespace culvert::extensions
