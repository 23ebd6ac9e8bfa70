#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "support/row_bag.hpp"

namespace dart::support {

/// A script over one table `t` that writes one sink `out`, and the rows of `t`.
struct RandomQuery {
  std::string sql;
  std::string emit;         ///< "changes", "on_change", "window_close" or "final"
  std::vector<Cells> rows;  ///< all columns of t; an empty one is a bad row
};

/// Random views over views over `t`: filters, projections, windows, groups, joins, top-N and the rest of the
/// dialect, with an emission at the end. Most are legal; some are refused for a reason (an order that is not
/// there).
[[nodiscard]] RandomQuery random_query(std::uint64_t seed);

}  // namespace dart::support
