#include "source/identity/builder.h"

#include <fmt/format.h>

#include <utility>

#include "source/base/data_source.h"
#include "source/base/status.h"
#include "source/identity/htpasswd.h"
#include "source/identity/htpasswd_provider.h"
#include "source/identity/secret.h"
#include "source/identity/users_provider.h"

namespace culvert::identity {
namespace {

using config::v1::DataSource;

class Builder {
 public:
  Builder(std::string_view base_directory, std::vector<FieldError>& errors,
          const KeptProvider& kept)
      : base_directory_(base_directory), errors_(errors), kept_(kept) {}

  void Add(const config::v1::IdentityProvider& config, const std::string& path) {
    if (config.name().empty()) Error(path + ".name", "is required");
    if (const auto other = path_of_.try_emplace(config.name(), path); !other.second) {
      Error(path + ".name", fmt::format("'{}' is the name of {} already: names are unique",
                                        config.name(), other.first->second));
    }
    IdentityProviderPtr provider = kept_ ? kept_(config) : nullptr;
    if (!provider) provider = Make(config, path);
    if (provider) {
      providers_.try_emplace(config.name(), std::move(provider));
    }
  }

  ProviderMap Take() { return std::move(providers_); }

 private:
  void Error(std::string path, std::string_view message) {
    errors_.push_back({std::move(path), std::string(message)});
  }

  IdentityProviderPtr Make(const config::v1::IdentityProvider& config, const std::string& path) {
    switch (config.provider_case()) {
      case config::v1::IdentityProvider::kHtpasswd:
        return MakeHtpasswd(config.name(), config.htpasswd(), path + ".htpasswd");
      case config::v1::IdentityProvider::kUsers:
        return MakeUsers(config.name(), config.users(), path);
      case config::v1::IdentityProvider::PROVIDER_NOT_SET:
        break;
    }
    Error(path, "needs htpasswd or users");
    return nullptr;
  }

  IdentityProviderPtr MakeHtpasswd(const std::string& name, const config::v1::Htpasswd& config,
                                   const std::string& path) {
    if (config.filename().empty()) {
      Error(path + ".filename", "is required");
      return nullptr;
    }
    std::vector<std::string> messages;
    IdentityProviderPtr provider =
        HtpasswdProvider::Load(name, ResolveFilename(config.filename(), base_directory_),
                               {config.groups().begin(), config.groups().end()}, messages);
    for (const std::string& message : messages) Error(path + ".filename", message);
    return provider;
  }

  IdentityProviderPtr MakeUsers(const std::string& name, const config::v1::Users& config,
                                const std::string& path) {
    auto provider = std::make_shared<UsersProvider>(name);
    for (int i = 0; i < config.users_size(); ++i) {
      // As the short form spells it: the list is the provider.
      AddUser(config.users(i), fmt::format("{}.users[{}]", path, i), *provider);
    }
    return provider;
  }

  void AddUser(const config::v1::User& user, const std::string& path, UsersProvider& provider) {
    if (absl::Status status = ValidateUserName(user.name()); !status.ok()) {
      Error(path + ".name", Message(status));
    }
    absl::StatusOr<std::string> password = ReadPassword(user.password());
    if (!password.ok()) Error(path + ".password", Message(password.status()));
    const std::string_view text = password.ok() ? std::string_view(*password) : std::string_view();
    if (!provider.Add(user.name(), text, {user.groups().begin(), user.groups().end()})) {
      Error(path + ".name",
            fmt::format("'{}' is there already: a user has one password", user.name()));
    }
    if (password.ok()) Wipe(*password);
  }

  absl::StatusOr<std::string> ReadPassword(const DataSource& source) {
    absl::StatusOr<std::string> password = ReadDataSource(source, base_directory_);
    if (!password.ok()) return password;
    // Editors end a file with a line feed; nobody means it as a part of the password.
    if (source.has_filename() && password->ends_with('\n')) password->pop_back();
    if (source.has_filename() && password->ends_with('\r')) password->pop_back();
    absl::Status status = ValidatePassword(*password);
    if (status.ok()) return password;
    Wipe(*password);
    return status;
  }

  static absl::Status ValidatePassword(std::string_view password) {
    if (password.empty()) return InvalidArgument("the password is empty");
    if (HasControlCharacter(password)) {
      return InvalidArgument("the password holds a control character, such as a line break");
    }
    return absl::OkStatus();
  }

  const std::string_view base_directory_;
  std::vector<FieldError>& errors_;
  const KeptProvider& kept_;
  ProviderMap providers_;
  std::map<std::string, std::string> path_of_;
};

}  // namespace

ProviderMap BuildProviders(const config::v1::Config& config, std::string_view base_directory,
                           std::vector<FieldError>& errors, const KeptProvider& kept) {
  Builder builder(base_directory, errors, kept);
  for (int i = 0; i < config.identity_providers_size(); ++i) {
    builder.Add(config.identity_providers(i), fmt::format("identity_providers[{}]", i));
  }
  return builder.Take();
}

}  // namespace culvert::identity
