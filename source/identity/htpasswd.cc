#include "source/identity/htpasswd.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "source/base/status.h"
#include "source/identity/password_hash.h"

namespace culvert::identity {
namespace {

class Parser {
 public:
  HtpasswdFile Parse(std::string_view text) {
    if (text.size() > kMaxHtpasswdSize) {
      line_ = 1;
      Error(fmt::format("the file is larger than {} bytes", kMaxHtpasswdSize));
      return std::move(file_);
    }
    while (!text.empty() && file_.errors.size() < kMaxHtpasswdErrors) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      ParseLine(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!text.empty()) Error("too many errors: the lines from here on were not read");
    return std::move(file_);
  }

 private:
  void Error(std::string message) { file_.errors.push_back({line_, std::move(message)}); }

  void ParseLine(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == line.npos || line.front() == '#') return;
    if (line.size() > kMaxHtpasswdLine) {
      return Error(fmt::format("the line is longer than {} bytes", kMaxHtpasswdLine));
    }
    const size_t colon = line.find(':');
    if (colon == line.npos) return Error("has no ':': write `name:hash`, as `htpasswd -B` does");
    const std::string_view rest = line.substr(colon + 1);
    ParseEntry(line.substr(0, colon), rest.substr(0, rest.find(':')));
  }

  void ParseEntry(std::string_view name, std::string_view hash) {
    if (absl::Status status = ValidateUserName(name); !status.ok()) {
      return Error(std::string(Message(status)));
    }
    if (absl::Status status = ValidateHash(hash); !status.ok()) {
      return Error(fmt::format("user '{}': {}", name, Message(status)));
    }
    const auto [first, is_new] = line_of_.try_emplace(std::string(name), line_);
    if (!is_new) {
      return Error(fmt::format("user '{}' is in line {} already: remove one of the two", name,
                               first->second));
    }
    file_.entries.push_back({std::string(name), std::string(hash)});
  }

  HtpasswdFile file_;
  std::unordered_map<std::string, size_t> line_of_;
  size_t line_ = 0;
};

}  // namespace

HtpasswdFile ParseHtpasswd(std::string_view text) { return Parser().Parse(text); }

absl::Status ValidateUserName(std::string_view name) {
  if (name.empty()) return InvalidArgument("the user name is empty");
  if (name.size() > kMaxUserNameSize) {
    return InvalidArgument(fmt::format("the user name is longer than {} bytes", kMaxUserNameSize));
  }
  if (name.find(':') != name.npos) {
    return InvalidArgument("the user name holds a ':', which Basic credentials cannot carry");
  }
  if (HasControlCharacter(name)) {
    return InvalidArgument("the user name holds a control character");
  }
  return absl::OkStatus();
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace culvert::identity
