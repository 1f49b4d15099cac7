#include "source/identity/htpasswd_provider.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "source/base/data_source.h"
#include "source/base/status.h"

namespace culvert::identity {
namespace {

int64_t Nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

}  // namespace

HtpasswdProvider::Table::Table(std::vector<HtpasswdEntry> users) : entries(std::move(users)) {
  index.reserve(entries.size());
  for (const HtpasswdEntry& entry : entries) index.emplace(entry.name, &entry);
}

const HtpasswdEntry* HtpasswdProvider::Table::Find(std::string_view user) const {
  const auto found = index.find(user);
  return found == index.end() ? nullptr : found->second;
}

HtpasswdProvider::HtpasswdProvider(std::string name, std::string path,
                                   std::vector<std::string> groups)
    : name_(std::move(name)),
      path_(std::move(path)),
      groups_(std::move(groups)),
      hash_(KeyedHash::Random()) {}

std::shared_ptr<HtpasswdProvider> HtpasswdProvider::Load(std::string name, std::string path,
                                                         std::vector<std::string> groups,
                                                         std::vector<std::string>& errors) {
  std::shared_ptr<HtpasswdProvider> provider(
      new HtpasswdProvider(std::move(name), std::move(path), std::move(groups)));
  provider->stamp_ = StampOf(provider->path_);
  return provider->Read(errors) ? provider : nullptr;
}

bool HtpasswdProvider::Knows(std::string_view user) const { return table()->Find(user) != nullptr; }

CheckResult HtpasswdProvider::Verify(std::string_view user, std::string_view password,
                                     HashScratch& scratch) const {
  const std::shared_ptr<const Table> table = this->table();
  const HtpasswdEntry* known = table->Find(user);
  if (known == nullptr) {
    // As slow as one of the users is, and always the same one for this name: asking again tells
    // nothing.
    if (!table->entries.empty()) {
      const size_t stand_in = hash_.NumberOf(user) % table->entries.size();
      VerifyPassword(table->entries[stand_in].hash, password, scratch);
    }
    return {.outcome = CheckOutcome::kUnknownUser, .identity = {}};
  }
  switch (VerifyPassword(known->hash, password, scratch)) {
    case HashMatch::kYes:
      return {.outcome = CheckOutcome::kOk,
              .identity = {.name = known->name, .groups = groups_, .provider = name_}};
    case HashMatch::kNo:
      return {.outcome = CheckOutcome::kWrongPassword, .identity = {}};
    case HashMatch::kError:
      break;
  }
  return {.outcome = CheckOutcome::kError, .identity = {}};
}

absl::StatusOr<bool> HtpasswdProvider::ReloadIfChanged() {
  const std::lock_guard lock(reload_mutex_);
  // Taken before reading: a change during the read is seen next time.
  const Stamp stamp = StampOf(path_);
  if (stamp == stamp_) return false;
  stamp_ = stamp;
  std::vector<std::string> errors;
  if (Read(errors)) return true;
  return InvalidArgument(fmt::format("{}", fmt::join(errors, "; ")));
}

HtpasswdProvider::Stamp HtpasswdProvider::StampOf(const std::string& path) {
  struct stat facts;
  if (::stat(path.c_str(), &facts) != 0) return {};
  return {.device = facts.st_dev,
          .inode = facts.st_ino,
          .size = facts.st_size,
          .modified_ns = Nanoseconds(facts.st_mtim),
          .changed_ns = Nanoseconds(facts.st_ctim)};
}

bool HtpasswdProvider::Read(std::vector<std::string>& errors) {
  const absl::StatusOr<std::string> text = ReadFile(path_, kMaxHtpasswdSize);
  if (!text.ok()) {
    errors.emplace_back(Message(text.status()));
    return false;
  }
  HtpasswdFile file = ParseHtpasswd(*text);
  for (const HtpasswdError& error : file.errors) {
    errors.push_back(fmt::format("{}:{}: {}", path_, error.line, error.message));
  }
  if (!file.errors.empty()) return false;
  auto fresh = std::make_shared<const Table>(std::move(file.entries));
  {
    const std::lock_guard lock(table_mutex_);
    table_.swap(fresh);
  }
  // After the table: who has seen the new number checks against the new users.
  generation_.store(RandomNumber(), std::memory_order_release);
  return true;
}

std::shared_ptr<const HtpasswdProvider::Table> HtpasswdProvider::table() const {
  const std::lock_guard lock(table_mutex_);
  return table_;
}

}  // namespace culvert::identity
