// Carries bytes between a TLS connection and a plain socket until either ends. For the thread of a
// TlsTunnel, which owns both.
#ifndef CULVERT_SOURCE_CTL_TLS_PUMP_H_
#define CULVERT_SOURCE_CTL_TLS_PUMP_H_

#include <string>
#include <vector>

#include "source/tls/certificate.h"

namespace culvert::ctl {

class TlsPump {
 public:
  // Both non-blocking; `ssl` is on the socket `outer` and through with its handshake.
  TlsPump(SSL* ssl, int outer, int inner) : ssl_(ssl), outer_(outer), inner_(inner) {}

  // Returns when the plain side has closed and all that came from it is sent, or when the
  // connection failed; the end of what the server sends is passed on before. What went wrong;
  // empty if nothing did.
  std::string Run();

 private:
  // Bytes on their way in one direction.
  struct Flow {
    std::vector<char> bytes;
    size_t begin = 0;
    bool ended = false;       // the source gives no more
    bool passed_end = false;  // the destination knows

    bool empty() const { return begin == bytes.size(); }
  };

  // These say whether anything moved.
  bool ReadInner();
  bool WriteOuter();
  bool ReadOuter();
  bool WriteInner();
  void Wait() const;
  // Notes what a call that did not succeed waits for, or that the connection failed.
  void Note(int result);

  SSL* const ssl_;
  const int outer_;
  const int inner_;
  Flow up_;    // inner -> outer
  Flow down_;  // outer -> inner
  bool wants_write_ = false;
  bool failed_ = false;
  std::string error_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_TLS_PUMP_H_
