#pragma once

#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// What the rows of an output look like.
struct Shape {
  std::vector<columnar::LogicalType> types;
  bool weighted = false;  ///< rows carry weights
};

/// What a node makes of inputs of these shapes, or why it cannot take them: the one place that knows each
/// operator's arity, the columns and types that it wants, its output, and when that output is a changelog.
[[nodiscard]] Result<Shape> derive_shape(const Plan& plan, const NodeKind& kind,
                                         const std::vector<const Shape*>& inputs);

/// A well-formed expression over columns of these types: columns in range, types as declared, kernels bound,
/// nesting within limits.
[[nodiscard]] Status check_expression(const Expression& expression,
                                      const std::vector<columnar::LogicalType>& columns);

/// How deep it is nested; a column or a literal is 1.
[[nodiscard]] std::size_t depth(const Expression& expression);

}  // namespace dart::plan
