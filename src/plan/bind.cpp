#include "plan/bind.hpp"

#include <fmt/core.h>

#include <utility>

#include "plan/divided_aggregate.hpp"

namespace dart::plan {

namespace {

Result<columnar::BoundAggregate> bind_call(const Schema& input, const std::string& name,
                                           const std::vector<columnar::Value>& direct,
                                           const std::vector<std::uint32_t>& arguments, bool distinct,
                                           bool retracting) {
  std::vector<columnar::LogicalType> types;
  std::vector<const columnar::Value*> constants;
  for (const columnar::Value& value : direct) {
    types.push_back(value.type());
    constants.push_back(&value);
  }
  for (const std::uint32_t column : arguments) {
    if (column >= input.size()) return fail(ErrorCode::Data, fmt::format("{} of column {}", name, column));
    types.push_back(input[column].type);
    constants.push_back(nullptr);
  }
  DART_TRY(columnar::ResolvedAggregate resolved,
           columnar::resolve_aggregate(name, types, constants, distinct, retracting));
  for (std::size_t i = direct.size(); i < types.size(); ++i) {
    if (i >= resolved.parameters.size() || resolved.parameters[i] != types[i]) {
      return fail(ErrorCode::Data, fmt::format("aggregate {} of other types than it takes", name));
    }
  }
  return std::move(resolved.bound);
}

}  // namespace

Status bind_calls(const Plan& plan, Node& node) {
  if (node.inputs.size() != 1) return {};
  const Node& input = plan.nodes[node.inputs.front().node];
  if (auto* aggregate = std::get_if<Aggregate>(&node.kind)) {
    if (aggregate->phase == AggregatePhase::Combine || aggregate->phase == AggregatePhase::Final) {
      return bind_states(plan, node);
    }
    for (AggregateCall& call : aggregate->calls) {
      DART_TRY(call.bound, bind_call(input.schema, call.name, call.direct, call.arguments, call.distinct,
                                     input.weighted));
    }
  }
  if (auto* over = std::get_if<Over>(&node.kind)) {
    for (OverCall& call : over->calls) {
      if (call.name == "row_number" || call.name == "lag") continue;
      DART_TRY(call.bound, bind_call(input.schema, call.name, call.direct, call.arguments, call.distinct,
                                     call.frame.preceding.has_value()));
    }
  }
  return {};
}

}  // namespace dart::plan
