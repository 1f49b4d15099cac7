#include "source/net/hosts_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>

#include "source/net/host_name.h"

namespace culvert::net {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";
constexpr Duration kBetweenLooks = std::chrono::seconds(1);

// Takes what comes before `separators` from the front of `text`, without those around it.
std::string_view TakeUntil(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const std::string_view taken = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(taken.size());
  return taken;
}

}  // namespace

HostsTable ParseHosts(std::string_view text) {
  HostsTable table;
  while (!text.empty()) {
    std::string_view line = TakeUntil(text, "\n");
    line = line.substr(0, line.find('#'));
    const std::optional<IpAddress> address = IpAddress::Parse(TakeUntil(line, kBlank));
    if (!address) continue;
    while (!line.empty()) {
      const std::optional<std::string> name = NormalizeHostName(TakeUntil(line, kBlank));
      if (name) table[*name].push_back(*address);
    }
  }
  return table;
}

bool HostsFile::Stamp::operator==(const Stamp& other) const {
  return inode == other.inode && size == other.size && modified.tv_sec == other.modified.tv_sec &&
         modified.tv_nsec == other.modified.tv_nsec;
}

void HostsFile::Refresh(TimePoint now) {
  next_look_ = After(now, kBetweenLooks);
  Stamp stamp;
  struct stat status;
  if (stat(path_.c_str(), &status) == 0) {
    stamp = {.inode = status.st_ino, .size = status.st_size, .modified = status.st_mtim};
  }
  if (stamp == stamp_) return;
  stamp_ = stamp;
  std::ifstream file(path_, std::ios::binary);
  table_ = ParseHosts(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::vector<IpAddress> HostsFile::Find(const std::string& name, TimePoint now) {
  if (now >= next_look_) Refresh(now);
  const auto found = table_.find(name);
  return found == table_.end() ? std::vector<IpAddress>() : found->second;
}

}  // namespace culvert::net
