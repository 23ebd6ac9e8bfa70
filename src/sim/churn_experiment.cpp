#include "sim/churn_experiment.hpp"

#include <algorithm>
#include <vector>

#include "sim/checkers.hpp"
#include "sim/join_waves.hpp"
#include "sim/path_figures.hpp"
#include "sim/table_fill.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kWorkload = 0xC4;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kTickUs = 50'000;
constexpr std::int64_t kSettleUs = 30 * kSecond;
constexpr std::int64_t kDeliverWithinUs = 5 * kSecond;
constexpr std::int64_t kHealWithinUs = 300 * kSecond;
constexpr std::uint32_t kProbeLookups = 2000;
/// Lookups by which hops before and after many deaths are compared, and how many of them start together.
constexpr std::uint32_t kPairs = 20'000;
constexpr std::size_t kAtOnce = 200;
/// Routing tables that are compared with the list of ids.
constexpr std::size_t kTables = 1000;
/// Nodes on each side of a key that are asked whether they answer for it too.
constexpr std::size_t kAround = 6;

struct Lookup {
  Key key;
  std::int64_t sent_us = 0;
  std::int64_t delivered_us = 0;
  std::uint32_t origin = 0;
  bool delivered = false;
  bool orphan = false;  // its origin died first
  Path path;
};

class Churn final : public Observer {
 public:
  Churn(const ChurnOptions& options, std::unique_ptr<DelayModel> delays)
      : options_(options),
        random_(Random(options.seed).split(kWorkload)),
        world_(world_options(options), std::move(delays)) {
    world_.set_observer(this);
    report_.seed = options.seed;
    report_.nodes = traced() ? options.trace.nodes : options.nodes;
  }

  ChurnReport run() {
    come_up();
    if (traced() || options_.session.us > 0) churn();
    world_.faults = {};
    if (options_.kill_percent > 0) kill();
    if (options_.partition.us > 0) part();
    report_.events = world_.totals().events;
    report_.virtual_s = static_cast<double>(world_.now().us) / 1e6;
    return report_;
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* sent = std::get_if<overlay::Send>(&action)) {
      const auto* routed = std::get_if<overlay::Routed>(&sent->message);
      if (routed != nullptr) note_hop(*routed, machine, World::machine_of(sent->to));
    } else if (const auto* done = std::get_if<overlay::Deliver>(&action)) {
      deliver(machine, done->routed);
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      ++report_.joins;
      truth_.add(world_.id(machine), machine);
      joined_.push_back(machine);
    }
  }

 private:
  static WorldOptions world_options(const ChurnOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.drift_ppm = options.drift_ppm;
    return world;
  }

  void note_hop(const overlay::Routed& routed, std::uint32_t from, std::uint32_t to) {
    if (routed.request >= lookups_.size() || lookups_[routed.request].delivered) return;
    take_hop(lookups_[routed.request].path, from, to);
  }

  void deliver(std::uint32_t machine, const overlay::Routed& routed) {
    if (routed.request >= lookups_.size()) return;
    Lookup& it = lookups_[routed.request];
    const bool parted = world_.group(machine) != 0 || parted_;
    if (!parted && truth_.root(routed.key) != machine) ++wrong_root_;
    const std::size_t place = truth_.place(routed.key);
    for (std::size_t i = 0; i < 2 * kAround; ++i) {
      const std::uint32_t other = truth_.at(place + truth_.size() + i - kAround);
      if (other == machine || !answers(world_, other, routed.key)) continue;
      ++(parted ? report_.partition_doubles : doubles_);
    }
    if (it.delivered) return;
    it.delivered = true;
    it.delivered_us = world_.now().us;
  }

  void come_up() {
    world_.add_machine();
    up_ = traced() ? options_.trace.first : options_.nodes;
    join_in_waves(world_, up_, joined_, [this](std::uint32_t) { newcomer(); });
    world_.run_until(world_.now() + Duration{kSettleUs});
  }

  [[nodiscard]] bool traced() const { return !options_.trace.empty(); }

  void newcomer() { start(world_.add_machine()); }

  void start(std::uint32_t machine) {
    std::vector<std::uint32_t> seeds;
    for (int i = 0; i < 3 && !joined_.empty(); ++i)
      seeds.push_back(joined_[static_cast<std::size_t>(random_.below(joined_.size()))]);
    world_.start(machine, seeds);
  }

  /// Does what the trace says up to this moment.
  void follow_trace(std::int64_t since_us) {
    for (; next_event_ < options_.trace.events.size(); ++next_event_) {
      const ChurnEvent& event = options_.trace.events[next_event_];
      if (event.at_us > since_us) return;
      if (event.up) {
        ++up_;
        // Numbers grow with the first start, so a new one is the next machine; an old one has its disk.
        if (event.node == world_.machines()) world_.add_machine();
        start(event.node);
        continue;
      }
      --up_;
      const auto found = std::find(joined_.begin(), joined_.end(), event.node);
      if (found != joined_.end()) {
        end(static_cast<std::size_t>(found - joined_.begin()));
      } else {
        world_.crash(event.node, random_.chance(1, 2));
        ++report_.deaths;
      }
    }
  }

  void end(std::size_t position) {
    const std::uint32_t machine = joined_[position];
    joined_[position] = joined_.back();
    joined_.pop_back();
    truth_.remove(world_.id(machine));
    world_.crash(machine, random_.chance(1, 2));
    ++report_.deaths;
    for (const std::uint64_t request : open_) {
      if (lookups_[request].origin == machine && !lookups_[request].delivered)
        lookups_[request].orphan = true;
    }
  }

  std::uint64_t look_up(bool receipt) {
    const std::uint32_t origin = joined_[static_cast<std::size_t>(random_.below(joined_.size()))];
    return look_up(origin, NodeId::draw(random_), receipt);
  }

  std::uint64_t look_up(std::uint32_t origin, const Key& key, bool receipt) {
    const std::uint64_t request = lookups_.size();
    Lookup& it = lookups_.emplace_back();
    it.key = key;
    it.sent_us = world_.now().us;
    it.origin = origin;
    it.path = {origin};
    world_.command(origin, overlay::Route{it.key, request, 1, overlay::HopMode::Direct, receipt, {}});
    return request;
  }

  void forget_done() {
    std::erase_if(open_, [&](std::uint64_t request) {
      return lookups_[request].delivered || lookups_[request].orphan;
    });
  }

  static bool upkeep(std::size_t kind) {
    const std::string_view name = overlay::kMessageNames[kind];
    return name != "routed" && name != "hop_ack" && name != "receipt" && name != "direct";
  }
  std::uint64_t count(bool without_pulse) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < world_.totals().by_kind.size(); ++i) {
      const std::string_view name = overlay::kMessageNames[i];
      const bool pulse = name == "heartbeat" || name == "probe" || name == "probe_reply";
      if (upkeep(i) && !(without_pulse && pulse)) sum += world_.totals().by_kind[i];
    }
    return sum;
  }

  void churn() {
    world_.faults.loss_permille = options_.loss_permille;
    const std::uint64_t sent_before = count(false);
    const auto kinds_before = world_.totals().by_kind;
    const std::uint64_t bytes_before = world_.totals().upkeep_bytes;
    const std::uint64_t encoded_before = world_.totals().upkeep_encoded;
    const std::int64_t start = world_.now().us;
    double node_s = 0;
    while (world_.now().us < start + options_.length.us) {
      world_.run_until(world_.now() + Duration{kTickUs});
      node_s += static_cast<double>(up_) * static_cast<double>(kTickUs) / 1e6;
      const auto deaths = static_cast<std::uint64_t>(options_.nodes) * kTickUs;
      if (traced()) {
        follow_trace(world_.now().us - start);
      } else if (random_.chance(deaths, static_cast<std::uint64_t>(options_.session.us)) &&
                 joined_.size() > 8) {
        end(static_cast<std::size_t>(random_.below(joined_.size())));
        newcomer();
      }
      const std::uint64_t due =
          static_cast<std::uint64_t>(world_.now().us - start) * options_.lookups_per_s / kSecond;
      while (lookups_.size() < due && !joined_.empty()) open_.push_back(look_up(true));
      if (lookups_.size() % 256 == 0) forget_done();
      if (options_.progress)
        options_.progress(static_cast<double>(world_.now().us - start) /
                          static_cast<double>(options_.length.us));
    }
    const auto sent = static_cast<double>(count(false) - sent_before);
    report_.upkeep_messages = sent / node_s;
    for (std::size_t i = 0; i < kinds_before.size(); ++i) {
      report_.by_kind[i] = world_.totals().by_kind[i] - kinds_before[i];
    }
    const auto encoded = static_cast<double>(world_.totals().upkeep_encoded - encoded_before);
    if (encoded > 0) {
      report_.upkeep_bytes =
          static_cast<double>(world_.totals().upkeep_bytes - bytes_before) / encoded * sent / node_s;
    }
    world_.run_until(world_.now() + options_.config.patience);
    report_.wrong_root = wrong_root_;
    report_.double_roots = doubles_;
    for (const Lookup& it : lookups_) {
      if (it.orphan) continue;
      ++report_.lookups;
      report_.delivered += it.delivered ? 1U : 0U;
    }
    std::vector<double> stretches;
    report_.hops_mean = hops_of(0, stretches);
    report_.stretch_median = rank(std::move(stretches), 0.5);
  }

  double hops_of(std::size_t first, std::vector<double>& stretches) const {
    std::uint64_t hops = 0;
    std::uint64_t paths = 0;
    for (std::size_t i = first; i < lookups_.size(); ++i) {
      const auto& path = lookups_[i].path;
      if (!lookups_[i].delivered) continue;
      ++paths;
      hops += path.size() - 1;
      if (path.size() < 2) continue;
      std::int64_t walked = 0;
      for (std::size_t h = 1; h < path.size(); ++h) walked += world_.delay(path[h - 1], path[h]).us;
      stretches.push_back(static_cast<double>(walked) /
                          static_cast<double>(world_.delay(path.front(), path.back()).us));
    }
    return paths == 0 ? 0 : static_cast<double>(hops) / static_cast<double>(paths);
  }

  /// An origin and a key that are tried before and after something happened.
  struct Pair {
    std::uint32_t origin = 0;
    Key key;
  };

  double hops_now(const std::vector<Pair>& pairs) {
    const std::size_t first = lookups_.size();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      look_up(pairs[i].origin, pairs[i].key, false);
      if (i % kAtOnce == 0) world_.run_until(world_.now() + Duration{kTickUs});
    }
    world_.run_until(world_.now() + Duration{kDeliverWithinUs});
    std::vector<double> ignored;
    return hops_of(first, ignored);
  }

  /// Counts the longest run of neighbours among the dead.
  static std::uint32_t longest_run(const RingTruth& ring, const std::vector<bool>& died) {
    std::uint32_t longest = 0;
    std::uint32_t run = 0;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      run = died[ring.at(i)] ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }

  void kill() {
    const auto dead = static_cast<std::uint32_t>(joined_.size() * options_.kill_percent / 100);
    for (std::uint32_t i = 0; i < dead; ++i) {
      const auto rest = static_cast<std::size_t>(random_.below(joined_.size() - i));
      std::swap(joined_[i], joined_[i + rest]);
    }
    // Lookups of those that live on, the same ones before and after.
    std::vector<Pair> pairs;
    for (std::uint32_t i = 0; i < kPairs; ++i) {
      const auto survivor = dead + static_cast<std::size_t>(random_.below(joined_.size() - dead));
      pairs.push_back({joined_[survivor], NodeId::draw(random_)});
    }
    report_.kill_hops_before = hops_now(pairs);
    report_.kill_tables_before = table_fill(world_, truth_, kTables);
    world_.run_until(world_.now() + Duration{kSettleUs});
    const std::uint64_t quiet_before = count(true);
    world_.run_until(world_.now() + Duration{60 * kSecond});
    const std::uint64_t quiet = count(true) - quiet_before;
    const std::uint64_t before = count(true);
    std::vector<bool> died(world_.machines());
    const RingTruth old = truth_;
    for (std::uint32_t i = dead; i-- > 0;) {
      died[joined_[i]] = true;
      end(i);
    }
    report_.killed = dead;
    report_.kill_longest_run = longest_run(old, died);
    const std::size_t first = lookups_.size();
    for (std::uint32_t i = 0; i < kProbeLookups; ++i) look_up(true);
    report_.kill_lookups = kProbeLookups;
    world_.run_until(world_.now() + Duration{60 * kSecond});
    for (std::size_t i = first; i < lookups_.size(); ++i) {
      if (!lookups_[i].delivered) ++report_.kill_undelivered;
      if (lookups_[i].delivered && lookups_[i].delivered_us - lookups_[i].sent_us <= kDeliverWithinUs) {
        ++report_.kill_delivered;
      }
    }
    const std::uint64_t extra = count(true) - before;
    report_.kill_messages_per_failed =
        static_cast<double>(extra > quiet ? extra - quiet : 0) / static_cast<double>(std::max(dead, 1U));
    world_.run_until(world_.now() + Duration{kSettleUs});
    report_.kill_hops_after = hops_now(pairs);
    report_.kill_tables_after = table_fill(world_, truth_, kTables);
  }

  void part() {
    parted_ = true;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_group(i, random_.chance(1, 2) ? 1 : 0);
    const std::int64_t end = world_.now().us + options_.partition.us;
    while (world_.now().us < end) {
      world_.run_until(world_.now() + Duration{kSecond});
      look_up(false);
    }
    for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_group(i, 0);
    const std::int64_t start = world_.now().us;
    while (world_.now().us < start + kHealWithinUs) {
      world_.run_until(world_.now() + Duration{kSecond});
      if (!wrong_leaf_set(world_).empty()) continue;
      report_.heal_s = static_cast<double>(world_.now().us - start) / 1e6;
      break;
    }
    parted_ = false;
    doubles_ = 0;
    for (std::uint32_t i = 0; i < kProbeLookups; ++i) look_up(false);
    world_.run_until(world_.now() + Duration{kDeliverWithinUs});
    report_.doubles_after = doubles_;
  }

  ChurnOptions options_;
  Random random_;
  World world_;
  RingTruth truth_;
  ChurnReport report_;
  std::vector<std::uint32_t> joined_;
  std::vector<Lookup> lookups_;
  std::vector<std::uint64_t> open_;
  std::uint64_t wrong_root_ = 0;
  std::uint64_t doubles_ = 0;
  std::size_t next_event_ = 0;  // of the trace
  std::uint32_t up_ = 0;
  bool parted_ = false;
};

}  // namespace

ChurnReport run_churn(const ChurnOptions& options, std::unique_ptr<DelayModel> delays) {
  Churn churn(options, std::move(delays));
  return churn.run();
}

}  // namespace dart::sim
