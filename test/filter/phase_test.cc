#include "source/filter/phase.h"

#include <gtest/gtest.h>

namespace culvert::filter {
namespace {

TEST(PhaseTest, EveryPhaseIsReadAsItIsWritten) {
  for (int i = 0; i <= static_cast<int>(Phase::kResponse); ++i) {
    const auto phase = static_cast<Phase>(i);
    EXPECT_EQ(ParsePhase(ToString(phase)), phase);
  }
  EXPECT_EQ(ToString(Phase::kTlsHandshake), "tls_handshake");
  EXPECT_EQ(ParsePhase("tls"), std::nullopt);
}

}  // namespace
}  // namespace culvert::filter
