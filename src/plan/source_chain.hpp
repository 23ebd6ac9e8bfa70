#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// A scan of a table with what goes along to where the table is: the filters and projections behind it, up to
/// the node `last`, whose rows cross to another machine. Columns are those of `last`.
struct SourceChain {
  NodeId scan = 0;
  NodeId last = 0;
  NodeId group = 0;      ///< the least scan whose rows share an order with this one's
  bool ordered = false;  ///< rows of several readers are put into one order
  std::optional<std::uint32_t> time;
  std::vector<std::uint32_t> tie_break;
  std::optional<std::uint32_t> place;  ///< `_seq`, where only the receiving end knows it
  /// The node behind `last` that puts partial results of several readers together, on their way.
  std::optional<NodeId> combine;
};

/// One node reads the table, whatever nodes there are.
[[nodiscard]] bool has_one_reader(const TableDefinition& table);
/// False for other nodes, and for the one row of a SELECT without FROM.
[[nodiscard]] bool is_table_scan(const Plan& plan, NodeId id);

/// The only reader of a node's rows; nothing when there are several, or none.
[[nodiscard]] std::optional<NodeId> only_reader(const Plan& plan, NodeId id);
/// Carries a column of its input through a filter, a projection or an emission, at the end of its columns;
/// where it stands then.
std::uint32_t carry(Plan& plan, NodeId id, std::uint32_t column);

/// The chain of every scan of a table, in order of the scans. The columns that order rows are carried along,
/// and picked off again by a new node that is the only one behind the chain; the plan keeps its meaning. An
/// Error says what depends on an order that several readers do not have.
[[nodiscard]] Result<std::vector<SourceChain>> find_source_chains(Plan& plan);

}  // namespace dart::plan
