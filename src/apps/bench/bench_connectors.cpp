#include "apps/bench/bench_connectors.hpp"

#include <fmt/format.h>

#include "connectors/generators/events.hpp"
#include "runtime/clock.hpp"

namespace dart::apps::bench {

namespace {

/// Time for opening the plan before the first row of a paced run is due.
constexpr std::int64_t kHeadStartUs = 5000;
/// One in so many results of a stateless query has its latency taken.
constexpr std::size_t kSampling = 61;

/// Adds up what it is given. One at a time may write to the same totals.
class CountingSink final : public engine::Sink {
 public:
  CountingSink(SinkTotals& totals, const Pace& pace, TimePoint start)
      : totals_(totals), pace_(pace), start_(start) {}

  Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override {
    if (totals_.sums.size() < chunk.columns.size()) totals_.sums.resize(chunk.columns.size());
    for (std::size_t c = 0; c < chunk.columns.size(); ++c) add(chunk.columns[c], chunk.rows, totals_.sums[c]);
    totals_.rows += chunk.rows;
    rows_ += chunk.rows;
    if (pace_.rows_per_s > 0) take_latencies(chunk, progress);
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return rows_; }

 private:
  /// Four sums side by side, so that the sink is not what is measured.
  template <class T>
  static T total(const columnar::Vector& column, std::size_t rows) {
    const T* values = column.data<T>();
    if (column.is_constant()) return values[0] * static_cast<T>(rows);
    T sums[4] = {};
    std::size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      for (std::size_t k = 0; k < 4; ++k) sums[k] += values[r + k];
    }
    for (; r < rows; ++r) sums[0] += values[r];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

  static void add(const columnar::Vector& column, std::size_t rows, double& sum) {
    if (!column.type().is_number() || column.type().id == columnar::TypeId::Numeric) return;
    if (column.type().physical() == columnar::PhysicalType::Double) {
      sum += total<double>(column, rows);
    } else {
      sum += static_cast<double>(total<std::int64_t>(column, rows));
    }
  }

  void take_latencies(const columnar::Chunk& chunk, const engine::Progress& progress) {
    const std::int64_t now_ns = runtime::monotonic_ns();
    if (!pace_.window_end) {
      for (std::size_t r = 0; r < chunk.rows; r += kSampling) {
        const auto part = static_cast<double>(r) / static_cast<double>(chunk.rows);
        const auto span = static_cast<double>((progress.origin_last - progress.origin_first).us);
        totals_.latencies_ns.push_back(now_ns - progress.origin_first.us * 1000 -
                                       static_cast<std::int64_t>(part * span * 1000));
      }
      return;
    }
    const auto& ends = chunk.columns[*pace_.window_end];
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (ends.at<std::int64_t>(r) >= static_cast<std::int64_t>(pace_.rows) * connectors::Event::kSpacingUs)
        continue;
      const double row = static_cast<double>(ends.at<std::int64_t>(r)) / connectors::Event::kSpacingUs;
      const auto due_ns = start_.us * 1000 + static_cast<std::int64_t>(row / pace_.rows_per_s * 1e9);
      totals_.latencies_ns.push_back(now_ns - due_ns);
    }
  }

  SinkTotals& totals_;
  Pace pace_;
  TimePoint start_;
  std::uint64_t rows_ = 0;
};

/// Tables that would hold the same rows have the same key.
std::string key_of(const plan::TableDefinition& table) {
  std::string key = table.connector;
  for (const auto& [name, value] : table.options) key += fmt::format("|{}={}", name, value.to_string());
  for (const auto& column : table.columns) key += fmt::format("|{} {}", column.name, to_string(column.type));
  return key;
}

}  // namespace

void BenchConnectors::prepare(const Pace& pace) {
  pace_ = pace;
  totals_ = {};
  start_ = runtime::now() + Duration{kHeadStartUs};
}

Result<std::shared_ptr<const MemoryTable>> BenchConnectors::table(const plan::TableDefinition& definition) {
  auto& loaded = loaded_[key_of(definition)];
  if (!loaded) {
    DART_TRY(loaded, MemoryTable::load(definition, standard_, max_rows_));
  }
  return loaded;
}

Result<std::unique_ptr<engine::Source>> BenchConnectors::open_source(const engine::ReadRequest& request) {
  if (request.table->connector != "datagen") return standard_.open_source(request);
  DART_TRY(auto memory, table(*request.table));
  return std::make_unique<MemorySource>(std::move(memory), request, pace_.rows == 0 ? max_rows_ : pace_.rows,
                                        pace_.rows_per_s, start_);
}

Result<std::unique_ptr<engine::Sink>> BenchConnectors::open_sink(const plan::TableDefinition& table) {
  if (table.connector != "stdout") return standard_.open_sink(table);
  return std::make_unique<CountingSink>(totals_, pace_, start_);
}

}  // namespace dart::apps::bench
