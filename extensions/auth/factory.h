// `auth`: lets a request pass when it has a user name and password (Basic, RFC 7617) that an
// identity provider of the config knows, and asks for them when it has not.
#ifndef CULVERT_EXTENSIONS_AUTH_FACTORY_H_
#define CULVERT_EXTENSIONS_AUTH_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::auth {

filter::FilterFactoryPtr MakeAuthFactory();

}  // namespace culvert::extensions::auth

#endif  // CULVERT_EXTENSIONS_AUTH_FACTORY_H_
