#include "base/check.hpp"
#include "plan/bind.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

void bind_aggregates(Plan& plan) {
  for (Node& node : plan.nodes) {
    const Status bound = bind_calls(plan, node);
    // They were bound before, by the same names and types.
    DART_CHECK(bound.has_value());
  }
}

}  // namespace dart::plan::rewrite
