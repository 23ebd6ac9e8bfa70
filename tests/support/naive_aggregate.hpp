#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/row_bag.hpp"

namespace dart::support {

/// What one aggregate takes in for one row, FILTER already applied.
struct AggregateInput {
  Cells arguments;
  std::int64_t position = 0;  ///< orders first, last and string_agg
};

/// An aggregate computed from nothing but its rows, by the textbook; aborts on a name it does not know.
/// `direct` are the constant arguments (percentile_cont's fraction).
[[nodiscard]] columnar::Value naive_aggregate(const std::string& name, const Cells& direct, bool distinct,
                                              columnar::LogicalType result, std::vector<AggregateInput> rows);

}  // namespace dart::support
