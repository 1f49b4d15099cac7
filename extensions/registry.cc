#include "extensions/registry.h"

#include <utility>

#include "extensions/http/factory.h"
#include "extensions/http_connect/factory.h"
#include "extensions/tcp_proxy/factory.h"

namespace culvert::extensions {

filter::Registry MakeRegistry() {
  filter::Registry::Builder builder;
  builder.Add(http::MakeHttpFactory())
      .Add(http_connect::MakeHttpConnectFactory())
      .Add(tcp_proxy::MakeTcpProxyFactory());
  return std::move(builder).Build();
}

}  // namespace culvert::extensions
