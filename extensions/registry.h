// The list of extensions: the only place that names them. A build with fewer, or with your own,
// changes this target alone.
#ifndef CULVERT_EXTENSIONS_REGISTRY_H_
#define CULVERT_EXTENSIONS_REGISTRY_H_

#include "source/filter/registry.h"

namespace culvert::extensions {

filter::Registry MakeRegistry();

}  // namespace culvert::extensions

#endif  // CULVERT_EXTENSIONS_REGISTRY_H_
