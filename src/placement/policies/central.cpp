#include "placement/policies/policies.hpp"
#include "placement/policies/stage_flow.hpp"

namespace dart::placement {

namespace {

class CentralPolicy final : public Policy {
 public:
  [[nodiscard]] std::string_view name() const override { return "central"; }

  [[nodiscard]] std::vector<Choice> place(const PlacementProblem& problem, Random&) const override {
    const StageFlow flow(problem);
    return flow.choices({}, [&](InstanceId id) {
      std::vector<Candidate> pinned = flow.pinned(id.stage);
      return pinned.empty() ? std::vector<Candidate>{flow.root()->self} : pinned;
    });
  }
};

}  // namespace

const Policy& central_policy() {
  static const CentralPolicy policy;
  return policy;
}

}  // namespace dart::placement
