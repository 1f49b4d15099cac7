// Whose sessions a TLS server may resume. A pure function; any thread.
#ifndef CULVERT_SOURCE_TLS_RESUMPTION_POLICY_H_
#define CULVERT_SOURCE_TLS_RESUMPTION_POLICY_H_

#include <string>

namespace culvert::tls {

struct ServerOptions;

// A resumed session skips what the full handshake checked, so it may only be resumed where the
// checks are the same: what clients have to show, and whom the server shows itself to be (else a
// client could be led to another site of ours without noticing). 32 bytes, a digest of the client
// certificate mode, the authorities, the allowed names, the names in the server's own certificates,
// and how long sessions live. A renewed certificate for the same names changes nothing.
std::string ResumptionPolicyOf(const ServerOptions& options);

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_RESUMPTION_POLICY_H_
