#pragma once

#include <string>
#include <vector>

#include "columnar/value.hpp"

namespace dart::support {

using Cells = std::vector<columnar::Value>;

/// Lexicographic by columnar::compare: NULL last, NaN after all numbers.
struct CellsLess {
  bool operator()(const Cells& a, const Cells& b) const;
};

/// Exact for every type except doubles (1e-9 relative) and numerics of 16 or more digits behind the point,
/// whose last digits may differ (1e-12 relative).
[[nodiscard]] bool nearly_equal(const columnar::Value& a, const columnar::Value& b);
[[nodiscard]] bool nearly_equal(const Cells& a, const Cells& b);

/// Same rows with the same multiplicities, in any order.
[[nodiscard]] bool same_bag(const std::vector<Cells>& a, const std::vector<Cells>& b);

/// "(1, a, NULL)"
[[nodiscard]] std::string to_string(const Cells& row);
/// Sorted, one row a line.
[[nodiscard]] std::string to_string(const std::vector<Cells>& rows);

/// What one bag has and the other has not, a row a line, the first few.
[[nodiscard]] std::string difference(const std::vector<Cells>& expected, const std::vector<Cells>& got);

}  // namespace dart::support
