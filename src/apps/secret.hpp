#pragma once

#include <string>

#include "base/result.hpp"

namespace dart::apps {

/// What "${env:NAME}" or "${file:PATH}" stands for; the end of a file's last line is no part of it. A secret
/// itself is refused: it would stand in the list of processes. A file that others than its owner may read is
/// refused, too.
[[nodiscard]] Result<std::string> resolve_secret(const std::string& reference);

}  // namespace dart::apps
