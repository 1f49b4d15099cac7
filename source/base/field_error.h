// One thing that is wrong with a config: which field, and what to do about it. Loading collects
// them all before it gives up. A plain value; any thread.
#ifndef CULVERT_SOURCE_BASE_FIELD_ERROR_H_
#define CULVERT_SOURCE_BASE_FIELD_ERROR_H_

#include <string>

namespace culvert {

struct FieldError {
  // From the root of the config, as the file spells it: `identity_providers[0].htpasswd.filename`.
  std::string path;
  // The fact, then the remedy. Never a secret.
  std::string message;

  friend bool operator==(const FieldError&, const FieldError&) = default;
};

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_FIELD_ERROR_H_
