#include <algorithm>

#include "placement/limits.hpp"
#include "placement/policies/policies.hpp"
#include "placement/policies/stage_flow.hpp"

namespace dart::placement {

namespace {

class RandomPolicy final : public Policy {
 public:
  [[nodiscard]] std::string_view name() const override { return "random"; }

  [[nodiscard]] std::vector<Choice> place(const PlacementProblem& problem, Random& random) const override {
    const StageFlow flow(problem);
    const std::vector<Candidate> seen = flow.seen();
    const auto draw = [&](std::vector<Candidate> from) {
      const std::size_t wanted = std::min(limits::kTries, from.size());
      for (std::size_t i = 0; i < wanted; ++i) {
        std::swap(from[i], from[i + static_cast<std::size_t>(random.below(from.size() - i))]);
      }
      from.resize(wanted);
      return from;
    };
    const auto combining = combine_at_junctions(flow, [&](const Junction&) { return draw(seen); });
    return flow.choices(combining, [&](InstanceId id) {
      std::vector<Candidate> pinned = flow.pinned(id.stage);
      return draw(pinned.empty() ? seen : std::move(pinned));
    });
  }
};

}  // namespace

const Policy& random_policy() {
  static const RandomPolicy policy;
  return policy;
}

}  // namespace dart::placement
