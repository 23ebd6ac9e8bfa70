#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "node/node_core.hpp"

namespace dart::runtime {

/// What happened at the machines of a node since it started, by name.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counters_of(const node::NodeCore& core);

}  // namespace dart::runtime
