#include "sim/tree_experiment.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "sim/checkers.hpp"
#include "sim/join_waves.hpp"

namespace dart::sim {

namespace {

namespace tree = directory::tree;

constexpr std::uint64_t kWorkload = 0x73EE;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kSettleUs = 20 * kSecond;
constexpr std::int64_t kUpkeepUs = 10 * kSecond;
constexpr std::uint32_t kQuietMulticasts = 20;
constexpr std::int64_t kQuietEveryUs = 500'000;
constexpr std::uint32_t kMulticastsAfter = 50;
constexpr std::int64_t kAfterEveryUs = 200'000;
constexpr std::int64_t kPromptUs = kSecond;
constexpr std::int64_t kLastUs = 20 * kSecond;
/// All live members have to be reached again within this.
constexpr double kReachedWithinS = 5;
constexpr std::uint64_t kTotalTag = UINT64_MAX;

class Experiment final : public Observer {
 public:
  Experiment(const TreeOptions& options, std::unique_ptr<DelayModel> delays)
      : options_(options),
        workload_(Random(options.seed).split(kWorkload)),
        world_(world_options(options), std::move(delays)),
        group_(tree::group_key("members")) {
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    report_.seed = options.seed;
    report_.nodes = options.nodes;
    sent_.resize(options.nodes);
  }

  TreeReport run() {
    const std::int64_t start_us = world_.now().us;
    join_all();
    enter();
    run_for(kSettleUs);
    look();
    measure_upkeep();
    measure_multicasts();
    kill();
    send_after();
    judge();
    ask_total();
    report_.events = world_.totals().events;
    report_.virtual_s = static_cast<double>(world_.now().us - start_us) / 1e6;
    report_.hash = world_.hash();
    return report_;
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* sent = std::get_if<overlay::Send>(&action)) {
      const auto* direct = std::get_if<overlay::Direct>(&sent->message);
      const auto* routed = std::get_if<overlay::Routed>(&sent->message);
      const bool of_tree = (direct != nullptr && direct->service == tree::kService) ||
                           (routed != nullptr && routed->service == tree::kService);
      if (of_tree) ++sent_[machine];
    } else if (const auto* told = std::get_if<tree::Delivered>(&action)) {
      std::size_t number = 0;
      std::from_chars(told->payload.data(), told->payload.data() + told->payload.size(), number);
      Multicast& it = multicasts_.at(number);
      if (it.came_us[machine] != 0) ++report_.twice;
      it.came_us[machine] = world_.now().us;
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      joined_.push_back(machine);
    } else if (const auto* total = std::get_if<tree::Totalled>(&action)) {
      total_known_ = true;
      report_.total_members = total->members;
      for (const auto& partial : total->partials) report_.total_sum = partial.value.number;
    }
  }

 private:
  struct Multicast {
    std::int64_t sent_us = 0;
    std::vector<std::int64_t> came_us;  // by machine; 0: not
  };

  static WorldOptions world_options(const TreeOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.tree = tree::in_pace_of(options.config);
    world.hash_actions = true;
    return world;
  }
  void run_for(std::int64_t us) { world_.run_until(world_.now() + Duration{us}); }
  [[nodiscard]] bool up(std::uint32_t machine) const { return world_.state(machine) == MachineState::Up; }

  void join_all() {
    const auto start = [this](std::uint32_t machine) {
      world_.start(machine, {joined_[static_cast<std::size_t>(workload_.below(joined_.size()))]});
    };
    const auto progress = [this] {
      if (options_.progress && joined_.size() % 64 == 0)
        options_.progress(static_cast<std::uint32_t>(joined_.size()));
    };
    join_in_waves(world_, options_.nodes, joined_, start, progress);
    report_.joined = static_cast<std::uint32_t>(joined_.size());
    run_for(kSettleUs);
  }

  void enter() {
    members_ = joined_;
    const std::size_t wanted = std::min<std::size_t>(options_.members, members_.size());
    for (std::size_t i = 0; i < wanted; ++i) {
      std::swap(members_[i], members_[i + static_cast<std::size_t>(workload_.below(members_.size() - i))]);
    }
    members_.resize(wanted);
    for (const std::uint32_t m : members_) {
      world_.command(m, tree::EnterGroup{group_});
      world_.command(m, tree::SetValue{group_, tree::Combine::Sum, tree::Value{m, {}}});
      run_for(kSecond / static_cast<std::int64_t>(wanted));
    }
    report_.members = static_cast<std::uint32_t>(wanted);
  }

  void look() {
    std::uint64_t edges = 0;
    std::uint32_t parents = 0;
    for (const std::uint32_t m : joined_) {
      const auto view = world_.core(m)->tree()->view(group_);
      if (!view) continue;
      ++report_.in_tree;
      const auto children = static_cast<std::uint32_t>(view->children);
      report_.depth = std::max(report_.depth, static_cast<std::uint32_t>(view->depth));
      report_.busiest_fan_out = std::max(report_.busiest_fan_out, children);
      parents += children > 0 ? 1 : 0;
      edges += children;
      report_.handed_down += world_.core(m)->tree()->counters().handed_down;
    }
    report_.fan_out_mean = static_cast<double>(edges) / std::max(1.0, static_cast<double>(parents));
  }

  [[nodiscard]] std::uint64_t sent_in_all() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t one : sent_) sum += one;
    return sum;
  }

  void measure_upkeep() {
    const std::vector<std::uint64_t> before = sent_;
    const std::uint64_t all_before = sent_in_all();
    run_for(kUpkeepUs);
    constexpr double kSpanS = static_cast<double>(kUpkeepUs) / 1e6;
    report_.upkeep_messages = static_cast<double>(sent_in_all() - all_before) / kSpanS / options_.nodes;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < sent_.size(); ++i) most = std::max(most, sent_[i] - before[i]);
    report_.upkeep_busiest = static_cast<double>(most) / kSpanS;
  }

  void publish(std::uint32_t machine) {
    multicasts_.push_back({world_.now().us, std::vector<std::int64_t>(options_.nodes)});
    const std::size_t number = multicasts_.size() - 1;
    world_.command(machine, tree::Multicast{number, group_, std::to_string(number)});
  }

  /// From the root itself, so that the way to it does not count.
  void measure_multicasts() {
    const std::uint32_t root = truth_of(world_).root(group_);
    const std::uint64_t before = sent_in_all();
    const std::int64_t began_us = world_.now().us;
    for (std::uint32_t i = 0; i < kQuietMulticasts; ++i) {
      publish(root);
      run_for(kQuietEveryUs);
    }
    const double span_s = static_cast<double>(world_.now().us - began_us) / 1e6;
    const double upkeep = report_.upkeep_messages * options_.nodes * span_s;
    report_.multicasts = kQuietMulticasts;
    report_.messages_per_multicast =
        (static_cast<double>(sent_in_all() - before) - upkeep) / kQuietMulticasts;
    std::vector<Way> ways;
    double sum = 0;
    for (const Multicast& it : multicasts_) {
      for (const std::uint32_t m : members_) {
        if (it.came_us[m] == 0 || m == root) continue;
        const Way way{static_cast<double>(it.came_us[m] - it.sent_us),
                      static_cast<double>(world_.delay(root, m).us)};
        sum += way.taken / way.direct;
        ways.push_back(way);
      }
    }
    report_.stretch = stretch_of(ways);
    report_.stretch_mean = ways.empty() ? 0 : sum / static_cast<double>(ways.size());
  }

  void kill() {
    std::vector<std::uint32_t> dying = joined_;
    const auto root = std::find(dying.begin(), dying.end(), truth_of(world_).root(group_));
    if (root != dying.end()) std::swap(dying.front(), *root);
    const std::size_t count = dying.size() * options_.kill_percent / 100;
    for (std::size_t i = 1; i < count; ++i) {
      std::swap(dying[i], dying[i + static_cast<std::size_t>(workload_.below(dying.size() - i))]);
    }
    dying.resize(count);
    report_.killed = static_cast<std::uint32_t>(count);
    std::vector<NodeId> dead;
    for (const std::uint32_t m : dying) {
      world_.crash(m, false);
      dead.push_back(world_.id(m));
    }
    std::sort(dead.begin(), dead.end());
    std::erase_if(joined_, [this](std::uint32_t m) { return !up(m); });
    std::erase_if(members_, [this](std::uint32_t m) { return !up(m); });
    for (const std::uint32_t m : joined_) {
      const auto view = world_.core(m)->tree()->view(group_);
      if (view && view->parent && std::binary_search(dead.begin(), dead.end(), *view->parent))
        ++report_.orphans;
    }
    report_.live_members = static_cast<std::uint32_t>(members_.size());
    killed_us_ = world_.now().us;
  }

  void send_after() {
    for (std::uint32_t i = 0; i < kMulticastsAfter; ++i) {
      publish(joined_[static_cast<std::size_t>(workload_.below(joined_.size()))]);
      run_for(kAfterEveryUs);
    }
    report_.multicasts_after = kMulticastsAfter;
    run_for(kLastUs);
  }

  void judge() {
    std::int64_t reached_us = 0;
    for (const std::uint32_t m : members_) {
      std::int64_t first_us = INT64_MAX;
      for (std::size_t i = kQuietMulticasts; i < multicasts_.size(); ++i) {
        const std::int64_t came_us = multicasts_[i].came_us[m];
        if (came_us != 0) first_us = std::min(first_us, came_us);
      }
      reached_us = std::max(reached_us, first_us);
    }
    if (reached_us != INT64_MAX) report_.reached_again_s = static_cast<double>(reached_us - killed_us_) / 1e6;
    bool prompt = true;
    for (std::size_t i = multicasts_.size(); i-- > 0;) {
      const Multicast& it = multicasts_[i];
      std::int64_t slowest_us = 0;
      std::int64_t first_us = INT64_MAX;
      for (const std::uint32_t m : members_) {
        if (it.came_us[m] == 0) ++report_.missed;
        if (it.came_us[m] != 0) first_us = std::min(first_us, it.came_us[m] - it.sent_us);
        slowest_us = std::max(slowest_us, it.came_us[m] == 0 ? INT64_MAX : it.came_us[m] - it.sent_us);
      }
      if (i < kQuietMulticasts) continue;
      prompt = prompt && slowest_us - first_us <= kPromptUs;
      if (prompt) report_.prompt_again_s = static_cast<double>(it.sent_us - killed_us_) / 1e6;
      if (slowest_us != INT64_MAX)
        report_.slowest_s = std::max(report_.slowest_s, static_cast<double>(slowest_us) / 1e6);
    }
    for (const std::uint32_t m : joined_) {
      report_.given_again += world_.core(m)->tree()->counters().given_again;
    }
  }

  void ask_total() {
    for (const std::uint32_t m : members_) report_.true_sum += m;
    const std::uint32_t asker = joined_[static_cast<std::size_t>(workload_.below(joined_.size()))];
    world_.command(asker, tree::AskTotal{kTotalTag, group_});
    const TimePoint until = world_.now() + Duration{kSettleUs};
    while (!total_known_ && world_.run_one(until)) continue;
  }

  TreeOptions options_;
  Random workload_;
  World world_;
  Key group_;
  std::vector<std::uint32_t> joined_;
  std::vector<std::uint32_t> members_;
  std::vector<std::uint64_t> sent_;  // messages of the tree, by machine
  std::vector<Multicast> multicasts_;
  std::int64_t killed_us_ = 0;
  bool total_known_ = false;
  TreeReport report_;
};

}  // namespace

bool TreeReport::right() const {
  return joined == nodes && missed == 0 && twice == 0 && reached_again_s >= 0 &&
         reached_again_s < kReachedWithinS && total_members == live_members && total_sum == true_sum;
}

TreeReport run_tree(const TreeOptions& options, std::unique_ptr<DelayModel> delays) {
  Experiment experiment(options, std::move(delays));
  return experiment.run();
}

}  // namespace dart::sim
