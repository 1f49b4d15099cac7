// The system's table of hosts, /etc/hosts: names that are known without asking. Owned by the
// resolver of one worker; its thread.
#ifndef CULVERT_SOURCE_NET_HOSTS_FILE_H_
#define CULVERT_SOURCE_NET_HOSTS_FILE_H_

#include <sys/types.h>

#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "source/base/time.h"
#include "source/net/ip_address.h"

namespace culvert::net {

using HostsTable = std::unordered_map<std::string, std::vector<IpAddress>>;

// Lines of an address and its names (hosts(5)); what is neither is passed over. A name has the
// addresses of every line that names it. Names are in the form of NormalizeHostName.
HostsTable ParseHosts(std::string_view text);

class HostsFile {
 public:
  explicit HostsFile(std::string path) : path_(std::move(path)) {}

  // The addresses of `name`, which is in the form of NormalizeHostName; empty if it is not there. A
  // change of the file is seen within a second. A file that cannot be read is an empty one.
  std::vector<IpAddress> Find(const std::string& name, TimePoint now);

 private:
  // What tells one state of the file from another.
  struct Stamp {
    ino_t inode = 0;
    off_t size = -1;
    timespec modified = {};
    bool operator==(const Stamp& other) const;
  };
  void Refresh(TimePoint now);

  const std::string path_;
  TimePoint next_look_ = TimePoint::min();
  Stamp stamp_;
  HostsTable table_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_HOSTS_FILE_H_
