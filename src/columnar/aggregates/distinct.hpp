#pragma once

#include <vector>

#include "columnar/aggregate.hpp"

namespace dart::columnar {

/// The aggregate over the different values (or combinations of values) of its arguments: it keeps how often
/// each is there, and hands one on when it comes and takes it back when the last one goes. Without an order:
/// what needs positions sees all rows at one place.
[[nodiscard]] BoundAggregate distinct_of(BoundAggregate inner, std::vector<LogicalType> types);

}  // namespace dart::columnar
