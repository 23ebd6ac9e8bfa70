#include "support/engine_driver.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace dart::support {

using engine::Instance;

namespace {

void deliver(std::vector<std::unique_ptr<Instance>>& instances, const engine::Stages& stages) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (auto& instance : instances) {
      std::vector<engine::Message> messages;
      std::swap(messages, instance->outgoing());
      for (engine::Message& message : messages) {
        moved = true;
        instances[stages.exchanges[message.exchange].to_stage]->receive(std::move(message));
      }
    }
  }
}

}  // namespace

Result<std::vector<engine::OperatorReport>> run_engine(const plan::Plan& plan, std::size_t chunk_rows,
                                                       std::size_t workers,
                                                       engine::ConnectorFactory& connectors) {
  const engine::Stages stages = engine::cut(plan, workers);
  const engine::InstanceSettings settings{chunk_rows, nullptr};
  std::vector<std::unique_ptr<Instance>> instances;
  for (std::size_t stage = 0; stage < stages.stages.size(); ++stage) {
    DART_TRY(auto instance, Instance::open(plan, stages, stage, settings, connectors));
    instances.push_back(std::move(instance));
  }
  TimePoint now;
  const auto finished = [](const auto& instance) { return instance->finished(); };
  while (!std::all_of(instances.begin(), instances.end(), finished)) {
    DART_CHECK(now.us < 100'000'000);  // nothing that tests read waits for so many turns
    now.us += 10;
    for (auto& instance : instances) {
      if (instance->has_sources() && !instance->finished()) (void)instance->poll(now, chunk_rows);
      deliver(instances, stages);
      if (instance->failure()) return tl::unexpected(*instance->failure());
    }
  }
  std::vector<engine::OperatorReport> reports;
  for (const auto& instance : instances) {
    auto report = instance->report();
    reports.insert(reports.end(), report.begin(), report.end());
  }
  return reports;
}

}  // namespace dart::support
