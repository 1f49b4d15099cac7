// `tcp_proxy`: carries the bytes of a connection to an endpoint of a cluster and back. Ends a
// chain.
#ifndef CULVERT_EXTENSIONS_TCP_PROXY_FACTORY_H_
#define CULVERT_EXTENSIONS_TCP_PROXY_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::tcp_proxy {

filter::FilterFactoryPtr MakeTcpProxyFactory();

}  // namespace culvert::extensions::tcp_proxy

#endif  // CULVERT_EXTENSIONS_TCP_PROXY_FACTORY_H_
