#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/world.hpp"

namespace dart::sim {

/// Brings a ring up: the machine 0 makes it, then `start(i)` starts the others as those before have joined,
/// at most max(8, joined / 8) at a time, until `nodes` have joined or an hour has passed. `joined` grows as
/// they do; `progress`, if there is one, is called each time.
void join_in_waves(World& world, std::uint32_t nodes, const std::vector<std::uint32_t>& joined,
                   const std::function<void(std::uint32_t)>& start,
                   const std::function<void()>& progress = nullptr);

}  // namespace dart::sim
