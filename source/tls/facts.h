// What is known of a TLS connection once its handshake is over.
#ifndef CULVERT_SOURCE_TLS_FACTS_H_
#define CULVERT_SOURCE_TLS_FACTS_H_

#include <string>
#include <vector>

namespace culvert::tls {

struct Facts {
  std::string version;      // `TLSv1.3`
  std::string cipher;       // `TLS_AES_128_GCM_SHA256`
  std::string curve;        // `X25519`
  std::string server_name;  // as the client asked; empty if it did not
  std::string application_protocol;
  bool resumed = false;
  std::string peer_subject;  // empty without a client certificate
  std::vector<std::string> peer_names;
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_FACTS_H_
