#include <algorithm>

#include "placement/policies/policies.hpp"
#include "placement/policies/stage_flow.hpp"

namespace dart::placement {

namespace {

/// The node itself; where it refuses, the emptiest of its leaves stands in, as in PAST (SOSP'01).
std::vector<Candidate> node_first(const Hop& hop) {
  std::vector<Candidate> all{hop.self};
  all.insert(all.end(), hop.leaves.begin(), hop.leaves.end());
  std::stable_sort(all.begin() + 1, all.end(), [](const Candidate& a, const Candidate& b) {
    return a.load.instances < b.load.instances;
  });
  return all;
}

class RoutePolicy final : public Policy {
 public:
  [[nodiscard]] std::string_view name() const override { return "route"; }
  [[nodiscard]] bool spreads() const override { return true; }

  [[nodiscard]] std::vector<Choice> place(const PlacementProblem& problem, Random&) const override {
    const StageFlow flow(problem);
    const auto combining =
        combine_at_junctions(flow, [](const Junction& junction) { return node_first(*junction.hop); });
    return flow.choices(combining, [&](InstanceId id) {
      // Partition 0 at the root, the others beside it in turn.
      std::vector<Candidate> hosts = flow.pinned(id.stage);
      if (hosts.empty()) hosts = node_first(*flow.root());
      std::rotate(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(id.number % hosts.size()),
                  hosts.end());
      return hosts;
    });
  }
};

}  // namespace

const Policy& route_policy() {
  static const RoutePolicy policy;
  return policy;
}

}  // namespace dart::placement
