#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dart::api {

/// What a client may do; each role may also do what those before it may.
enum class Role : std::uint8_t {
  Anyone = 0,    ///< also without a token
  Viewer = 1,    ///< looks
  Operator = 2,  ///< submits, changes and drops queries
  Admin = 3,     ///< writes the records of the ring themselves
};

[[nodiscard]] std::string_view name_of(Role role);
/// Of "viewer", "operator" and "admin".
[[nodiscard]] std::optional<Role> role_of(std::string_view name);

}  // namespace dart::api
