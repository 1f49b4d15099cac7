// What another process may say during a take-over. Nothing of it may crash or abort this one, and
// no sum may go back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "google/protobuf/stubs/logging.h"
#include "source/server/take_over_message.h"
#include "source/stats/registry.h"

using culvert::stats::Registry;

namespace {

uint64_t Total(const Registry& registry) {
  uint64_t total = 0;
  for (const auto& family : registry.Read()) {
    for (const auto& sample : family.samples) {
      if (const auto* count = std::get_if<uint64_t>(&sample.value)) total += *count >> 8;
    }
  }
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static google::protobuf::LogSilencer* const silencer = new google::protobuf::LogSilencer;
  (void)silencer;
  std::string payload(reinterpret_cast<const char*>(data), size);
  culvert::server::take_over::Message message = culvert::server::ParseMessage(payload);
  (void)culvert::server::TakenOf(message.ready());
  if (message.has_counters()) {
    Registry registry(1);
    registry.GetCounter("culvert_a_b_total", {{"x", "1"}}, "Help.").AddShared(1);
    uint64_t before = 0;
    for (int i = 0; i < 3; ++i) {
      registry.Import(culvert::server::CountedOf(message.counters()));
      const uint64_t now = Total(registry);
      if (now < before) std::abort();
      before = now;
    }
    // The program's own metrics can be registered whatever came before.
    registry.GetCounter("culvert_a_b_total", {{"x", "1"}}, "Help.");
    registry.GetHistogram("culvert_a_b_seconds", {{"x", "1"}}, "Help.",
                          culvert::stats::LatencyBuckets());
  }
  if (message.has_offer()) (void)culvert::server::StateOf(*message.mutable_offer(), {});
  return 0;
}
