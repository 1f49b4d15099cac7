// `tls_terminate`: takes TLS off, so that the filters after it see plain bytes.
#ifndef CULVERT_EXTENSIONS_TLS_TERMINATE_FACTORY_H_
#define CULVERT_EXTENSIONS_TLS_TERMINATE_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::tls_terminate {

filter::FilterFactoryPtr MakeTlsTerminateFactory();

}  // namespace culvert::extensions::tls_terminate

#endif  // CULVERT_EXTENSIONS_TLS_TERMINATE_FACTORY_H_
