#pragma once

#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// What the statements of a script have asked for, as nodes of the context's plan.
struct Outputs {
  std::vector<plan::NodeId> sinks;
  std::vector<std::uint32_t> printed;   ///< tables made for plain SELECTs
  std::vector<plan::NodeId> explained;  ///< sinks that EXPLAIN asks about, in order; they do not run
};

/// Binds one statement; declarations go into the context.
[[nodiscard]] Status bind_statement(Context& context, const Tree& statement, Outputs& outputs);

}  // namespace dart::sql
