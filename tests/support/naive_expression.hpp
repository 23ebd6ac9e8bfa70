#pragma once

#include "base/result.hpp"
#include "plan/expression.hpp"
#include "support/row_bag.hpp"

namespace dart::support {

/// One expression over one row, branches only where SQL takes them. An Error is a row error with its reason.
/// Kernels are the bound ones, each called with one row: what surrounds them shares nothing with the engine.
[[nodiscard]] Result<columnar::Value> evaluate(const plan::Expression& expression, const Cells& row);

}  // namespace dart::support
