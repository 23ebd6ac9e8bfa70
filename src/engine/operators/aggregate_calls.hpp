#pragma once

#include <span>
#include <vector>

#include "engine/aggregate_states.hpp"
#include "plan/plan.hpp"

namespace dart::engine {

/// The calls of a plan node as the state layout wants them.
[[nodiscard]] std::vector<AggregateInput> aggregate_inputs(std::span<const plan::AggregateCall> calls);
[[nodiscard]] std::vector<columnar::LogicalType> result_types(const AggregateLayout& layout);

/// Why an aggregate's result became NULL: the counter's reason.
inline constexpr const char* kResultOutOfRange = "aggregate result out of range";

}  // namespace dart::engine
