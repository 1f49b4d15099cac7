// `admin`: hands a connection to the admin API, if the client's certificate allows it. Ends a
// chain.
#ifndef CULVERT_EXTENSIONS_ADMIN_FACTORY_H_
#define CULVERT_EXTENSIONS_ADMIN_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::admin {

filter::FilterFactoryPtr MakeAdminFactory();

}  // namespace culvert::extensions::admin

#endif  // CULVERT_EXTENSIONS_ADMIN_FACTORY_H_
