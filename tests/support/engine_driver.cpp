#include "support/engine_driver.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "support/kept_connectors.hpp"

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

/// The instances of all stages, and how to make them.
struct Running {
  const plan::Plan& plan;
  engine::Stages stages;
  engine::InstanceSettings settings;
  std::vector<std::unique_ptr<Instance>> instances;

  Running(const plan::Plan& what, std::size_t chunk_rows, std::size_t workers)
      : plan(what), stages(engine::cut(what, workers)), settings{chunk_rows, nullptr} {}

  Status open(engine::ConnectorFactory& connectors) {
    instances.clear();
    for (std::size_t stage = 0; stage < stages.stages.size(); ++stage) {
      DART_TRY(auto instance, Instance::open(plan, stages, stage, settings, connectors));
      instances.push_back(std::move(instance));
    }
    return {};
  }

  /// Fresh instances take over with what the old ones hold.
  Status move(KeptConnectors& connectors) {
    std::vector<std::string> states;
    for (const auto& instance : instances) states.push_back(instance->snapshot());
    connectors.again();
    DART_TRY_STATUS(open(connectors));
    for (std::size_t i = 0; i < instances.size(); ++i) {
      DART_TRY_STATUS(instances[i]->restore(states[i]));
      DART_CHECK(instances[i]->snapshot().size() == states[i].size());  // sets have no order
    }
    return {};
  }

  Status turn(TimePoint now) {
    for (auto& instance : instances) {
      if (instance->has_sources() && !instance->finished()) (void)instance->poll(now, settings.chunk_rows);
      deliver(instances, stages);
      if (instance->failure()) return tl::unexpected(*instance->failure());
    }
    return {};
  }

  [[nodiscard]] bool finished() const {
    return std::all_of(instances.begin(), instances.end(),
                       [](const auto& instance) { return instance->finished(); });
  }
  [[nodiscard]] std::vector<engine::OperatorReport> report() const {
    std::vector<engine::OperatorReport> reports;
    for (const auto& instance : instances) {
      auto report = instance->report();
      reports.insert(reports.end(), report.begin(), report.end());
    }
    return reports;
  }
};

constexpr std::int64_t kTurnUs = 10;
constexpr std::int64_t kLongestUs = 100'000'000;  // nothing that tests read waits for so many turns

}  // namespace

Result<std::vector<engine::OperatorReport>> run_engine(const plan::Plan& plan, std::size_t chunk_rows,
                                                       std::size_t workers,
                                                       engine::ConnectorFactory& connectors) {
  Running running(plan, chunk_rows, workers);
  DART_TRY_STATUS(running.open(connectors));
  for (TimePoint now; !running.finished(); now.us += kTurnUs) {
    DART_CHECK(now.us < kLongestUs);
    DART_TRY_STATUS(running.turn(now));
  }
  return running.report();
}

Result<std::vector<engine::OperatorReport>> run_engine_moving(const plan::Plan& plan, std::size_t chunk_rows,
                                                              std::size_t workers,
                                                              engine::ConnectorFactory& connectors) {
  constexpr std::int64_t kEveryTurn = 50;
  constexpr std::int64_t kSeldom = 37;
  KeptConnectors kept(connectors);
  Running running(plan, chunk_rows, workers);
  DART_TRY_STATUS(running.open(kept));
  std::int64_t turns = 0;
  for (TimePoint now; !running.finished(); now.us += kTurnUs) {
    DART_CHECK(now.us < kLongestUs);
    DART_TRY_STATUS(running.turn(now));
    if (++turns < kEveryTurn || turns % kSeldom == 0) DART_TRY_STATUS(running.move(kept));
  }
  return running.report();
}

}  // namespace dart::support
