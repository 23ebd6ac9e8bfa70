#pragma once

#include <string_view>

namespace dart::apps {

/// "dart 0.1.0".
[[nodiscard]] std::string_view version_line();

}  // namespace dart::apps
