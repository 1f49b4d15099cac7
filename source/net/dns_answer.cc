#include "source/net/dns_answer.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace culvert::net {
namespace {

// RFC 1035 sections 3.2.2, 3.2.4 and 4.1.1, RFC 3596 section 2.1.
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeCname = 5;
constexpr uint16_t kTypeSoa = 6;
constexpr uint16_t kTypeAaaa = 28;
constexpr uint16_t kClassInternet = 1;
constexpr int kNoError = 0;
constexpr int kNameError = 3;

// Takes numbers, names and bytes from the front of a message; what is not there makes ok() false
// for good, and is zero.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }

  std::span<const uint8_t> Take(size_t size) {
    if (size > bytes_.size()) ok_ = false;
    if (!ok_) return {};
    const std::span<const uint8_t> taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  uint32_t TakeNumber(size_t size) {
    uint32_t value = 0;
    for (const uint8_t byte : Take(size)) value = value << 8 | byte;
    return value;
  }

  // A pointer to another place ends a name (RFC 1035 section 4.1.4).
  void SkipName() {
    while (ok_) {
      const uint32_t length = TakeNumber(1);
      if (length == 0) return;
      if (length >= 0xc0) {
        Take(1);
        return;
      }
      if (length > 63) ok_ = false;
      Take(length);
    }
  }

 private:
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

struct Record {
  uint16_t type;
  uint16_t record_class;
  Duration ttl;
  std::span<const uint8_t> data;
};

// The number is one of 31 bits; a larger one is zero (RFC 2181 section 8).
Duration ToTtl(uint32_t seconds) { return std::chrono::seconds(seconds >> 31 ? 0 : seconds); }

Record TakeRecord(Cursor& cursor) {
  Record record;
  cursor.SkipName();
  record.type = static_cast<uint16_t>(cursor.TakeNumber(2));
  record.record_class = static_cast<uint16_t>(cursor.TakeNumber(2));
  record.ttl = ToTtl(cursor.TakeNumber(4));
  record.data = cursor.Take(cursor.TakeNumber(2));
  return record;
}

std::optional<IpAddress> AddressOf(const Record& record, IpAddress::Family family) {
  if (family == IpAddress::Family::kV4) {
    if (record.type != kTypeA || record.data.size() != 4) return std::nullopt;
    return IpAddress::V4(record.data.first<4>());
  }
  if (record.type != kTypeAaaa || record.data.size() != 16) return std::nullopt;
  std::array<uint8_t, 16> bytes;
  std::ranges::copy(record.data, bytes.begin());
  return IpAddress::V6(bytes);
}

// How long a zone wants it to be remembered that it has no such thing: the lesser of the record's
// own time and its last field, MINIMUM.
std::optional<Duration> NegativeTtlOf(const Record& soa) {
  constexpr size_t kNumbers = 5 * 4;
  if (soa.data.size() < kNumbers + 2) return std::nullopt;
  return std::min(soa.ttl, ToTtl(Cursor(soa.data.last(4)).TakeNumber(4)));
}

void Shorten(std::optional<Duration>& ttl, Duration other) {
  ttl = ttl ? std::min(*ttl, other) : other;
}

}  // namespace

DnsAnswer ParseDnsAnswer(std::span<const uint8_t> message, IpAddress::Family family) {
  Cursor cursor(message);
  cursor.Take(2);  // the number of the question
  const int code = static_cast<int>(cursor.TakeNumber(2) & 0xf);
  const uint32_t questions = cursor.TakeNumber(2);
  const uint32_t answers = cursor.TakeNumber(2);
  const uint32_t authorities = cursor.TakeNumber(2);
  cursor.Take(2);  // the count of the additional records, which come last
  for (uint32_t i = 0; i < questions && cursor.ok(); ++i) {
    cursor.SkipName();
    cursor.Take(4);
  }
  DnsAnswer result;
  std::optional<Duration> negative_ttl;
  for (uint32_t i = 0; i < answers + authorities && cursor.ok(); ++i) {
    const Record record = TakeRecord(cursor);
    if (!cursor.ok() || record.record_class != kClassInternet) continue;
    if (i >= answers) {
      if (record.type == kTypeSoa) negative_ttl = NegativeTtlOf(record);
      continue;
    }
    if (record.type == kTypeCname) Shorten(result.ttl, record.ttl);
    const std::optional<IpAddress> address = AddressOf(record, family);
    if (!address || result.addresses.size() == kMaxAddressesPerAnswer) continue;
    Shorten(result.ttl, record.ttl);
    result.addresses.push_back(*address);
  }
  if (!cursor.ok()) return {.failure = ResolveFailure::kMalformed, .addresses = {}, .ttl = {}};
  if (code != kNoError && code != kNameError) {
    return {.failure = ResolveFailure::kServerFailure, .addresses = {}, .ttl = {}};
  }
  if (code == kNameError || result.addresses.empty()) {
    return {.failure = ResolveFailure::kNotFound, .addresses = {}, .ttl = negative_ttl};
  }
  return result;
}

std::string_view ToToken(ResolveFailure failure) {
  switch (failure) {
    case ResolveFailure::kNone:
      return "none";
    case ResolveFailure::kNotFound:
      return "not_found";
    case ResolveFailure::kMalformed:
      return "malformed";
    case ResolveFailure::kServerFailure:
      return "server_failure";
    case ResolveFailure::kTimedOut:
      return "timed_out";
    case ResolveFailure::kTooMany:
      return "too_many";
    case ResolveFailure::kCancelled:
      return "cancelled";
  }
  return "error";
}

}  // namespace culvert::net
