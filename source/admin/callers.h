// Who is at the other end of each connection to the API: gRPC knows them by the number of the
// descriptor alone. Owned by the AdminServer; any thread.
#ifndef CULVERT_SOURCE_ADMIN_CALLERS_H_
#define CULVERT_SOURCE_ADMIN_CALLERS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace culvert::admin {

// gRPC closes a descriptor when the connection and the last of its calls have ended. So as long as
// a handler runs the number belongs to its caller, and afterwards whatever else has it is told
// apart by its inode.
class Callers {
 public:
  explicit Callers(uint32_t most) : most_(most) {}

  // `fd` is open and a socket. False: there are `most` already.
  bool Add(int fd, std::string name);
  // For a socket that gRPC was not given after all.
  void Remove(int fd);
  // Of what ServerContext::peer() says (`fd:12`); empty: nobody knows.
  std::string Find(std::string_view peer) const;

 private:
  struct Caller {
    std::string name;
    ino_t inode;
  };

  const uint32_t most_;
  mutable std::mutex mutex_;
  std::map<int, Caller> callers_;  // guarded by mutex_; with some that have left
};

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_CALLERS_H_
