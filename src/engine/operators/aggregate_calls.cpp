#include "engine/operators/aggregate_calls.hpp"

namespace dart::engine {

std::vector<AggregateInput> aggregate_inputs(std::span<const plan::AggregateCall> calls) {
  std::vector<AggregateInput> inputs;
  for (const plan::AggregateCall& call : calls) {
    inputs.push_back({call.bound, call.arguments, call.filter, call.position});
  }
  return inputs;
}

std::vector<columnar::LogicalType> result_types(const AggregateLayout& layout) {
  std::vector<columnar::LogicalType> types;
  for (const AggregateInput& call : layout.calls()) types.push_back(call.bound.result);
  return types;
}

}  // namespace dart::engine
