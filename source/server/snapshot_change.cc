#include "source/server/snapshot_change.h"

#include <algorithm>

namespace culvert::server {

bool SameConfig(const Snapshot& before, const ListenerSnapshot& listener_before,
                const Snapshot& after, const ListenerSnapshot& listener_after) {
  if (listener_before.built_from.config != listener_after.built_from.config) return false;
  if (before.access_log_digest != after.access_log_digest) return false;
  const auto same_cluster = [&](const auto& cluster) {
    const auto was = before.cluster_digests.find(cluster->name());
    const auto is = after.cluster_digests.find(cluster->name());
    return was != before.cluster_digests.end() && is != after.cluster_digests.end() &&
           was->second == is->second;
  };
  const auto same_provider = [&](const auto& provider) {
    const std::string name(provider->name());
    const auto was = before.providers_built_from.find(name);
    const auto is = after.providers_built_from.find(name);
    return was != before.providers_built_from.end() && is != after.providers_built_from.end() &&
           was->second.config == is->second.config;
  };
  return std::ranges::all_of(listener_after.built_from.clusters, same_cluster) &&
         std::ranges::all_of(listener_after.built_from.identity_providers, same_provider);
}

}  // namespace culvert::server
