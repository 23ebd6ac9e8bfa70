#include "plan/window_grid.hpp"

#include <algorithm>
#include <numeric>

namespace dart::plan {

std::int64_t window_grid(const Plan& plan, NodeId scan) {
  std::vector<bool> behind(plan.nodes.size(), false);
  behind[scan] = true;
  std::int64_t grid = 0;
  for (NodeId n = scan + 1; n < plan.nodes.size(); ++n) {
    const auto& inputs = plan.nodes[n].inputs;
    behind[n] = std::any_of(inputs.begin(), inputs.end(), [&](const Input& i) { return behind[i.node]; });
    if (!behind[n]) continue;
    if (const auto* aggregate = std::get_if<Aggregate>(&plan.nodes[n].kind); aggregate && aggregate->window) {
      grid = std::gcd(grid, std::gcd(aggregate->window->size_us, aggregate->window->slide_us));
    }
    if (const auto* window = std::get_if<WindowAssign>(&plan.nodes[n].kind)) {
      grid = std::gcd(grid, std::gcd(window->size_us, window->slide_us));
    }
  }
  return grid;
}

}  // namespace dart::plan
