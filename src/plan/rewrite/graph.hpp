#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"

/// What the rewriting rules share: small changes to a graph that keep it in topological order.
namespace dart::plan::rewrite {

/// How many inputs read each node.
[[nodiscard]] std::vector<std::uint32_t> count_readers(const Plan& plan);

/// A new node between the output `from` and those who read it. It takes the place behind `from.node`; later
/// nodes move by one. Returns its id; `node.inputs` is set here.
NodeId insert_above(Plan& plan, Input from, Node node);
/// A new node between the node `id` and its input `port`, in the place of `id`, which moves by one with all
/// later ones. Returns the new place of the old node; `node.inputs` is set here.
NodeId insert_below(Plan& plan, NodeId id, std::size_t port, Node node);
/// Who reads the node now reads its only input; the node stays until `drop_unread`.
void bypass(Plan& plan, NodeId id);
/// Removes the nodes that no sink needs. True when there were any.
bool drop_unread(Plan& plan);

/// The type of an input column.
[[nodiscard]] const columnar::LogicalType& column_type(const Plan& plan, const Input& input,
                                                       std::uint32_t column);
/// A Project of these columns of an output; `inputs` is left empty.
[[nodiscard]] Node pick_columns(const Plan& plan, const Input& from,
                                const std::vector<std::uint32_t>& columns);

/// A column or a literal: costs nothing to compute again.
[[nodiscard]] bool is_trivial(const Expression& expression);
/// Whether all columns that it reads lie in [begin, end).
[[nodiscard]] bool reads_only(const Expression& expression, std::uint32_t begin, std::uint32_t end);
/// Adds to counts[c] how often column c stands in the expression.
void count_columns(const Expression& expression, std::vector<std::uint32_t>& counts);
/// 0, 1, 2, ... width - 1.
[[nodiscard]] std::vector<std::uint32_t> identity(std::size_t width);

/// Same operator with the same parameters (bound functions follow from names and types).
[[nodiscard]] bool same_kind(const NodeKind& a, const NodeKind& b);

}  // namespace dart::plan::rewrite
