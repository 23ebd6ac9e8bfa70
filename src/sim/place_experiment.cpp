#include "sim/place_experiment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "placement/limits.hpp"
#include "placement/policy.hpp"
#include "sim/join_waves.hpp"
#include "sim/path_figures.hpp"

namespace dart::sim {

namespace {

using placement::Candidate;
using placement::Hop;
using placement::Placed;

constexpr std::uint64_t kWorkload = 0x91ACE;
constexpr std::uint64_t kChoices = 0xC401CE;
/// What hosts are asked to keep to as long as others may take an instance.
constexpr std::uint32_t kFewOperators = 2;
constexpr std::uint32_t kLevels = 3;
constexpr std::uint64_t kFreeBytes = 1U << 30;

class Experiment final : public Observer {
 public:
  Experiment(const PlaceOptions& options, std::unique_ptr<DelayModel> delays)
      : options_(options),
        workload_(Random(options.seed).split(kWorkload)),
        world_(world_options(options), std::move(delays)) {
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
  }

  PlaceReport run() {
    join_all();
    PlaceReport report;
    report.seed = options_.seed;
    report.nodes = options_.nodes;
    report.joined = static_cast<std::uint32_t>(joined_.size());
    report.apps = options_.apps;
    report.sources = options_.sources;
    report.free_sink = options_.free_sink;
    draw_apps(report);
    for (const placement::Policy* policy : placement::policies()) {
      const auto& asked = options_.policies;
      if (!asked.empty() && std::find(asked.begin(), asked.end(), policy->name()) == asked.end()) continue;
      report.policies.push_back(place_all(*policy));
    }
    report.events = world_.totals().events;
    report.virtual_s = static_cast<double>(world_.now().us) / 1e6;
    return report;
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (std::holds_alternative<overlay::Joined>(action)) joined_.push_back(machine);
  }

 private:
  struct App {
    placement::QuerySpec spec;
    std::vector<std::vector<std::uint32_t>> ways;  // machines of each reader's way, its own first
  };

  static WorldOptions world_options(const PlaceOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    return world;
  }

  void join_all() {
    const auto start = [this](std::uint32_t machine) {
      world_.start(machine, {joined_[static_cast<std::size_t>(workload_.below(joined_.size()))]});
    };
    const auto progress = [this] {
      if (options_.progress && joined_.size() % 64 == 0)
        options_.progress(static_cast<std::uint32_t>(joined_.size()));
    };
    join_in_waves(world_, options_.nodes, joined_, start, progress);
    world_.run_until(world_.now() + options_.settle);
    contacts_.resize(world_.machines());
    for (const std::uint32_t machine : joined_) note_contacts(machine);
  }

  /// A node and the leaves that it would propose: the nearest by their coordinates.
  void note_contacts(std::uint32_t machine) {
    const overlay::OverlayNode& ring = world_.core(machine)->overlay();
    const overlay::View view = ring.view();
    Hop& hop = contacts_[machine];
    hop.self = {ring.self(), ring.coordinate(), {}};
    std::vector<overlay::Contact> leaves = view.left;
    for (const overlay::Contact& leaf : view.right) {
      const bool twice = std::any_of(leaves.begin(), leaves.end(),
                                     [&](const overlay::Contact& it) { return it.node.id == leaf.node.id; });
      if (!twice) leaves.push_back(leaf);
    }
    std::stable_sort(leaves.begin(), leaves.end(), [&](const overlay::Contact& a, const overlay::Contact& b) {
      return ring.round_trip(a.coordinate) < ring.round_trip(b.coordinate);
    });
    leaves.resize(std::min(leaves.size(), placement::limits::kProposed));
    for (const overlay::Contact& leaf : leaves) hop.leaves.push_back({leaf.node, leaf.coordinate, {}});
  }

  void draw_apps(PlaceReport& report) {
    std::vector<std::int64_t> direct;
    std::uint64_t hops = 0;
    for (std::uint32_t a = 0; a < options_.apps; ++a) {
      App& app = apps_.emplace_back();
      app.spec = app_spec(fmt::format("app{}", a));
      const Key key = NodeId::draw(workload_);
      std::vector<std::uint32_t> origins;
      while (origins.size() < std::min<std::size_t>(options_.sources, joined_.size())) {
        const std::uint32_t origin = joined_[static_cast<std::size_t>(workload_.below(joined_.size()))];
        if (std::find(origins.begin(), origins.end(), origin) == origins.end()) origins.push_back(origin);
      }
      for (const std::uint32_t origin : origins) {
        app.ways.push_back(way(origin, key));
        hops += app.ways.back().size() - 1;
        direct.push_back(world_.delay(origin, app.ways.back().back()).us);
      }
      if (!options_.free_sink) app.spec.stages.back().nodes = {contacts_[app.ways.front().back()].self.node};
    }
    report.direct_median_us = rank(direct, 0.5);
    report.hops_mean =
        static_cast<double>(hops) / static_cast<double>(std::max<std::size_t>(1, direct.size()));
  }

  /// The nodes that a JOIN would pass.
  [[nodiscard]] std::vector<std::uint32_t> way(std::uint32_t origin, const Key& key) const {
    std::vector<std::uint32_t> machines{origin};
    while (machines.size() < placement::limits::kHops) {
      const auto next = world_.core(machines.back())->overlay().next_hop(key);
      if (!next) break;
      machines.push_back(World::machine_of(*next));
    }
    return machines;
  }

  [[nodiscard]] Candidate loaded(Candidate candidate) const {
    candidate.load.instances = operators_[World::machine_of(candidate.node)];
    candidate.load.free_bytes = kFreeBytes;
    return candidate;
  }

  [[nodiscard]] placement::PlacementProblem problem_of(const App& app) const {
    placement::PlacementProblem problem;
    problem.spec = &app.spec;
    for (std::uint32_t r = 0; r < app.ways.size(); ++r) {
      placement::Route& route = problem.routes.emplace_back();
      route.reader = {0, r};
      for (const std::uint32_t machine : app.ways[r]) {
        Hop hop = contacts_[machine];
        hop.self = loaded(hop.self);
        for (Candidate& leaf : hop.leaves) leaf = loaded(leaf);
        route.hops.push_back(std::move(hop));
      }
    }
    return problem;
  }

  /// Who takes an instance: hosts refuse a Reserve as they would in a ring (see QueryService).
  [[nodiscard]] overlay::NodeHandle taker(const placement::Policy& policy,
                                          const placement::Choice& choice) const {
    if (choice.id.stage != 0 && policy.spreads() && !options_.hash_alone) {
      std::uint32_t least = UINT32_MAX;
      for (const Candidate& it : choice.candidates) least = std::min(least, it.load.instances);
      const std::uint32_t first_most = std::max(kFewOperators, least + 1);
      for (std::uint32_t most = first_most; most < first_most + kLevels; ++most) {
        const std::size_t tries =
            std::min(choice.candidates.size(), most == first_most ? placement::limits::kTries : SIZE_MAX);
        for (std::size_t i = 0; i < tries; ++i) {
          const overlay::NodeHandle& node = choice.candidates[i].node;
          if (operators_[World::machine_of(node)] < most) return node;
        }
      }
    }
    return choice.candidates.front().node;
  }

  PlaceFigures place_all(const placement::Policy& policy) {
    PlaceFigures figures;
    figures.policy = policy.name();
    operators_.assign(world_.machines(), 0);
    Random random = Random(options_.seed).split(kChoices);
    std::vector<std::int64_t> ways;
    for (const App& app : apps_) {
      const placement::PlacementProblem problem = problem_of(app);
      std::vector<Placed> placed;
      for (const placement::Choice& choice : policy.place(problem, random)) {
        placed.push_back({choice.id, taker(policy, choice), choice.to, false});
        if (choice.id.stage != 0) ++operators_[World::machine_of(placed.back().host)];
      }
      const std::vector<std::int64_t> own = ways_to_sink(world_, placed);
      ways.insert(ways.end(), own.begin(), own.end());
      figures.bytes_per_s += placement::estimate(app.spec, placed, {}).bytes_per_s / options_.apps;
    }
    figures.spread = spread_of(operators_);
    figures.median_us = rank(ways, 0.5);
    figures.p90_us = rank(ways, 0.9);
    for (const std::int64_t us : ways) figures.mean_us += static_cast<double>(us);
    figures.mean_us /= static_cast<double>(std::max<std::size_t>(1, ways.size()));
    return figures;
  }

  PlaceOptions options_;
  Random workload_;
  World world_;
  std::vector<std::uint32_t> joined_;
  std::vector<Hop> contacts_;  // by machine
  std::vector<App> apps_;
  std::vector<std::uint32_t> operators_;  // by machine
};

}  // namespace

PlaceReport run_place(const PlaceOptions& options, std::unique_ptr<DelayModel> delays) {
  Experiment experiment(options, std::move(delays));
  return experiment.run();
}

}  // namespace dart::sim
