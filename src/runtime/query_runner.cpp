#include "runtime/query_runner.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "engine/stage.hpp"
#include "runtime/clock.hpp"
#include "runtime/worker_pool.hpp"

namespace dart::runtime {

namespace {

class InstanceUnit final : public Unit {
 public:
  explicit InstanceUnit(std::unique_ptr<engine::Instance> instance) : instance_(std::move(instance)) {}

  bool has_sources() const override { return instance_->has_sources(); }
  engine::Instance::Turn poll(TimePoint time, std::size_t budget_rows) override {
    return instance_->poll(time, budget_rows);
  }
  void receive(engine::Message message) override { instance_->receive(std::move(message)); }
  void pause() override { instance_->pause(); }
  void stop_sources() override { instance_->stop_sources(); }
  std::vector<engine::Message>& outgoing() override { return instance_->outgoing(); }
  bool finished() const override { return instance_->finished(); }
  const std::optional<Error>& failure() const override { return instance_->failure(); }
  std::vector<int> ready_fds() const override { return instance_->ready_fds(); }

  std::vector<engine::OperatorReport> report() const { return instance_->report(); }

 private:
  std::unique_ptr<engine::Instance> instance_;
};

bool writes_a_table(const plan::Plan& plan, const engine::Stage& stage) {
  return std::any_of(stage.nodes.begin(), stage.nodes.end(), [&](plan::NodeId node) {
    return std::holds_alternative<plan::Sink>(plan.nodes[node].kind);
  });
}

std::vector<std::vector<std::size_t>> feeds_of(const engine::Stages& stages) {
  std::vector<std::vector<std::size_t>> feeds(stages.stages.size());
  for (const auto& exchange : stages.exchanges) {
    auto& fed = feeds[exchange.from_stage];
    if (std::find(fed.begin(), fed.end(), exchange.to_stage) == fed.end()) fed.push_back(exchange.to_stage);
  }
  return feeds;
}

/// What the others hold is shown although one of them failed; how that goes no longer matters.
void flush_others(const std::vector<InstanceUnit*>& units) {
  for (InstanceUnit* unit : units) {
    if (!unit->failure() && !unit->finished()) unit->pause();
  }
}

}  // namespace

Result<RunReport> run_plan(const plan::Plan& plan, engine::ConnectorFactory& connectors,
                           const RunSettings& settings, StopSignal& stop) {
  const bool per_operator = settings.scheduler == Scheduler::ThreadPerOperator;
  const engine::Stages stages =
      per_operator ? engine::cut_every_operator(plan) : engine::cut(plan, settings.workers);
  const engine::InstanceSettings instance_settings{settings.chunk_rows,
                                                   settings.measure_busy ? &monotonic_ns : nullptr};
  std::vector<UnitWiring> wirings;
  std::vector<InstanceUnit*> units;
  for (std::size_t s = 0; s < stages.stages.size(); ++s) {
    DART_TRY(auto instance, engine::Instance::open(plan, stages, s, instance_settings, connectors));
    auto unit = std::make_unique<InstanceUnit>(std::move(instance));
    units.push_back(unit.get());
    wirings.push_back({std::move(unit), !writes_a_table(plan, stages.stages[s])});
  }
  std::vector<std::size_t> targets;
  for (const auto& exchange : stages.exchanges) targets.push_back(exchange.to_stage);

  const PoolSettings pool_settings{.workers = std::min(settings.workers, units.size()),
                                   .thread_per_unit = per_operator};
  WorkerPool pool(std::move(wirings), std::move(targets), feeds_of(stages), pool_settings, stop);
  RunReport report;
  const std::int64_t begin_ns = monotonic_ns();
  const std::int64_t begin_cpu_us = process_cpu_us();
  report.failure =
      units.size() == 1 && stages.exchanges.empty() ? run_alone(*units.front(), stop) : pool.run();
  if (report.failure) flush_others(units);
  report.wall_ns = monotonic_ns() - begin_ns;
  report.cpu_us = process_cpu_us() - begin_cpu_us;
  for (std::size_t u = 0; u < units.size(); ++u)
    report.instances.push_back({units[u]->report(), pool.peak(u)});
  return report;
}

}  // namespace dart::runtime
