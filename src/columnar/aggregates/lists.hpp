#pragma once

#include <span>

#include "columnar/aggregate.hpp"

/// The families of aggregates, one file each; `catalogue.cpp` joins them.
namespace dart::columnar {

[[nodiscard]] std::span<const AggregateFunction> count_aggregates();
[[nodiscard]] std::span<const AggregateFunction> sum_aggregates();
[[nodiscard]] std::span<const AggregateFunction> extreme_aggregates();
[[nodiscard]] std::span<const AggregateFunction> percentile_aggregates();
[[nodiscard]] std::span<const AggregateFunction> placed_aggregates();
[[nodiscard]] std::span<const AggregateFunction> deviation_aggregates();
[[nodiscard]] std::span<const AggregateFunction> regression_aggregates();
[[nodiscard]] std::span<const AggregateFunction> boolean_aggregates();

}  // namespace dart::columnar
