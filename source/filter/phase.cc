#include "source/filter/phase.h"

#include <algorithm>
#include <array>

namespace culvert::filter {
namespace {

constexpr std::array<std::string_view, 7> kNames = {
    "chain_match", "tls_handshake", "request", "auth", "connect", "tunnel", "response"};
static_assert(static_cast<size_t>(Phase::kResponse) + 1 == kNames.size());

}  // namespace

std::string_view ToString(Phase phase) { return kNames[static_cast<size_t>(phase)]; }

std::optional<Phase> ParsePhase(std::string_view text) {
  const auto* found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Phase>(found - kNames.begin());
}

}  // namespace culvert::filter
