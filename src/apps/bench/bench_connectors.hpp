#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/bench/memory_table.hpp"
#include "connectors/catalogue.hpp"

namespace dart::apps::bench {

/// What arrived at the sinks of one run.
struct SinkTotals {
  std::uint64_t rows = 0;
  std::vector<double> sums;                ///< per column, of its numbers
  std::vector<std::int64_t> latencies_ns;  ///< of a paced run
};

/// How a run is to be measured.
struct Pace {
  double rows_per_s = 0;  ///< 0: as fast as possible, no latencies
  /// Column with the end of a result's window: it could be known when the first row at or after that end was
  /// due. Without it a result's latency counts from when its own row was due.
  std::optional<std::size_t> window_end;
  std::size_t rows = 0;  ///< of input: windows that only the end of the stream closes are left out
};

/// The standard connectors, but that datagen tables are read from memory, and that what would go to stdout is
/// counted instead. Tables stay in memory for later runs.
class BenchConnectors final : public engine::ConnectorFactory {
 public:
  explicit BenchConnectors(std::size_t max_rows) : max_rows_(max_rows) {}

  /// Forgets the last run's totals; the schedule of a paced run starts a few milliseconds from now.
  void prepare(const Pace& pace);
  [[nodiscard]] const SinkTotals& totals() const { return totals_; }
  /// The table in memory, loaded at first use.
  [[nodiscard]] Result<std::shared_ptr<const MemoryTable>> table(const plan::TableDefinition& definition);

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override;
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override;

 private:
  std::size_t max_rows_;
  connectors::Factory standard_;
  std::map<std::string, std::shared_ptr<const MemoryTable>> loaded_;
  Pace pace_;
  TimePoint start_;
  SinkTotals totals_;
};

}  // namespace dart::apps::bench
