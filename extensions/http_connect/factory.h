// `http_connect`: answers CONNECT (RFC 9110, 9.3.6) with a tunnel to the host and port that the
// client names, where the destination policy allows it. Other requests are for the filters after
// it.
#ifndef CULVERT_EXTENSIONS_HTTP_CONNECT_FACTORY_H_
#define CULVERT_EXTENSIONS_HTTP_CONNECT_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::http_connect {

filter::FilterFactoryPtr MakeHttpConnectFactory();

}  // namespace culvert::extensions::http_connect

#endif  // CULVERT_EXTENSIONS_HTTP_CONNECT_FACTORY_H_
