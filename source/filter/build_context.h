// What a factory may use while a config is being built: on the main thread, off the data path.
// Errors are collected, so that a user sees all of them at once. Not to be kept: it is gone when
// the build is over.
#ifndef CULVERT_SOURCE_FILTER_BUILD_CONTEXT_H_
#define CULVERT_SOURCE_FILTER_BUILD_CONTEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/culvert/config/v1/data_source.pb.h"
#include "source/base/field_error.h"
#include "source/filter/certificate_facts.h"
#include "source/identity/provider.h"
#include "source/stats/registry.h"

namespace culvert::identity {
class CredentialVerifier;
}
namespace culvert::tls {
class TicketKeyStore;
}
namespace culvert::upstream {
class Cluster;
}

namespace culvert::filter {

class AdminGate;

// What is the same for all filters of a build.
class BuildEnvironment {
 public:
  virtual ~BuildEnvironment() = default;
  virtual stats::Registry& stats() = 0;
  virtual uint32_t workers() const = 0;
  // Relative file names start here.
  virtual const std::string& base_directory() const = 0;
  // Null if the config has none of that name; the loader has reported that already.
  virtual std::shared_ptr<upstream::Cluster> FindCluster(std::string_view name) = 0;
  virtual identity::IdentityProviderPtr FindIdentityProvider(std::string_view name) = 0;
  // Hashes passwords off the event loops. Shared by the process.
  virtual std::shared_ptr<identity::CredentialVerifier> credential_verifier() = 0;
  // The keys of session tickets, which outlive the config.
  virtual tls::TicketKeyStore& ticket_keys() = 0;
  // The way into the admin API; null in a process that has none.
  virtual AdminGate* admin_gate() = 0;

  // What a build finds out, for BuildContext, which has friendlier forms of these. Paths start at
  // the root of the config.
  virtual void AddWarning(FieldError warning) = 0;
  virtual void NoteCertificate(CertificateFacts facts) = 0;
  // The content of the file at `path` is about to be read, and is a part of the config: when the
  // file changes, what is being built here has to be built again.
  virtual void NoteFile(const std::string& path) = 0;
};

class BuildContext {
 public:
  BuildContext(BuildEnvironment& environment, std::string path, std::string listener,
               std::vector<FieldError>& errors)
      : environment_(environment),
        path_(std::move(path)),
        listener_(std::move(listener)),
        errors_(errors) {}

  BuildEnvironment& environment() { return environment_; }
  // The name of the listener that the filter belongs to, for the labels of counters.
  const std::string& listener() const { return listener_; }

  // `field` is relative to the filter's config: `certificates[0].private_key`; empty for the filter
  // itself. The message says what is wrong and what to do.
  void AddError(std::string_view field, std::string message);
  bool has_errors() const { return failed_; }
  // As AddError, of what works but is hardly meant: the config is taken, its author is told.
  void AddWarning(std::string_view field, std::string message);

  // The config uses this certificate at `field`.
  void NoteCertificate(std::string_view field, CertificateFacts facts);

  // The data of a data source; nothing, after an error was reported for `field`, if it cannot be
  // had. A file is noted: when it changes, the filter is built again.
  std::optional<std::string> Read(std::string_view field, const config::v1::DataSource& source);

  // A counter with the label `listener`.
  stats::Counter& Counter(std::string_view name, std::string_view help, stats::Labels labels = {});

 private:
  std::string PathOf(std::string_view field) const;

  BuildEnvironment& environment_;
  std::string path_;
  std::string listener_;
  std::vector<FieldError>& errors_;
  bool failed_ = false;
};

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_BUILD_CONTEXT_H_
