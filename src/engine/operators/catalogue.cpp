#include "engine/operators/catalogue.hpp"

#include <algorithm>

#include "plan/arrival_order.hpp"
#include "plan/unique_key.hpp"

namespace dart::engine {

namespace {

std::vector<columnar::LogicalType> types_of(const plan::Schema& schema) {
  std::vector<columnar::LogicalType> types;
  for (const plan::Column& column : schema) types.push_back(column.type);
  return types;
}

Made make_aggregate_kind(const NodeContext& context) {
  return context.kind<plan::Aggregate>().window ? make_window_aggregate(context) : make_aggregate(context);
}

Made make_top_n_kind(const NodeContext& context) {
  const auto& top = context.kind<plan::TopN>();
  const bool newest = plan::newest_by(context.plan, top, context.node().inputs[0].node).has_value();
  return newest ? make_newest(context) : make_top_n(context);
}

Made make_join_kind(const NodeContext& context) {
  const bool keyed =
      plan::unique_key(context.plan, context.id).has_value() && context.kind<plan::Join>().conditions.empty();
  return keyed ? make_keyed_join(context) : make_join(context);
}

Made make_emit(const NodeContext& context) {
  const bool weighted = context.input(0).weighted;
  switch (context.kind<plan::Emit>().mode) {
    case plan::EmitMode::Changes:
      return weighted ? make_emit_changes(context) : make_pass(context);
    case plan::EmitMode::WindowClose:
      return make_pass(context);
    case plan::EmitMode::OnChange:
      return make_emit_on_change(context);
    case plan::EmitMode::Final:
      break;
  }
  return make_emit_final(context);
}

/// The list: one maker per alternative of plan::NodeKind, in its order.
constexpr Made (*kMakers[])(const NodeContext&) = {
    make_scan,         make_filter,         make_project,    make_window_assign, make_sliding,
    make_count_window, make_aggregate_kind, make_top_n_kind, make_over,          make_join_kind,
    make_union_all,    make_expand,         make_limit,      make_emit,          make_sink,
};
static_assert(std::size(kMakers) == std::variant_size_v<plan::NodeKind>);

}  // namespace

std::vector<columnar::LogicalType> NodeContext::input_types(std::size_t port) const {
  return types_of(input(port).schema);
}

std::vector<columnar::LogicalType> NodeContext::input_types(std::size_t port,
                                                            const std::vector<std::uint32_t>& columns) const {
  std::vector<columnar::LogicalType> types;
  for (const std::uint32_t column : columns) types.push_back(input(port).schema[column].type);
  return types;
}

std::vector<std::uint32_t> NodeContext::other_columns(std::size_t port,
                                                      const std::vector<std::uint32_t>& columns) const {
  std::vector<std::uint32_t> others;
  for (std::uint32_t c = 0; c < input(port).schema.size(); ++c) {
    if (std::find(columns.begin(), columns.end(), c) == columns.end()) others.push_back(c);
  }
  return others;
}

std::vector<columnar::LogicalType> NodeContext::output_types() const { return types_of(node().schema); }

Result<std::unique_ptr<Operator>> make_operator(const NodeContext& context) {
  return kMakers[context.node().kind.index()](context);
}

}  // namespace dart::engine
