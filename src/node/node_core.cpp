#include "node/node_core.hpp"

#include <algorithm>
#include <utility>

namespace dart::node {

namespace {

constexpr std::int64_t kFirstWaitUs = 500'000;
constexpr std::int64_t kLongestWaitUs = 5'000'000;

/// What the machines of the node that is being stepped have given out and nobody has looked at yet. Empty
/// between steps; ten thousand nodes of one thread share the memory.
struct Given {
  std::vector<overlay::Action> by_overlay;
  std::vector<directory::Action> by_directory;
};
thread_local Given given;

}  // namespace

NodeCore::NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random,
                   const std::optional<directory::Config>& directory)
    : overlay_(config, self, random.split(1)), random_(random.split(2)) {
  if (directory) directory_ = std::make_unique<directory::Directory>(*directory, self, random.split(3));
}

void NodeCore::start(TimePoint now, StartPlan plan, std::vector<Action>& out) {
  plan_ = std::move(plan);
  const bool founds = plan_.bootstrap && plan_.remembered.empty();
  if (directory_) directory_->start(now, plan_.disk, founds && plan_.disk.empty(), given.by_directory);
  plan_.disk = {};
  if (founds) {
    step_overlay(now, overlay::Bootstrap{});
  } else {
    join_again(now);
  }
  pass_on(now, out);
}

void NodeCore::join_again(TimePoint now) {
  retry_us_ = 0;
  if (failures_ > 0 && !plan_.remembered.empty()) {
    // Nobody of the ring answers: a site that lost power. Form the ring again; those that come up later, or
    // were only cut off, are found because all remembered peers are called from time to time.
    step_overlay(now, overlay::Bootstrap{plan_.remembered});
    return;
  }
  overlay::Join join{plan_.seeds};
  join.seeds.insert(join.seeds.end(), plan_.remembered.begin(), plan_.remembered.end());
  step_overlay(now, std::move(join));
}

void NodeCore::step(TimePoint now, Input&& input, std::vector<Action>& out) {
  std::visit(
      [&](auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_constructible_v<overlay::Input, One>) {
          step_overlay(now, std::move(one));
          if (std::is_same_v<One, overlay::Tick> && directory_) step_directory(now, directory::Tick{});
        } else if (directory_) {
          step_directory(now, std::move(one));
        }
      },
      input);
  pass_on(now, out);
  if (retry_us_ != 0 && retry_us_ <= now.us) {
    join_again(now);
    pass_on(now, out);
  }
}

void NodeCore::step_overlay(TimePoint now, overlay::Input&& input) {
  overlay_.step(now, std::move(input), given.by_overlay);
}

void NodeCore::step_directory(TimePoint now, directory::Input input) {
  directory_->step(now, overlay_, std::move(input), given.by_directory);
}

/// What one machine wants of another is done here; the rest is the driver's.
void NodeCore::pass_on(TimePoint now, std::vector<Action>& out) {
  std::size_t overlay_done = 0;
  std::size_t directory_done = 0;
  while (overlay_done < given.by_overlay.size() || directory_done < given.by_directory.size()) {
    if (overlay_done < given.by_overlay.size()) {
      overlay::Action action = std::move(given.by_overlay[overlay_done++]);
      if (keep(now, action)) std::visit([&](auto& one) { out.emplace_back(std::move(one)); }, action);
      continue;
    }
    directory::Action action = std::move(given.by_directory[directory_done++]);
    if (auto* tell = std::get_if<directory::Tell>(&action)) {
      step_overlay(now, overlay::SendDirect{tell->to, directory::kService, std::move(tell->payload)});
    } else if (auto* route = std::get_if<directory::RouteTo>(&action)) {
      step_overlay(now, overlay::Route{route->key, next_request_++, directory::kService,
                                       overlay::HopMode::Direct, false, std::move(route->payload)});
    } else {
      std::visit(
          [&](auto& one) {
            if constexpr (std::is_constructible_v<Action, decltype(std::move(one))>) {
              out.emplace_back(std::move(one));
            }
          },
          action);
    }
  }
  given.by_overlay.clear();
  given.by_directory.clear();
}

/// Whether the driver is to see it too.
bool NodeCore::keep(TimePoint now, overlay::Action& action) {
  if (auto* heard = std::get_if<overlay::DeliverDirect>(&action)) {
    if (!directory_ || heard->service != directory::kService) return true;
    step_directory(now, directory::Heard{heard->from, std::move(heard->payload)});
    return false;
  }
  if (auto* reached = std::get_if<overlay::Deliver>(&action)) {
    if (!directory_ || reached->routed.service != directory::kService) return true;
    step_directory(now, directory::Reached{reached->routed.origin, std::move(reached->routed.payload)});
    return false;
  }
  if (directory_ && std::holds_alternative<overlay::NeighboursChanged>(action)) {
    step_directory(now, directory::Neighbours{});
  }
  look_at(now, action);
  return true;
}

void NodeCore::look_at(TimePoint now, const overlay::Action& action) {
  const auto* failed = std::get_if<overlay::JoinFailed>(&action);
  if (failed == nullptr || failed->reason == overlay::JoinFailure::DuplicateId) return;
  const std::int64_t most = std::min(kFirstWaitUs << std::min(failures_++, 8U), kLongestWaitUs);
  retry_us_ = now.us + most / 2 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most)));
}

}  // namespace dart::node
