#include "source/server/snapshot.h"

#include <algorithm>

namespace culvert::server {

bool FilesChanged(const Snapshot& snapshot) {
  return std::ranges::any_of(
      snapshot.files, [](const auto& file) { return FingerprintOf(file.first) != file.second; });
}

}  // namespace culvert::server
