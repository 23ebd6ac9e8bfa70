#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dart::apps::bench {

/// Latencies of one paced run, in microseconds.
struct Latency {
  double offered_rows_per_s = 0;
  std::size_t samples = 0;
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
};
/// Percentiles of samples in nanoseconds.
[[nodiscard]] Latency summarise(std::vector<std::int64_t> samples_ns, double offered_rows_per_s);

/// Medians over the runs of one workload, with the extremes.
struct BenchResult {
  std::string workload;
  std::string title;
  std::uint64_t rows = 0;     ///< of input
  std::uint64_t results = 0;  ///< rows at the sinks
  std::vector<double> rows_per_s;
  std::vector<double> hand_rows_per_s;  ///< empty where no loop stands beside it
  double hand_required_per_s = 0;       ///< a slower loop is no measure
  std::optional<Latency> half_load;     ///< at half of the measured maximum
  std::optional<Latency> one_million;   ///< at 1 M rows/s
};

/// What the figures depend on.
struct BenchSetting {
  std::size_t runs = 0;
  std::size_t workers = 0;
  std::size_t chunk_rows = 0;
};

/// The processor and how many there are; the program and what compiled it.
[[nodiscard]] std::string machine();
[[nodiscard]] std::string build();

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] std::string results_text(const std::vector<BenchResult>& results, const BenchSetting& setting);
/// An array of objects, one a workload.
[[nodiscard]] std::string results_json(const std::vector<BenchResult>& results, const BenchSetting& setting);

}  // namespace dart::apps::bench
