#pragma once

#include <cstdint>

#include "sim/ring_truth.hpp"
#include "sim/world.hpp"

namespace dart::sim {

/// Places of routing tables: those that some live node could fill, and of these the empty ones and the ones
/// that name a node which is not there.
struct TableFill {
  std::uint64_t fillable = 0;
  std::uint64_t empty = 0;
  std::uint64_t stale = 0;
};

/// Compares the tables of at most `sample` nodes, evenly spread over the circle, with the sorted list. Rows
/// in which nobody else stands are left out.
[[nodiscard]] TableFill table_fill(const World& world, const RingTruth& truth, std::size_t sample);

}  // namespace dart::sim
