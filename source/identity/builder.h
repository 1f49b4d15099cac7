// Makes the identity providers of a config: reads their files and passwords and reports all that is
// wrong. For set-up code on the main thread.
#ifndef CULVERT_SOURCE_IDENTITY_BUILDER_H_
#define CULVERT_SOURCE_IDENTITY_BUILDER_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/base/field_error.h"
#include "source/identity/provider.h"

namespace culvert::identity {

using ProviderMap = std::map<std::string, IdentityProviderPtr, std::less<>>;
// The provider that was made from such a config before and can serve on, with all that it has
// learnt; null: there is none.
using KeptProvider = std::function<IdentityProviderPtr(const config::v1::IdentityProvider&)>;

// By name. Relative file names start at `base_directory`. Every error is appended to `errors`; if
// there is one the map lacks the providers concerned and is not to be used.
ProviderMap BuildProviders(const config::v1::Config& config, std::string_view base_directory,
                           std::vector<FieldError>& errors, const KeptProvider& kept = nullptr);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_BUILDER_H_
