#pragma once

#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/expression_binder.hpp"

namespace dart::sql {

/// Rows with their window calls' results; `columns[i]` is where call i is. Calls in the rows' own order are
/// answered row by row; row_number() in another order is a top-n that a filter must limit.
[[nodiscard]] Result<Relation> apply_over(Context& context, Relation input, const std::vector<OverUse>& uses,
                                          std::vector<std::uint32_t>& columns);

}  // namespace dart::sql
