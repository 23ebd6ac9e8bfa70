#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dart::api {

/// A part of a path, with its %XX decoded.
[[nodiscard]] std::string percent_decoded(std::string_view coded);
/// The value of one field of a query, with %XX and + decoded; nothing when it is not there.
[[nodiscard]] std::optional<std::string> field_of(std::string_view query, std::string_view name);

}  // namespace dart::api
