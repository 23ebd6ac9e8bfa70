#include "sim/route_experiment.hpp"

#include "sim/join_waves.hpp"
#include "sim/ring_truth.hpp"
#include "sim/table_fill.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kWorkload = 0x10AD;
/// Requests are spread over this much virtual time.
constexpr std::int64_t kRequestsUs = 1'000'000;
constexpr std::int64_t kSliceUs = 20'000;
/// Routing tables that are compared with the list of ids.
constexpr std::size_t kTables = 1000;

/// Starts machines as others have joined, and writes down what becomes of requests.
class Experiment final : public Observer {
 public:
  Experiment(const RouteOptions& options, std::unique_ptr<DelayModel> delays)
      : options_(options),
        workload_(Random(options.seed).split(kWorkload)),
        world_(world_options(options), std::move(delays)) {
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    const std::uint32_t requests = options.requests == 0 ? options.nodes : options.requests;
    report_.paths.resize(requests);
    report_.requests = requests;
    report_.seed = options.seed;
    report_.nodes = options.nodes;
  }

  RouteReport run() {
    join_all();
    report_.join_virtual_s = virtual_s();
    world_.run_until(world_.now() + options_.settle);
    request_all();
    finish();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* sent = std::get_if<overlay::Send>(&action)) {
      const auto* routed = std::get_if<overlay::Routed>(&sent->message);
      if (routed != nullptr) take_hop(report_.paths[routed->request], machine, World::machine_of(sent->to));
    } else if (const auto* done = std::get_if<overlay::Deliver>(&action)) {
      ++report_.delivered;
      if (truth_.root(done->routed.key) != machine) ++report_.wrong_root;
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      truth_.add(world_.id(machine), machine);
      joined_.push_back(machine);
    }
  }

 private:
  static WorldOptions world_options(const RouteOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    return world;
  }
  double virtual_s() const { return static_cast<double>(world_.now().us - start_us_) / 1e6; }

  void join_all() {
    start_us_ = world_.now().us;
    const auto start = [this](std::uint32_t machine) {
      world_.start(machine, {joined_[static_cast<std::size_t>(workload_.below(joined_.size()))]});
    };
    const auto progress = [this] {
      if (options_.progress && joined_.size() % 64 == 0)
        options_.progress(static_cast<std::uint32_t>(joined_.size()), 0);
    };
    join_in_waves(world_, options_.nodes, joined_, start, progress);
    report_.joined = static_cast<std::uint32_t>(joined_.size());
  }

  void request_all() {
    std::vector<Key> sinks;
    for (std::uint32_t i = 0; i < options_.sinks; ++i) sinks.push_back(NodeId::draw(workload_));
    for (std::uint32_t i = 0; i < report_.requests; ++i) {
      // One for each node in turn, as long as there are so many; the keys at random.
      const std::uint32_t origin = joined_[i % joined_.size()];
      const Key key = sinks.empty() ? NodeId::draw(workload_)
                                    : sinks[static_cast<std::size_t>(workload_.below(sinks.size()))];
      report_.paths[i].push_back(origin);
      world_.command(origin, overlay::Route{key, i, 0, overlay::HopMode::Direct, false, {}});
      world_.run_until(world_.now() + Duration{kRequestsUs / report_.requests + 1});
    }
    const std::int64_t patience = world_.now().us + 10'000'000;
    while (report_.delivered < report_.requests && world_.now().us < patience) {
      world_.run_until(world_.now() + Duration{kSliceUs});
      if (options_.progress) options_.progress(report_.joined, report_.delivered);
    }
  }

  void finish() {
    measure_paths();
    measure_levels();
    report_.tables = table_fill(world_, truth_, kTables);
    report_.events = world_.totals().events;
    report_.messages = world_.totals().messages;
    report_.by_kind = world_.totals().by_kind;
    report_.virtual_s = virtual_s();
    double bytes = 0;
    for (std::uint32_t i = 0; i < world_.machines(); ++i) {
      if (world_.core(i) == nullptr) continue;
      const std::size_t one = world_.core(i)->overlay().state_bytes();
      bytes += static_cast<double>(one);
      report_.state_bytes_max = std::max<std::uint64_t>(report_.state_bytes_max, one);
    }
    report_.state_bytes_mean = bytes / static_cast<double>(world_.machines());
  }

  void measure_paths() {
    std::vector<Way> ways;
    for (const Path& path : report_.paths) {
      if (path.size() < 2) continue;
      double taken = 0;
      for (std::size_t i = 1; i < path.size(); ++i)
        taken += static_cast<double>(world_.delay(path[i - 1], path[i]).us);
      ways.push_back({taken, static_cast<double>(world_.delay(path.front(), path.back()).us)});
    }
    report_.stretch = stretch_of(ways);
  }

  void measure_levels() {
    report_.figures = path_figures(report_.paths);
    report_.loaded_share =
        static_cast<double>(report_.figures.loaded) / static_cast<double>(world_.machines());
  }

  RouteOptions options_;
  Random workload_;
  World world_;
  RingTruth truth_;
  std::vector<std::uint32_t> joined_;
  std::int64_t start_us_ = 0;
  RouteReport report_;
};

}  // namespace

RouteReport run_route(const RouteOptions& options, std::unique_ptr<DelayModel> delays) {
  Experiment experiment(options, std::move(delays));
  return experiment.run();
}

}  // namespace dart::sim
