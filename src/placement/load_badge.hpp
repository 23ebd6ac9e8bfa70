#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "placement/load.hpp"

namespace dart::placement {

/// A machine's load as its heartbeats carry it: at most overlay::limits::kBadgeBytes.
[[nodiscard]] std::string badge_of(const Load& load);
/// Nothing when it is no such badge: a newer or an older node shows another.
[[nodiscard]] std::optional<Load> load_of_badge(std::string_view badge);

}  // namespace dart::placement
