#pragma once

#include <vector>

#include "plan/plan.hpp"
#include "support/row_bag.hpp"

namespace dart::support {

/// Whether a row stands before another by ORDER BY's keys alone.
[[nodiscard]] inline bool sorts_before(const std::vector<plan::SortKey>& order, const Cells& a,
                                       const Cells& b) {
  for (const plan::SortKey& key : order) {
    const columnar::Value& x = a[key.column];
    const columnar::Value& y = b[key.column];
    if (x.is_null() && y.is_null()) continue;
    if (x.is_null() || y.is_null()) return x.is_null() == key.nulls_first;
    const auto order_here = compare(x, y);
    if (order_here != 0) return key.descending ? order_here > 0 : order_here < 0;
  }
  return false;
}

}  // namespace dart::support
