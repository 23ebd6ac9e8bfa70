#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dart::engine {

/// What the pick policy knows of one instance.
struct InstanceLoad {
  bool available = false;       ///< has something to do, is not running, and what it feeds has room
  std::size_t pending = 0;      ///< rows and messages waiting in its mailbox; a source has none
  std::uint64_t last_turn = 0;  ///< number of its last turn; 0: never had one
};

/// The instance that a free worker takes: the one with the most pending work (EdgeWise's congestion-aware
/// policy, ATC '19). Equals, and so sources among themselves, take turns: the one whose last turn is longest
/// ago. A source is read only when no mailbox waits, which keeps queues short.
[[nodiscard]] inline std::optional<std::size_t> pick(std::span<const InstanceLoad> loads) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (!loads[i].available) continue;
    if (!best || loads[i].pending > loads[*best].pending ||
        (loads[i].pending == loads[*best].pending && loads[i].last_turn < loads[*best].last_turn)) {
      best = i;
    }
  }
  return best;
}

}  // namespace dart::engine
