#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dart::sim {

/// A node starts, or ends without a word.
struct ChurnEvent {
  std::int64_t at_us = 0;  ///< since the first nodes have joined
  std::uint32_t node = 0;  ///< numbered by their first start
  bool up = false;
};

/// When which node is there, in order of time. At every moment somebody is.
struct ChurnTrace {
  /// So many nodes, from 0 on, are there at the start.
  std::uint32_t first = 0;
  std::uint32_t nodes = 0;
  std::vector<ChurnEvent> events;

  [[nodiscard]] bool empty() const { return first == 0; }
};

/// Reads lines `seconds,node,up` or `seconds,node,down` in order of time; the node is any name without a
/// comma. The first lines bring nodes up at 0 seconds. Empty lines and lines that begin with # are skipped.
/// An error names the line.
[[nodiscard]] Result<ChurnTrace> read_churn_trace(std::string_view text);

}  // namespace dart::sim
