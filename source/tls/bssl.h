// BoringSSL's objects as owners, and its error queue as text. Only source/tls includes this header.
#ifndef CULVERT_SOURCE_TLS_BSSL_H_
#define CULVERT_SOURCE_TLS_BSSL_H_

#include <openssl/base.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <string>

#ifndef OPENSSL_IS_BORINGSSL
#error "These headers are not BoringSSL's: another TLS library is in the include path."
#endif

namespace culvert::tls {

using bssl::UniquePtr;

// A code of the error queue in words, such as `no shared cipher`.
std::string ErrorText(uint32_t error);

// The first error of this thread's queue, which is the cause of those behind it; `unknown error` if
// there is none. Empties the queue.
std::string TakeError();

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_BSSL_H_
