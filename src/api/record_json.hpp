#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace dart::api {

[[nodiscard]] bool is_utf8(std::string_view bytes);
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// With its padding, without anything else; nothing when it is something else.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// A record as JSON: `name`, `version`, `exists`, and, when it exists, `value` (text in UTF-8) or
/// `value_base64` (any other bytes).
[[nodiscard]] nlohmann::ordered_json record_json(std::string_view name, std::uint64_t version, bool exists,
                                                 std::string_view value);

/// The body of a change: `value` or `value_base64`; perhaps `expected`, `request` and `again`.
struct ChangeBody {
  std::string value;
  std::optional<std::uint64_t> expected;
  std::string request;
  bool again = false;
  std::optional<double> lifetime_s;  ///< of a soft record
};
/// The Error says what is wrong with it.
[[nodiscard]] Result<ChangeBody> parse_change(const std::string& body);

}  // namespace dart::api
