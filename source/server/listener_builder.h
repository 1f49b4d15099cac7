// Builds the listeners of a config, one at a time, and notes what each of them is made from. Lives
// as long as the build. Main thread.
#ifndef CULVERT_SOURCE_SERVER_LISTENER_BUILDER_H_
#define CULVERT_SOURCE_SERVER_LISTENER_BUILDER_H_

#include <memory>
#include <string>
#include <vector>

#include "source/access_log/logger.h"
#include "source/filter/build_context.h"
#include "source/server/snapshot.h"
#include "source/server/snapshot_builder.h"

namespace culvert::server {

using Loggers = std::vector<std::shared_ptr<const access_log::AccessLogger>>;

class ListenerBuilder final : public filter::BuildEnvironment {
 public:
  // `snapshot` has clusters and identity providers already, and gains files.
  ListenerBuilder(Snapshot& snapshot, ProcessServices& services, Findings& findings)
      : snapshot_(snapshot), services_(services), findings_(findings) {}

  // The loggers of an `access_log` list at `path`; errors are appended.
  Loggers OpenLogs(const google::protobuf::RepeatedPtrField<config::v1::AccessLog>& logs,
                   const std::string& path);

  // Of no use after errors were appended. `path` is that of the listener: `listeners[0]`; `digest`
  // that of its config. `process_loggers` are for one that has none of its own.
  ListenerSnapshotPtr Build(const config::v1::Listener& config, const net::SocketAddress& address,
                            const std::string& path, const MessageDigest& digest,
                            const Loggers& process_loggers);

  stats::Registry& stats() override { return services_.stats; }
  uint32_t workers() const override { return services_.stats.workers(); }
  const std::string& base_directory() const override { return snapshot_.base_directory; }
  std::shared_ptr<upstream::Cluster> FindCluster(std::string_view name) override;
  identity::IdentityProviderPtr FindIdentityProvider(std::string_view name) override;
  std::shared_ptr<identity::CredentialVerifier> credential_verifier() override {
    return services_.verifier;
  }
  tls::TicketKeyStore& ticket_keys() override { return services_.ticket_keys; }
  filter::AdminGate* admin_gate() override { return services_.admin_gate; }
  void AddWarning(FieldError warning) override;
  void NoteCertificate(filter::CertificateFacts facts) override;
  void NoteFile(const std::string& path) override;

 private:
  void SetUpLimits(const config::v1::Listener& config);
  void BuildChains(const config::v1::Listener& config, const std::string& path);
  filter::ChainPtr Chain(const google::protobuf::RepeatedPtrField<config::v1::Filter>& filters,
                         const std::string& path);
  void SetUpContext(const Loggers& loggers);
  // From the path of a field to where it is in the listener that is being built.
  void MakeRelative(std::string& path) const;

  Snapshot& snapshot_;
  ProcessServices& services_;
  Findings& findings_;
  // What is being built.
  std::shared_ptr<ListenerSnapshot> listener_;
  std::string listener_path_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_LISTENER_BUILDER_H_
