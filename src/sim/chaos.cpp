#include "sim/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "sim/checkers.hpp"
#include "sim/fault_injector.hpp"
#include "sim/trouble_log.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kFaultStream = 0xFA;
constexpr std::uint64_t kLoadStream = 0x10;
constexpr std::uint64_t kDelayStream = 0xDE1A;
constexpr std::uint64_t kSmallRingStream = 0x5A11;
constexpr std::int64_t kSecond = 1'000'000;
// Times of the default profile; others are as many times longer as their lease is.
constexpr std::int64_t kHurtUs = 30 * kSecond;
constexpr std::int64_t kFaultEveryUs = 220'000;
constexpr std::int64_t kLoadEveryUs = 100'000;
constexpr std::int64_t kLookEveryUs = 20'000;
constexpr std::int64_t kHealWithinUs = 60 * kSecond;
/// A healed partition: doubles of its two sides are counted, not complained about, for so long.
constexpr std::int64_t kMergeWithinUs = 60 * kSecond;
constexpr std::int64_t kQuietUs = 6 * kSecond;
constexpr std::int64_t kDeliverWithinUs = 5 * kSecond;
/// Far ends of leaf sets are looked at in turn, one a second.
constexpr std::int64_t kRepairWithinUs = 30 * kSecond;
constexpr std::int64_t kDeathKnownWithinUs = 2 * kSecond;
/// Of a single death everybody near is told.
constexpr std::int64_t kDeathToldWithinUs = 6 * kSecond;
/// A trouble that is over may still be in messages on their way.
constexpr std::int64_t kExcusedForUs = 3 * kSecond / 2;
constexpr std::int64_t kOneOfTwoWithinUs = 20 * kSecond;
constexpr std::int64_t kReplacedForUs = 8 * kSecond;
constexpr std::int64_t kDarkUs = 25 * kSecond;
constexpr std::size_t kMostBytes = 64U << 10;
constexpr std::size_t kFinalLookups = 48;
/// Upkeep of a quiet ring of the default profile, messages a node and second.
constexpr double kMostUpkeep = 8.0;
/// One ring in so many also loses its network for a while.
constexpr std::uint64_t kDarkRings = 4;
constexpr std::uint32_t kSmallRing = 8;

class Chaos final : public Observer {
 public:
  explicit Chaos(const ChaosOptions& options)
      : options_(options),
        scale_(std::max<std::int64_t>(1, options.config.lease.us / overlay::lan_profile().lease.us)),
        load_(Random(options.seed).split(kLoadStream)),
        world_(world_options(options), *make_delay_model("plane", Random(options.seed).split(kDelayStream))),
        single_root_(scale_ * kMergeWithinUs),
        deaths_(scale_ * kExcusedForUs) {
    report_.seed = options.seed;
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    faults_ =
        std::make_unique<FaultInjector>(world_, troubles_, Random(options.seed).split(kFaultStream), scale_);
  }

  ChaosReport run() {
    come_up();
    hurt();
    heal();
    const auto stage = [this](auto what) {
      if (violations_.count() == 0) (this->*what)();
    };
    stage(&Chaos::quiet_load);
    stage(&Chaos::twins);
    stage(&Chaos::watched_death);
    stage(&Chaos::sudden_deaths);
    if (small() || options_.seed % kDarkRings == 0) stage(&Chaos::dark);
    finish();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* done = std::get_if<overlay::Deliver>(&action)) {
      single_root_.on_deliver(world_, troubles_, machine, done->routed.key, violations_);
      requests_.on_deliver(done->routed.request, machine, world_.now().us);
    } else if (const auto* receipt = std::get_if<overlay::Delivered>(&action)) {
      requests_.on_receipt(receipt->request, violations_);
    } else if (const auto* failed = std::get_if<overlay::RouteFailed>(&action)) {
      requests_.on_failed(failed->request);
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      ++report_.joins;
    } else if (const auto* died = std::get_if<overlay::Died>(&action)) {
      ++report_.deaths;
      const std::string wrong = deaths_.on_died(world_, troubles_, machine, died->node);
      if (!wrong.empty()) violations_.add(wrong);
    } else if (std::holds_alternative<overlay::NeighboursChanged>(action)) {
      changed_us_ = world_.now().us;
    } else if (const auto* refused = std::get_if<overlay::JoinFailed>(&action)) {
      report_.twins += refused->reason == overlay::JoinFailure::DuplicateId ? 1U : 0U;
    } else if (std::holds_alternative<overlay::SteppedDown>(action)) {
      ++report_.twins;
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
    world.keep_sent = true;
    return world;
  }

  std::uint32_t pick(Random& random) { return static_cast<std::uint32_t>(random.below(world_.machines())); }
  bool up(std::uint32_t machine) const { return world_.state(machine) == MachineState::Up; }
  bool joined(std::uint32_t machine) const { return up(machine) && world_.core(machine)->overlay().joined(); }
  bool member(std::uint32_t machine) const {
    return up(machine) && world_.core(machine)->overlay().phase() == overlay::Phase::Member;
  }
  bool small() const { return options_.nodes <= kSmallRing; }
  std::uint32_t count_up() const {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) count += up(i) ? 1U : 0U;
    return count;
  }
  /// A time of the default profile, as long as it is in this one.
  Duration scaled(std::int64_t us) const { return {scale_ * us}; }
  void run_for(std::int64_t us) { world_.run_until(world_.now() + scaled(us)); }

  void come_up() {
    world_.start(0, {}, true);
    Random& random = faults_->random();
    std::uint32_t started = 1;
    while (started < options_.nodes) {
      const auto burst = static_cast<std::uint32_t>(1 + random.below(8));
      for (std::uint32_t i = 0; i < burst && started < options_.nodes; ++i) {
        const auto seed = static_cast<std::uint32_t>(random.below(started));
        world_.start(started++, {seed, 0});
      }
      world_.run_until(world_.now() + Duration{static_cast<std::int64_t>(random.below(500'000))});
    }
    run_for(3 * kSecond);
  }

  void hurt() {
    const std::int64_t end = world_.now().us + scale_ * kHurtUs;
    std::int64_t next_fault = world_.now().us;
    while (world_.now().us < end) {
      run_closely(kLoadEveryUs);
      send_load();
      faults_->end_due();
      if (world_.now().us < next_fault) continue;
      next_fault += static_cast<std::int64_t>(
          faults_->random().below(2 * static_cast<std::uint64_t>(scale_ * kFaultEveryUs)));
      const auto fault = static_cast<Fault>(faults_->random().below(kFaults));
      if (faults_->inject(fault)) ++report_.faults[static_cast<std::size_t>(fault)];
    }
  }

  /// Looks every few steps at who answers for the keys of a node that others may wrongly bury.
  void run_closely(std::int64_t us) {
    const std::int64_t end = world_.now().us + scale_ * us;
    while (faults_->walled() != UINT32_MAX && world_.now().us < end) {
      single_root_.look(world_, troubles_, world_.id(faults_->walled()), violations_);
      world_.run_until(world_.now() + scaled(kLookEveryUs));
    }
    world_.run_until({end});
  }

  void send_load() {
    const std::uint32_t origin = pick(load_);
    if (!up(origin)) return;
    const Key key = NodeId::draw(load_);
    const bool receipt = load_.chance(3, 4);
    const auto request = requests_.add(key, origin, world_.now().us);
    world_.command(origin, overlay::Route{key, request, 7, overlay::HopMode::Direct, receipt, "load"});
  }

  void heal() {
    faults_->heal();
    report_.heal_s =
        static_cast<double>(wait_for_one_ring("not healed by the deadline", kHealWithinUs)) / 1e6;
  }

  /// How long it took.
  std::int64_t wait_for_one_ring(const char* otherwise, std::int64_t within_us) {
    const std::int64_t start = world_.now().us;
    std::string wrong = "nothing was looked at";
    while (world_.now().us < start + scale_ * within_us) {
      run_for(kSecond / 4);
      if (world_.now().us - changed_us_ < scale_ * kSecond || any_paused()) continue;
      wrong = wrong_leaf_set(world_);
      if (wrong.empty()) break;
    }
    if (!wrong.empty()) violations_.add(fmt::format("{}: {}", otherwise, wrong));
    check_one_life(world_, violations_);
    return world_.now().us - start;
  }

  bool any_paused() const {
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.state(i) == MachineState::Paused) return true;
    }
    return false;
  }

  /// Sends lookups and expects each at its root in time. Where a death is known long after a hop is given up,
  /// only those with receipts outlive it.
  void expect_lookups(const char* when) {
    const RingTruth truth = truth_of(world_);
    const std::size_t first = requests_.entries().size();
    for (std::size_t i = 0; i < kFinalLookups; ++i) {
      std::uint32_t origin = pick(load_);
      while (!up(origin)) origin = (origin + 1) % world_.machines();
      const Key key = NodeId::draw(load_);
      const auto request = requests_.add(key, origin, world_.now().us);
      world_.command(origin, overlay::Route{key, request, 7, overlay::HopMode::Direct, scale_ > 1, {}});
    }
    run_for(kDeliverWithinUs);
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

  std::uint64_t stale_seen() const {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.core(i) != nullptr) sum += world_.core(i)->overlay().counters().stale;
    }
    return sum;
  }

  void quiet_load() {
    run_for(kQuietUs);
    const std::uint64_t before = upkeep_sent();
    const std::uint64_t stale = stale_seen();
    run_for(kQuietUs);
    const double seconds = static_cast<double>(scale_ * kQuietUs) / 1e6;
    const double upkeep = static_cast<double>(upkeep_sent() - before) / count_up() / seconds;
    if (upkeep > kMostUpkeep / static_cast<double>(scale_))
      violations_.add(fmt::format("{:.2f} messages of upkeep a node and second", upkeep));
    if (stale_seen() - stale > count_up())
      violations_.add(fmt::format("{} messages of or for lives that are long over", stale_seen() - stale));
    expect_lookups("in the quiet");
    check_memory(world_, kMostBytes, violations_);
  }

  /// A copy of a disk starts: while the node of that id lives, the copy is refused; when it is out of reach,
  /// the copy takes over for good.
  void twins() {
    const RingTruth truth = truth_of(world_);
    const std::uint32_t one = truth.at(faults_->random().below(truth.size()));
    const overlay::NodeHandle life = world_.core(one)->overlay().self();
    const bool replaced = truth.size() > 2 && options_.seed % 2 == 0;
    if (replaced) {
      world_.pause(one, scaled(kReplacedForUs));
      troubles_.machine(one, world_.now().us + scale_ * kReplacedForUs);
      run_for(kReplacedForUs / 2);
    }
    const std::uint32_t copy = faults_->start_copy_of(one);
    const std::int64_t end = world_.now().us + scale_ * kOneOfTwoWithinUs;
    const std::int64_t awake = world_.now().us + scale_ * kReplacedForUs / 2;
    bool took_over = false;
    while (world_.now().us < end && (world_.core(copy) != nullptr) == (world_.core(one) != nullptr)) {
      world_.run_until(world_.now() + scaled(kLookEveryUs));
      single_root_.look(world_, troubles_, world_.id(one), violations_);
      took_over = took_over || (replaced && world_.now().us < awake && member(copy));
    }
    const bool copy_stays = member(copy) && world_.core(one) == nullptr;
    const bool one_stays =
        world_.core(copy) == nullptr && joined(one) && world_.core(one)->overlay().self().same_life(life);
    // A copy that was still joining when the other woke may win or lose.
    if (took_over ? !copy_stays : !one_stays && !(replaced && copy_stays)) {
      violations_.add(fmt::format(
          "machine {} was started from a copy of the disk of {}, which {}: now they are {} and {}", copy, one,
          replaced ? "did not answer" : "lived", member(copy) ? "a member" : "none",
          joined(one) ? "a member" : "none"));
    }
    wait_for_one_ring("not one ring after a copy of a disk", kRepairWithinUs);
  }

  /// A node dies without a word: its neighbours know soon, and all others near it a little later.
  void watched_death() {
    const RingTruth truth = truth_of(world_);
    if (truth.size() < 3) return;
    const std::size_t place = truth.size() + faults_->random().below(truth.size());
    const NodeId id = world_.id(truth.at(place));
    const std::int64_t start = world_.now().us;
    world_.crash(truth.at(place), false);
    const auto knows = [&](std::uint32_t machine) {
      const auto view = world_.core(machine)->view();
      const auto is_it = [&](const auto& contact) { return contact.node.id == id; };
      return std::none_of(view.left.begin(), view.left.end(), is_it) &&
             std::none_of(view.right.begin(), view.right.end(), is_it);
    };
    const auto since = [&] { return world_.now().us - start; };
    while (since() < scale_ * kDeathKnownWithinUs &&
           !(knows(truth.at(place - 1)) && knows(truth.at(place + 1)))) {
      world_.run_until(world_.now() + scaled(kLookEveryUs));
    }
    if (since() >= scale_ * kDeathKnownWithinUs)
      violations_.add("a death was not known to both neighbours within 2 s");
    std::string wrong = wrong_leaf_set(world_);
    while (!wrong.empty() && since() < scale_ * kDeathToldWithinUs) {
      run_for(kSecond / 10);
      wrong = wrong_leaf_set(world_);
    }
    if (!wrong.empty()) violations_.add("a single death was not known to all near it within 6 s: " + wrong);
  }

  /// Neighbours in the ring die at once, without a word: nothing else is lost.
  void sudden_deaths() {
    const RingTruth truth = truth_of(world_);
    const std::size_t together = std::min<std::size_t>(1 + faults_->random().below(4), truth.size() / 4);
    const std::size_t place = faults_->random().below(truth.size());
    for (std::size_t i = 0; i < together; ++i) world_.crash(truth.at(place + i), false);
    expect_lookups("after sudden deaths");
    const std::int64_t deadline = world_.now().us + scale_ * (kRepairWithinUs - kDeliverWithinUs);
    std::string wrong = wrong_leaf_set(world_);
    while (!wrong.empty() && world_.now().us < deadline) {
      run_for(kSecond);
      wrong = wrong_leaf_set(world_);
    }
    if (!wrong.empty()) violations_.add("leaf sets are not repaired after sudden deaths: " + wrong);
  }

  /// The network falls into many parts until they have long forgotten each other, and comes back.
  void dark() {
    faults_->part_now(2 + static_cast<std::uint32_t>(faults_->random().below(world_.machines())), 2);
    run_for(kDarkUs);
    faults_->join_parts();
    wait_for_one_ring("not one ring after a long partition", kHealWithinUs);
    if (violations_.count() == 0) expect_lookups("after a long partition");
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
    report_.excused_deaths = deaths_.excused();
    report_.replayed = world_.totals().replayed;
    report_.lost = world_.totals().lost;
    report_.duplicated = world_.totals().duplicated;
    report_.reordered = world_.totals().reordered;
    report_.events = world_.totals().events;
    report_.messages = world_.totals().messages;
  }

  ChaosOptions options_;
  std::int64_t scale_;  // times of the profile in units of the default one
  Random load_;
  World world_;
  ChaosReport report_;
  Violations violations_;
  TroubleLog troubles_;
  std::unique_ptr<FaultInjector> faults_;
  SingleRootChecker single_root_;
  DeathChecker deaths_;
  RequestChecker requests_;
  std::int64_t changed_us_ = 0;
};

}  // namespace

ChaosReport run_chaos(const ChaosOptions& options) {
  ChaosReport report = Chaos(options).run();
  if (options.nodes <= kSmallRing || report.violation_count != 0) return report;
  // Few nodes have other weak spots: everybody is next to everybody, and there may be no witness.
  Random random = Random(options.seed).split(kSmallRingStream);
  ChaosOptions few = options;
  few.nodes = 2 + static_cast<std::uint32_t>(random.below(kSmallRing - 2));
  few.seed = random.next();
  const ChaosReport small = Chaos(few).run();
  for (const std::string& what : small.violations)
    report.violations.push_back(fmt::format("ring of {}: {}", few.nodes, what));
  report.violation_count += small.violation_count;
  report.hash = mix64(report.hash ^ small.hash);
  return report;
}

}  // namespace dart::sim
