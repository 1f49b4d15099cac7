#include "source/ctl/read_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "source/base/status.h"

namespace culvert::ctl {
namespace {

constexpr size_t kMaxSize = 64 << 20;

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

absl::StatusOr<std::string> ReadStream(std::FILE* stream, const std::string& name) {
  std::string content;
  char piece[64 * 1024];
  while (true) {
    errno = 0;
    const size_t count = std::fread(piece, 1, sizeof piece, stream);
    content.append(piece, count);
    if (content.size() > kMaxSize) {
      return InvalidArgument(fmt::format("{}: is larger than 64 MiB", name));
    }
    if (std::ferror(stream) != 0) {
      return InvalidArgument(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
    }
    if (count < sizeof piece) return content;
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& name) {
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(name.c_str(), "rbe"));
  if (file == nullptr) {
    return InvalidArgument(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
  }
  return ReadStream(file.get(), name);
}

}  // namespace culvert::ctl
