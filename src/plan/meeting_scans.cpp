#include "plan/meeting_scans.hpp"

#include <algorithm>
#include <numeric>

namespace dart::plan {

namespace {

template <class MeetsAt>
std::vector<NodeId> group_scans(const Plan& plan, MeetsAt&& meets_at) {
  std::vector<NodeId> root(plan.nodes.size());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](NodeId n) {
    while (root[n] != n) n = root[n];
    return n;
  };
  std::vector<std::vector<NodeId>> scans(plan.nodes.size());  // by node: scans behind it
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    if (std::holds_alternative<Scan>(plan.nodes[n].kind)) scans[n].push_back(n);
    for (const Input& input : plan.nodes[n].inputs) {
      if (input.node >= n) continue;  // a broken plan, which is being explained
      scans[n].insert(scans[n].end(), scans[input.node].begin(), scans[input.node].end());
    }
    std::sort(scans[n].begin(), scans[n].end());
    scans[n].erase(std::unique(scans[n].begin(), scans[n].end()), scans[n].end());
    if (!meets_at(plan.nodes[n])) continue;
    for (const NodeId scan : scans[n]) {
      const NodeId a = find(scans[n].front());
      const NodeId b = find(scan);
      root[std::max(a, b)] = std::min(a, b);
    }
  }
  std::vector<NodeId> result(plan.nodes.size());
  for (NodeId n = 0; n < plan.nodes.size(); ++n) result[n] = find(n);
  return result;
}

}  // namespace

std::vector<NodeId> scans_in_one_order(const Plan& plan) {
  return group_scans(plan, [](const Node& node) { return node.stepped; });
}

std::vector<NodeId> scans_that_meet(const Plan& plan) {
  return group_scans(plan, [](const Node&) { return true; });
}

}  // namespace dart::plan
