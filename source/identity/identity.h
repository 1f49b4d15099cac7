// Who a client turned out to be. Made by an IdentityProvider, kept in the connection's context.
// A plain value; any thread.
#ifndef CULVERT_SOURCE_IDENTITY_IDENTITY_H_
#define CULVERT_SOURCE_IDENTITY_IDENTITY_H_

#include <string>
#include <vector>

namespace culvert::identity {

struct Identity {
  std::string name;
  std::vector<std::string> groups;
  // The name of the provider that knows the user.
  std::string provider;

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_IDENTITY_H_
