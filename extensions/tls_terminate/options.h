// From the config of `tls_terminate` to what a TLS server needs: files are read, names are checked.
// On the main thread, when a config is built.
#ifndef CULVERT_EXTENSIONS_TLS_TERMINATE_OPTIONS_H_
#define CULVERT_EXTENSIONS_TLS_TERMINATE_OPTIONS_H_

#include "api/culvert/extensions/tls_terminate/v1/tls_terminate.pb.h"
#include "source/filter/build_context.h"
#include "source/tls/server_context.h"

namespace culvert::extensions::tls_terminate {

// Reports every error to the context, by its field; the options are of use only if there were none.
// Certificates that are not valid now are a warning, since that may change without a new config.
tls::ServerOptions MakeOptions(const v1::TlsTerminate& config, filter::BuildContext& context);

}  // namespace culvert::extensions::tls_terminate

#endif  // CULVERT_EXTENSIONS_TLS_TERMINATE_OPTIONS_H_
