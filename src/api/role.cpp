#include "api/role.hpp"

namespace dart::api {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::Anyone:
      return "anyone";
    case Role::Viewer:
      return "viewer";
    case Role::Operator:
      return "operator";
    case Role::Admin:
      return "admin";
  }
  return "unknown";
}

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : {Role::Viewer, Role::Operator, Role::Admin}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

}  // namespace dart::api
