#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/connector.hpp"
#include "engine/operator.hpp"
#include "plan/plan.hpp"

namespace dart::engine {

/// What the maker of an operator may look at.
struct NodeContext {
  const plan::Plan& plan;
  plan::NodeId id;
  ConnectorFactory& connectors;

  [[nodiscard]] const plan::Node& node() const { return plan.nodes[id]; }
  template <class Kind>
  [[nodiscard]] const Kind& kind() const {
    return std::get<Kind>(node().kind);
  }
  [[nodiscard]] const plan::Node& input(std::size_t port) const {
    return plan.nodes[node().inputs[port].node];
  }
  [[nodiscard]] std::vector<columnar::LogicalType> input_types(std::size_t port) const;
  /// The types of some columns of an input, in the order of that list.
  [[nodiscard]] std::vector<columnar::LogicalType> input_types(
      std::size_t port, const std::vector<std::uint32_t>& columns) const;
  /// The columns of an input that the list does not name, ascending.
  [[nodiscard]] std::vector<std::uint32_t> other_columns(std::size_t port,
                                                         const std::vector<std::uint32_t>& columns) const;
  [[nodiscard]] std::vector<columnar::LogicalType> output_types() const;
};

/// Makes the running operator of a plan node, by the one list in catalogue.cpp.
[[nodiscard]] Result<std::unique_ptr<Operator>> make_operator(const NodeContext& context);

using Made = Result<std::unique_ptr<Operator>>;
Made make_scan(const NodeContext& context);
Made make_filter(const NodeContext& context);
Made make_project(const NodeContext& context);
Made make_window_assign(const NodeContext& context);
Made make_sliding(const NodeContext& context);
Made make_count_window(const NodeContext& context);
Made make_aggregate(const NodeContext& context);         ///< PerStep, AtEnd and per_block
Made make_window_aggregate(const NodeContext& context);  ///< AtClose over panes
Made make_top_n(const NodeContext& context);
Made make_newest(const NodeContext& context);  ///< TopN of one row, when plan::newest_by knows its order
Made make_over(const NodeContext& context);
Made make_join(const NodeContext& context);
Made make_keyed_join(const NodeContext& context);  ///< at most one row a key on either side
Made make_union_all(const NodeContext& context);
Made make_expand(const NodeContext& context);
Made make_limit(const NodeContext& context);
Made make_emit_changes(const NodeContext& context);
Made make_emit_on_change(const NodeContext& context);
Made make_emit_final(const NodeContext& context);
Made make_pass(const NodeContext& context);  ///< emission that changes nothing
Made make_sink(const NodeContext& context);

}  // namespace dart::engine
