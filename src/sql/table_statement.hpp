#pragma once

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// CREATE TABLE: a source or a sink.
[[nodiscard]] Status bind_create_table(Context& context, const Tree& statement);

}  // namespace dart::sql
