#include "sim/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/checkers.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kFaultStream = 0xFA;
constexpr std::uint64_t kLoadStream = 0x10;
constexpr std::uint64_t kDelayStream = 0xDE1A;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHurtUs = 30 * kSecond;
constexpr std::int64_t kFaultEveryUs = 250'000;
constexpr std::int64_t kLoadEveryUs = 100'000;
constexpr std::int64_t kHealWithinUs = 60 * kSecond;
/// A healed partition, a restarted process: doubles are counted, not complained about, for so long.
constexpr std::int64_t kMergeWithinUs = 60 * kSecond;
constexpr std::int64_t kQuietUs = 6 * kSecond;
constexpr std::int64_t kDeliverWithinUs = 5 * kSecond;
/// Far ends of leaf sets are looked at in turn, one a second.
constexpr std::int64_t kRepairWithinUs = 30 * kSecond;
constexpr std::int64_t kDeathKnownWithinUs = 2 * kSecond;
constexpr std::size_t kMostBytes = 64U << 10;
constexpr std::size_t kFinalLookups = 48;
/// Upkeep of a quiet ring, messages a node and second.
constexpr double kMostUpkeep = 8.0;

class Chaos final : public Observer {
 public:
  explicit Chaos(const ChaosOptions& options)
      : options_(options),
        faults_(Random(options.seed).split(kFaultStream)),
        load_(Random(options.seed).split(kLoadStream)),
        world_(world_options(options), *make_delay_model("plane", Random(options.seed).split(kDelayStream))) {
    report_.seed = options.seed;
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    old_disks_.resize(options.nodes);
    frozen_.resize(options.nodes);
  }

  ChaosReport run() {
    come_up();
    hurt();
    heal();
    if (violations_.count() == 0) quiet_load();
    if (violations_.count() == 0) sudden_deaths();
    finish();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    ++actions_;
    if (const auto* done = std::get_if<overlay::Deliver>(&action)) {
      const bool healing = parted_ || world_.now().us < merged_by_us_;
      single_root_.on_deliver(world_, machine, done->routed.key, healing, violations_);
      requests_.on_deliver(done->routed.request, machine, world_.now().us);
    } else if (const auto* receipt = std::get_if<overlay::Delivered>(&action)) {
      requests_.on_receipt(receipt->request, violations_);
    } else if (const auto* failed = std::get_if<overlay::RouteFailed>(&action)) {
      requests_.on_failed(failed->request);
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      ++report_.joins;
    } else if (const auto* died = std::get_if<overlay::Died>(&action)) {
      ++report_.deaths;
      const std::uint32_t dead = World::machine_of(died->node);
      if (quiet_ && world_.state(dead) == MachineState::Up &&
          world_.core(dead)->overlay().self().same_life(died->node)) {
        violations_.add(fmt::format("machine {} took the healthy machine {} for dead", machine, dead));
      }
    } else if (std::holds_alternative<overlay::NeighboursChanged>(action)) {
      changed_us_ = world_.now().us;
    }
  }

 private:
  static WorldOptions world_options(const ChaosOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.codec_every = 1;
    world.check_every = options.check_every;
    world.drift_ppm = 10'000;
    world.hash_actions = true;
    return world;
  }

  std::uint32_t pick(Random& random) { return static_cast<std::uint32_t>(random.below(world_.machines())); }
  bool up(std::uint32_t machine) const { return world_.state(machine) == MachineState::Up; }
  std::vector<std::uint32_t> seeds() {
    std::vector<std::uint32_t> list;
    for (int i = 0; i < 4; ++i) list.push_back(static_cast<std::uint32_t>(faults_.below(options_.nodes)));
    return list;
  }
  std::uint32_t count_up() const {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) count += up(i) ? 1U : 0U;
    return count;
  }

  void come_up() {
    world_.start(0, {}, true);
    std::uint32_t started = 1;
    while (started < options_.nodes) {
      const auto burst = static_cast<std::uint32_t>(1 + faults_.below(8));
      for (std::uint32_t i = 0; i < burst && started < options_.nodes; ++i) {
        const auto seed = static_cast<std::uint32_t>(faults_.below(started));
        world_.start(started++, {seed, 0});
      }
      world_.run_until(world_.now() + Duration{static_cast<std::int64_t>(faults_.below(500'000))});
    }
    world_.run_until(world_.now() + Duration{3 * kSecond});
  }

  void hurt() {
    const std::int64_t end = world_.now().us + kHurtUs;
    std::int64_t next_fault = world_.now().us;
    while (world_.now().us < end) {
      world_.run_until(world_.now() + Duration{kLoadEveryUs});
      send_load();
      if (parted_ && world_.now().us >= part_until_us_) join_parts();
      if (world_.now().us < next_fault) continue;
      next_fault += static_cast<std::int64_t>(faults_.below(2 * kFaultEveryUs));
      const auto fault = static_cast<Fault>(faults_.below(kFaults));
      if (inject(fault)) ++report_.faults[static_cast<std::size_t>(fault)];
    }
  }

  void send_load() {
    const std::uint32_t origin = pick(load_);
    if (!up(origin)) return;
    const Key key = NodeId::draw(load_);
    const bool receipt = load_.chance(3, 4);
    const auto request = requests_.add(key, origin, world_.now().us);
    world_.command(origin, overlay::Route{key, request, 7, overlay::HopMode::Direct, receipt, "load"});
  }

  bool inject(Fault fault) {
    const std::uint32_t one = pick(faults_);
    const bool enough = count_up() > options_.nodes * 3 / 4;
    switch (fault) {
      case Fault::CrashRefusing:
      case Fault::CrashSilent:
        if (!up(one) || !enough || frozen_[one]) return false;
        old_disks_[one].push_back(world_.disk(one));
        world_.crash(one, fault == Fault::CrashRefusing);
        return true;
      case Fault::RestartWhole:
      case Fault::RestartEmpty:
      case Fault::RestartRolledBack:
        return restart(one, fault);
      case Fault::StartClone:
        return start_clone(one);
      case Fault::Pause:
        if (!up(one) || !enough) return false;
        world_.pause(one, {5 * kSecond});
        return true;
      case Fault::Slow:
        world_.set_slow(one, {static_cast<std::int64_t>(faults_.below(100'000))});
        return true;
      case Fault::OneWayCut: {
        const std::uint32_t other = pick(faults_);
        if (one == other) return false;
        world_.cut(one, other);
        return true;
      }
      case Fault::Partition:
        return part();
      case Fault::Leave:
        if (!up(one) || !enough || frozen_[one]) return false;
        old_disks_[one].push_back(world_.disk(one));
        world_.command(one, overlay::Leave{});
        return true;
      case Fault::Weather:
        world_.faults.loss_permille = static_cast<std::uint32_t>(faults_.below(30));
        world_.faults.duplicate_permille = static_cast<std::uint32_t>(faults_.below(30));
        world_.faults.reorder_permille = static_cast<std::uint32_t>(faults_.below(100));
        return true;
    }
    return false;
  }

  bool restart(std::uint32_t one, Fault fault) {
    // Any that is down will do: there are few of them.
    for (std::uint32_t i = 0; i < world_.machines() && world_.state(one) != MachineState::Off; ++i) {
      one = (one + 1) % world_.machines();
    }
    if (world_.state(one) != MachineState::Off || frozen_[one]) return false;
    if (fault == Fault::RestartEmpty) {
      world_.disk(one) = {};
    } else if (fault == Fault::RestartRolledBack) {
      if (old_disks_[one].empty()) return false;
      world_.disk(one) = old_disks_[one].front();
    }
    world_.start(one, seeds());
    return true;
  }

  bool start_clone(std::uint32_t one) {
    if (clone_of_ != UINT32_MAX || !up(one) || parted_ || !world_.core(one)->overlay().joined()) return false;
    // A machine of its own with the id and the disk of one that lives; both stay out of the other games.
    const Disk disk = world_.disk(one);
    const std::uint32_t clone = world_.add_machine(world_.id(one));
    old_disks_.resize(world_.machines());
    frozen_.resize(world_.machines());
    frozen_[one] = frozen_[clone] = true;
    clone_of_ = one;
    world_.disk(clone) = disk;
    world_.start(clone, seeds());
    return true;
  }

  bool part() {
    if (parted_ || faults_.chance(1, 2)) return false;
    parted_ = true;
    part_until_us_ = world_.now().us + 3 * kSecond + static_cast<std::int64_t>(faults_.below(5 * kSecond));
    for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_group(i, faults_.chance(1, 3) ? 1 : 0);
    return true;
  }

  void join_parts() {
    parted_ = false;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_group(i, 0);
    merged_by_us_ = world_.now().us + kMergeWithinUs;
  }

  void heal() {
    if (parted_) join_parts();
    world_.faults = {};
    world_.mend_cuts();
    for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_slow(i, {0});
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.state(i) == MachineState::Off && !frozen_[i] && faults_.chance(1, 2))
        world_.start(i, seeds());
    }
    const std::int64_t start = world_.now().us;
    std::string wrong = "nothing was looked at";
    while (world_.now().us < start + kHealWithinUs) {
      world_.run_until(world_.now() + Duration{kSecond / 4});
      if (world_.now().us - changed_us_ < kSecond || any_paused()) continue;
      wrong = wrong_leaf_set(world_);
      if (wrong.empty()) break;
    }
    report_.heal_s = static_cast<double>(world_.now().us - start) / 1e6;
    if (!wrong.empty()) violations_.add("not healed by the deadline: " + wrong);
    check_one_life(world_, violations_);
    merged_by_us_ = 0;
  }

  bool any_paused() const {
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.state(i) == MachineState::Paused) return true;
    }
    return false;
  }

  /// Sends lookups without receipts, and expects each at its root in time.
  void expect_lookups(const char* when) {
    const RingTruth truth = truth_of(world_);
    const std::size_t first = requests_.entries().size();
    for (std::size_t i = 0; i < kFinalLookups; ++i) {
      std::uint32_t origin = pick(load_);
      while (!up(origin)) origin = (origin + 1) % world_.machines();
      const Key key = NodeId::draw(load_);
      const auto request = requests_.add(key, origin, world_.now().us);
      world_.command(origin, overlay::Route{key, request, 7, overlay::HopMode::Direct, false, {}});
    }
    world_.run_until(world_.now() + Duration{kDeliverWithinUs});
    for (std::size_t i = first; i < requests_.entries().size(); ++i) {
      const auto& entry = requests_.entries()[i];
      if (!entry.delivered) {
        violations_.add(
            fmt::format("{}: request {} from machine {} was not delivered in time", when, i, entry.origin));
      } else if (entry.by != truth.root(entry.key)) {
        violations_.add(fmt::format("{}: request {} was delivered at machine {}, its root is {}", when, i,
                                    entry.by, truth.root(entry.key)));
      }
    }
  }

  std::uint64_t upkeep_sent() const {
    std::uint64_t sum = 0;
    const auto& kinds = world_.totals().by_kind;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const std::string_view name = overlay::kMessageNames[i];
      if (name != "routed" && name != "hop_ack" && name != "receipt") sum += kinds[i];
    }
    return sum;
  }

  void quiet_load() {
    quiet_ = true;
    const std::uint64_t before = upkeep_sent();
    world_.run_until(world_.now() + Duration{kQuietUs});
    const double upkeep = static_cast<double>(upkeep_sent() - before) / count_up() / (kQuietUs / kSecond);
    if (upkeep > kMostUpkeep)
      violations_.add(fmt::format("{:.1f} messages of upkeep a node and second", upkeep));
    expect_lookups("in the quiet");
    check_memory(world_, kMostBytes, violations_);
  }

  /// Neighbours in the ring die at once, without a word: their death is known in time, and nothing else is
  /// lost.
  void sudden_deaths() {
    const RingTruth truth = truth_of(world_);
    const std::size_t together = std::min<std::size_t>(1 + faults_.below(4), truth.size() / 4);
    const std::size_t place = faults_.below(truth.size());
    std::vector<std::uint32_t> dead;
    for (std::size_t i = 0; i < together; ++i) dead.push_back(truth.at(place + i));
    for (const std::uint32_t machine : dead) world_.crash(machine, false);
    expect_lookups("after sudden deaths");
    if (together == 1 && first_death_us_ == 0) check_death_known(truth, place);
    const std::int64_t deadline = world_.now().us + kRepairWithinUs - kDeliverWithinUs;
    std::string wrong = wrong_leaf_set(world_);
    while (!wrong.empty() && world_.now().us < deadline) {
      world_.run_until(world_.now() + Duration{kSecond});
      wrong = wrong_leaf_set(world_);
    }
    if (!wrong.empty()) violations_.add("leaf sets are not repaired after sudden deaths: " + wrong);
  }

  void check_death_known(const RingTruth& truth, std::size_t place) {
    // One more, watched closely.
    const std::uint32_t victim = truth.at(place + 5);
    const NodeId id = world_.id(victim);
    const std::int64_t start = world_.now().us;
    world_.crash(victim, false);
    const auto knows = [&](std::uint32_t machine) {
      const auto view = world_.core(machine)->view();
      return std::none_of(view.left.begin(), view.left.end(),
                          [&](const auto& c) { return c.node.id == id; }) &&
             std::none_of(view.right.begin(), view.right.end(),
                          [&](const auto& c) { return c.node.id == id; });
    };
    while (world_.now().us - start < kDeathKnownWithinUs &&
           !(knows(truth.at(place + 4)) && knows(truth.at(place + 6)))) {
      world_.run_until(world_.now() + Duration{20'000});
    }
    first_death_us_ = world_.now().us - start;
    if (first_death_us_ >= kDeathKnownWithinUs)
      violations_.add("a death was not known to both neighbours within 2 s");
    world_.run_until(world_.now() + Duration{2 * kSecond});
  }

  void finish() {
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.core(i) != nullptr) world_.core(i)->check_invariants();
    }
    report_.violations = violations_.list();
    report_.violation_count = violations_.count();
    report_.hash = world_.hash();
    report_.requests = requests_.entries().size();
    for (const auto& entry : requests_.entries()) report_.delivered += entry.delivered ? 1U : 0U;
    report_.partition_doubles = single_root_.partition_doubles();
    report_.lost = world_.totals().lost;
    report_.duplicated = world_.totals().duplicated;
    report_.reordered = world_.totals().reordered;
    report_.events = world_.totals().events;
    report_.messages = world_.totals().messages;
  }

  ChaosOptions options_;
  Random faults_;
  Random load_;
  World world_;
  ChaosReport report_;
  Violations violations_;
  SingleRootChecker single_root_;
  RequestChecker requests_;
  std::vector<std::vector<Disk>> old_disks_;
  std::vector<bool> frozen_;
  std::uint32_t clone_of_ = UINT32_MAX;
  std::uint64_t actions_ = 0;
  std::int64_t changed_us_ = 0;
  std::int64_t part_until_us_ = 0;
  std::int64_t merged_by_us_ = 0;
  std::int64_t first_death_us_ = 0;
  bool parted_ = false;
  bool quiet_ = false;
};

}  // namespace

ChaosReport run_chaos(const ChaosOptions& options) {
  Chaos chaos(options);
  return chaos.run();
}

}  // namespace dart::sim
