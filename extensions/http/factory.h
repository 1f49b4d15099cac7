// `http`: the HTTP/1.1 codec between bytes and the http filters after it. Put into a chain by
// itself; named in a config only to tune it.
#ifndef CULVERT_EXTENSIONS_HTTP_FACTORY_H_
#define CULVERT_EXTENSIONS_HTTP_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::http {

filter::FilterFactoryPtr MakeHttpFactory();

}  // namespace culvert::extensions::http

#endif  // CULVERT_EXTENSIONS_HTTP_FACTORY_H_
