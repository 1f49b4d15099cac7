#include "source/server/snapshot_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/base/data_source.h"
#include "source/base/status.h"
#include "source/server/listener_builder.h"

namespace culvert::server {
namespace {

class Builder {
 public:
  Builder(config::v1::Config config, const std::string& base_directory, const Snapshot* before,
          ProcessServices& services, Findings& findings)
      : before_(before), services_(services), findings_(findings) {
    snapshot_->config = std::move(config);
    snapshot_->base_directory = base_directory;
  }

  SnapshotPtr Build() {
    const size_t errors_before = findings_.errors.size();
    BuildIdentityProviders();
    BuildClusters();
    BuildListeners();
    std::erase_if(services_.limits, [](const auto& item) { return item.second.expired(); });
    return findings_.errors.size() == errors_before ? snapshot_ : nullptr;
  }

 private:
  const config::v1::Config& config() const { return snapshot_->config; }
  bool same_directory() const {
    return before_ != nullptr && before_->base_directory == snapshot_->base_directory;
  }

  void BuildIdentityProviders() {
    for (const config::v1::IdentityProvider& provider : config().identity_providers()) {
      BuiltFrom& from = snapshot_->providers_built_from[provider.name()];
      from.config = DigestOf(provider, scratch_);
      for (const config::v1::User& user : provider.users().users()) {
        if (!user.password().has_filename()) continue;
        const std::string file =
            ResolveFilename(user.password().filename(), snapshot_->base_directory);
        from.files.try_emplace(file, CurrentFingerprint(file, snapshot_->files));
      }
    }
    snapshot_->identity_providers = identity::BuildProviders(
        config(), snapshot_->base_directory, findings_.errors,
        [this](const auto& provider) { return KeptProvider(provider.name()); });
  }

  identity::IdentityProviderPtr KeptProvider(const std::string& name) const {
    if (!same_directory()) return nullptr;
    const auto from = before_->providers_built_from.find(name);
    if (from == before_->providers_built_from.end()) return nullptr;
    const BuiltFrom& now = snapshot_->providers_built_from.at(name);
    if (from->second.config != now.config || from->second.files != now.files) return nullptr;
    return before_->identity_providers.at(name);
  }

  void BuildClusters() {
    snapshot_->cluster_digests.reserve(config().clusters_size());
    for (int i = 0; i < config().clusters_size(); ++i) {
      const config::v1::Cluster& cluster = config().clusters(i);
      const MessageDigest digest = DigestOf(cluster, scratch_);
      auto made = KeptCluster(cluster.name(), digest);
      if (!made) {
        made = upstream::Cluster::Create(cluster, fmt::format("clusters[{}]", i), services_.stats,
                                         findings_.errors);
      }
      if (!made) continue;
      snapshot_->cluster_digests.emplace(cluster.name(), digest);
      snapshot_->clusters.emplace(cluster.name(), std::move(made));
    }
  }

  std::shared_ptr<upstream::Cluster> KeptCluster(const std::string& name,
                                                 const MessageDigest& digest) const {
    if (before_ == nullptr) return nullptr;
    const auto known = before_->cluster_digests.find(name);
    if (known == before_->cluster_digests.end() || known->second != digest) return nullptr;
    return before_->clusters.at(name);
  }

  void BuildListeners() {
    config::v1::Config logs_alone;
    *logs_alone.mutable_access_log() = config().access_log();
    snapshot_->access_log_digest = DigestOf(logs_alone, scratch_);
    if (same_directory()) {
      for (const ListenerSnapshotPtr& listener : before_->listeners) {
        listeners_before_.emplace(listener->name, &listener);
      }
    }
    ListenerBuilder builder(*snapshot_, services_, findings_);
    const Loggers loggers = builder.OpenLogs(config().access_log(), "access_log");
    for (int i = 0; i < config().listeners_size(); ++i) {
      const config::v1::Listener& listener = config().listeners(i);
      const std::string path = fmt::format("listeners[{}]", i);
      const net::SocketAddress address = AddressOf(listener, path);
      const MessageDigest digest = DigestOf(listener, scratch_);
      ListenerSnapshotPtr made = KeptListener(listener, path, digest);
      if (!made) made = builder.Build(listener, address, path, digest, loggers);
      snapshot_->listeners.push_back(std::move(made));
    }
  }

  net::SocketAddress AddressOf(const config::v1::Listener& config, const std::string& path) {
    const auto error = [&](std::string_view message) {
      findings_.errors.push_back({path + ".address", std::string(message)});
    };
    const auto address = net::SocketAddress::Parse(config.address());
    if (!address.ok()) {
      error(Message(address.status()));
      return {};
    }
    const auto [first, is_first] = listener_at_.emplace(address->ToString(), config.name());
    if (!is_first) error(fmt::format("listener '{}' has this address already", first->second));
    return *address;
  }

  ListenerSnapshotPtr KeptListener(const config::v1::Listener& config, const std::string& path,
                                   const MessageDigest& digest) {
    const auto known = listeners_before_.find(config.name());
    if (known == listeners_before_.end()) return nullptr;
    const ListenerSnapshotPtr& listener = *known->second;
    if (listener->built_from.config != digest) return nullptr;
    if (config.access_log().empty() && snapshot_->access_log_digest != before_->access_log_digest) {
      return nullptr;
    }
    if (!Holds(listener->built_from)) return nullptr;
    for (const FieldError& warning : listener->warnings) {
      findings_.warnings.push_back({fmt::format("{}.{}", path, warning.path), warning.message});
    }
    return listener;
  }

  // Whether each of `wanted` is what its name stands for in `things`.
  template <class Wanted, class Things>
  static bool AllIn(const std::vector<Wanted>& wanted, const Things& things) {
    return std::ranges::all_of(wanted, [&things](const Wanted& one) {
      const auto found = things.find(one->name());
      return found != things.end() && found->second == one;
    });
  }

  // Whether all that a listener refers to is still the same.
  bool Holds(const BuiltFrom& from) {
    return AllIn(from.clusters, snapshot_->clusters) &&
           AllIn(from.identity_providers, snapshot_->identity_providers) &&
           std::ranges::all_of(from.files, [this](const auto& file) {
             return CurrentFingerprint(file.first, snapshot_->files) == file.second;
           });
  }

  const Snapshot* const before_;
  ProcessServices& services_;
  Findings& findings_;
  const std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
  std::unordered_map<std::string_view, const ListenerSnapshotPtr*> listeners_before_;
  std::unordered_map<std::string, std::string> listener_at_;  // names by address
  std::string scratch_;
};

}  // namespace

SnapshotPtr BuildSnapshot(config::v1::Config config, const std::string& base_directory,
                          const Snapshot* before, ProcessServices& services, Findings& findings) {
  return Builder(std::move(config), base_directory, before, services, findings).Build();
}

}  // namespace culvert::server
