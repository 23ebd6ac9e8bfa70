#include "node/node_core.hpp"

#include <algorithm>
#include <utility>

namespace dart::node {

namespace {

constexpr std::int64_t kFirstWaitUs = 500'000;
constexpr std::int64_t kLongestWaitUs = 5'000'000;

}  // namespace

NodeCore::NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random)
    : overlay_(config, self, random.split(1)), random_(random.split(2)) {}

void NodeCore::start(TimePoint now, StartPlan plan, std::vector<Action>& out) {
  plan_ = std::move(plan);
  if (plan_.bootstrap && plan_.remembered.empty()) {
    overlay_.step(now, overlay::Bootstrap{}, out);
    return;
  }
  join_again(now, out);
}

void NodeCore::join_again(TimePoint now, std::vector<Action>& out) {
  retry_us_ = 0;
  const std::size_t before = out.size();
  if (failures_ > 0 && !plan_.remembered.empty()) {
    // Nobody of the ring answers: a site that lost power. Form the ring again; those that come up later, or
    // were only cut off, are found because all remembered peers are called from time to time.
    overlay_.step(now, overlay::Bootstrap{plan_.remembered}, out);
    return;
  }
  overlay::Join join{plan_.seeds};
  join.seeds.insert(join.seeds.end(), plan_.remembered.begin(), plan_.remembered.end());
  overlay_.step(now, std::move(join), out);
  look_at(now, out, before);
}

void NodeCore::step(TimePoint now, Input&& input, std::vector<Action>& out) {
  const std::size_t before = out.size();
  overlay_.step(now, std::move(input), out);
  if (overlay_.phase() != overlay::Phase::Member) look_at(now, out, before);
  if (retry_us_ != 0 && retry_us_ <= now.us) join_again(now, out);
}

void NodeCore::look_at(TimePoint now, const std::vector<Action>& out, std::size_t from) {
  for (std::size_t i = from; i < out.size(); ++i) {
    const auto* failed = std::get_if<overlay::JoinFailed>(&out[i]);
    if (failed == nullptr || failed->reason == overlay::JoinFailure::DuplicateId) continue;
    const std::int64_t most = std::min(kFirstWaitUs << std::min(failures_++, 8U), kLongestWaitUs);
    retry_us_ =
        now.us + most / 2 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most)));
  }
}

}  // namespace dart::node
