#include "sim/deploy_experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "placement/record_codec.hpp"
#include "sim/control_server.hpp"
#include "sim/join_waves.hpp"
#include "sim/ring_truth.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kWorkload = 0xDEB107;
constexpr const char* kCentral = "central";
/// The machine that schedules everything under `central` is the one that owns most keys: names are drawn
/// until they fall there.
constexpr std::uint64_t kMostNames = 100'000'000;
/// Before the first request so long is watched for what goes on anyway.
constexpr std::int64_t kIdleUs = 10'000'000;
/// What follows from a deployment when its client has been told: neighbours are told what to watch.
constexpr std::int64_t kAfterwardsUs = 1'000'000;
constexpr std::uint64_t kFreeBytes = 1U << 30;

class Deployment final : public Observer {
 public:
  Deployment(const DeployOptions& options, Processor& processor, std::unique_ptr<DelayModel> delays)
      : options_(options),
        workload_(Random(options.seed).split(kWorkload)),
        processor_(processor),
        world_(world_options(options), std::move(delays)) {
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
  }

  DeployReport run() {
    join_all();
    draw_apps();
    watch_idle();
    hand_in();
    report_apps();
    report_nodes();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* send = std::get_if<overlay::Send>(&action)) {
      if (metered_) meter_.sent(world_.core(machine)->overlay().self(), *send);
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      joined_.push_back(machine);
    } else if (const auto* open = std::get_if<placement::OpenInstance>(&action)) {
      opened_.emplace_back(machine, placement::Opened{open->query, open->epoch, open->instance, {}, false});
    } else if (const auto* done = std::get_if<placement::RequestDone>(&action)) {
      answered(machine, *done);
    }
  }

 private:
  struct App {
    placement::QuerySpec spec;
    std::uint32_t submitter = 0;
    std::int64_t at_us = 0;
    bool answered = false;
    std::vector<placement::Placed> placed;  // once it runs
  };

  static WorldOptions world_options(const DeployOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.directory.emplace();
    world.tree = directory::tree::in_pace_of(options.config);
    world.queries = placement::in_pace_of(options.config);
    return world;
  }

  void join_all() {
    const auto start = [this](std::uint32_t machine) { world_.start(machine, {random_member()}); };
    const auto progress = [this] {
      if (options_.progress && joined_.size() % 64 == 0) tell_progress();
    };
    join_in_waves(world_, options_.nodes, joined_, start, progress);
    for (const std::uint32_t machine : joined_) {
      placement::Load load;
      load.free_bytes = kFreeBytes;
      world_.command(machine, placement::LoadReport{load});
    }
    world_.run_until(world_.now() + options_.settle);
  }

  void tell_progress() const {
    options_.progress(static_cast<std::uint32_t>(joined_.size()), report_.running);
  }
  std::uint32_t random_member() { return joined_[static_cast<std::size_t>(workload_.below(joined_.size()))]; }

  void draw_apps() {
    RingTruth truth;
    for (const std::uint32_t machine : joined_) truth.add(world_.id(machine), machine);
    const std::uint32_t master = biggest(truth);
    std::uint64_t names = 0;
    for (std::uint32_t a = 0; a < options_.apps; ++a) {
      App& app = apps_.emplace_back();
      app.spec = options_.app;
      app.spec.policy = options_.policy;
      app.spec.name = fmt::format("app{}", a);
      while (options_.policy == kCentral && names++ < kMostNames &&
             truth.root(placement::query_key(app.spec.name)) != master) {
        app.spec.name = fmt::format("app{}.{}", a, names);
      }
      app.submitter = random_member();
      std::vector<std::uint32_t> readers;
      while (readers.size() < std::min<std::size_t>(options_.sources, joined_.size())) {
        const std::uint32_t reader = random_member();
        if (std::find(readers.begin(), readers.end(), reader) == readers.end()) readers.push_back(reader);
      }
      const std::uint32_t root = truth.root(placement::query_key(app.spec.name));
      for (placement::StageShape& stage : app.spec.stages) {
        if (stage.role == placement::StageRole::Source) {
          stage.label.clear();
          stage.nodes.clear();
          for (const std::uint32_t reader : readers) stage.nodes.push_back(handle(reader));
        } else if (stage.role == placement::StageRole::Main && !options_.free_sink) {
          stage.nodes = {handle(root)};
        }
      }
    }
  }

  [[nodiscard]] overlay::NodeHandle handle(std::uint32_t machine) const {
    return world_.core(machine)->overlay().self();
  }

  /// The machine that is the root of most keys, by its neighbours on the circle.
  [[nodiscard]] static std::uint32_t biggest(const RingTruth& truth) {
    constexpr int kSamples = 20'000;
    Random random(1);
    std::map<std::uint32_t, int> hits;
    for (int i = 0; i < kSamples; ++i) ++hits[truth.root(NodeId::draw(random))];
    return std::max_element(hits.begin(), hits.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

  /// From here on nodes need time for what they do.
  void watch_idle() {
    world_.set_processor(&processor_);
    metered_ = true;
    run_until(world_.now() + Duration{kIdleUs}, [] { return false; });
    report_.idle_deploying_per_s = static_cast<double>(meter_.of_deploying().messages) * 1e6 / kIdleUs;
    meter_ = {};
    busy_before_.reserve(world_.machines());
    for (std::uint32_t m = 0; m < world_.machines(); ++m) {
      busy_before_.push_back(world_.server(m).busy_ns);
      steps_before_ += world_.server(m).steps;
    }
  }

  template <class Done>
  void run_until(TimePoint until, const Done& done) {
    open_instances();
    while (!done() && world_.run_one(until)) open_instances();
    if (!done()) world_.run_until(until);
  }

  /// The twin of a machine's runtime opens at once what it is told to; what that costs is in the step.
  void open_instances() {
    while (!opened_.empty()) {
      for (auto& [machine, input] : std::exchange(opened_, {})) world_.command(machine, std::move(input));
    }
  }

  void hand_in() {
    const TimePoint begin = world_.now();
    for (std::uint32_t a = 0; a < options_.apps; ++a) {
      run_until(begin + Duration{options_.within.us * a / std::max(1U, options_.apps)}, [] { return false; });
      apps_[a].at_us = world_.now().us;
      world_.command(apps_[a].submitter, placement::Request{a + 1, placement::RequestKind::Submit,
                                                            apps_[a].spec.name, apps_[a].spec});
    }
    const TimePoint end = begin + options_.window;
    run_until(end, [this] { return answers_ == options_.apps; });
    const TimePoint afterwards = std::min(end, world_.now() + Duration{kAfterwardsUs});
    run_until(afterwards, [] { return false; });
    report_.deploying = meter_.of_deploying();
    for (std::size_t k = 0; k < message_kinds(); ++k) {
      const auto kind = static_cast<MessageKind>(k);
      const Traffic traffic = meter_.of(kind);
      if (!is_upkeep(kind) && traffic.messages > 0) report_.kinds.push_back({name_of(kind), traffic});
    }
    run_until(end, [] { return false; });
    report_.window = meter_.all();
  }

  void answered(std::uint32_t machine, const placement::RequestDone& done) {
    if (done.tag == 0 || done.tag > apps_.size() || apps_[done.tag - 1].answered) return;
    App& app = apps_[done.tag - 1];
    app.answered = true;
    ++answers_;
    if (!done.ok) {
      if (report_.refused++ == 0) report_.refusal = done.message;
      return;
    }
    ++report_.running;
    app.placed = done.placed;
    report_.deployment_us.push_back(world_.free_at(machine).us - app.at_us);
    if (options_.progress && report_.running % 16 == 0) tell_progress();
  }

  void report_apps() {
    report_.seed = options_.seed;
    report_.policy = options_.policy;
    report_.nodes = options_.nodes;
    report_.joined = static_cast<std::uint32_t>(joined_.size());
    report_.apps = options_.apps;
    report_.sources = options_.sources;
    report_.free_sink = options_.free_sink;
    report_.refused += options_.apps - answers_;
    report_.window_s = static_cast<double>(options_.window.us) / 1e6;
    std::vector<std::uint32_t> operators(world_.machines(), 0);
    for (const App& app : apps_) {
      for (const placement::Placed& placed : app.placed) {
        if (app.spec.stages[placed.id.stage].role == placement::StageRole::Source) continue;
        ++operators[World::machine_of(placed.host)];
      }
      const std::vector<std::int64_t> ways = ways_to_sink(world_, app.placed);
      report_.to_sink_us.insert(report_.to_sink_us.end(), ways.begin(), ways.end());
    }
    report_.spread = spread_of(operators);
  }

  void report_nodes() {
    for (std::uint32_t m = 0; m < world_.machines(); ++m) {
      const ServerFigures& figures = world_.server(m);
      report_.busiest_ns = std::max(report_.busiest_ns, figures.busy_ns - busy_before_[m]);
      report_.longest_wait_us = std::max(report_.longest_wait_us, figures.longest_wait_us);
      report_.steps += figures.steps;
      const auto* core = world_.core(m);
      const auto own = static_cast<std::uint32_t>(core == nullptr ? 0 : core->queries()->scheduled());
      report_.schedulers += own > 0 ? 1 : 0;
      report_.busiest_scheduler = std::max(report_.busiest_scheduler, own);
    }
    report_.steps -= steps_before_;
    report_.events = world_.totals().events;
    report_.virtual_s = static_cast<double>(world_.now().us) / 1e6;
  }

  DeployOptions options_;
  Random workload_;
  Processor& processor_;
  World world_;
  DeployReport report_;
  TrafficMeter meter_;
  bool metered_ = false;
  std::vector<std::uint32_t> joined_;
  std::vector<App> apps_;
  std::uint32_t answers_ = 0;
  std::vector<std::pair<std::uint32_t, placement::Opened>> opened_;
  std::vector<std::int64_t> busy_before_;  // by machine
  std::uint64_t steps_before_ = 0;
};

}  // namespace

DeployReport run_deploy(const DeployOptions& options, const ControlCosts& costs,
                        std::unique_ptr<DelayModel> delays) {
  ControlServer server(costs, options.policy);
  DeployReport report = run_deploy_on(options, server, std::move(delays));
  report.guessed_share = static_cast<double>(server.steps().guessed()) /
                         static_cast<double>(std::max<std::uint64_t>(1, server.steps().asked()));
  return report;
}

DeployReport run_deploy_on(const DeployOptions& options, Processor& processor,
                           std::unique_ptr<DelayModel> delays) {
  Deployment deployment(options, processor, std::move(delays));
  return deployment.run();
}

}  // namespace dart::sim
