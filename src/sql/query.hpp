#pragma once

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// A SELECT with everything around it: WITH, UNION, ORDER BY, LIMIT. The relation is an exact changelog; how
/// it is emitted is for the one who reads it.
[[nodiscard]] Result<Relation> bind_query(Context& context, const CteScope* ctes, const Tree& select);
/// An ORDER BY without LIMIT where nobody could see the order.
[[nodiscard]] Status refuse_order(const Relation& relation);

}  // namespace dart::sql
