#pragma once

#include <vector>

#include "base/result.hpp"
#include "sql/tree.hpp"
#include "sql/variables.hpp"

namespace dart::sql {

/// The statements of a script as PostgreSQL 15's own grammar reads them, locations already those of the
/// original text. What looks like the SQL of another streaming engine gets a hint how it is written here.
[[nodiscard]] Result<std::vector<Tree>> parse(const Substituted& script);

}  // namespace dart::sql
