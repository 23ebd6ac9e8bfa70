#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace dart::apps::bench {

/// The four workloads as one person writes them who knows the data: single-threaded loops over columns,
/// compiled with the engine's flags. They mark what this machine can do; the engine is reported as a share of
/// them.

/// What a run found.
struct HandResult {
  std::uint64_t rows = 0;             ///< results
  std::array<double, 3> published{};  ///< what the workload's published check values speak of
  std::array<double, 3> sums{};  ///< of the columns of the SQL's result that the engine's run is held against
};

/// (a) value >= 50, then value * 1.8 + 32: batches of 4,096 rows, the filter's result materialised, then the
/// map, then the sum. first: sum of the mapped values.
[[nodiscard]] HandResult hand_filter_map(std::span<const double> value);

/// (b) average per key in tumbling windows of 10 s: an open-addressing table of 4,096 slots. first: sum of
/// averages.
[[nodiscard]] HandResult hand_tumble(std::span<const std::int64_t> ts, std::span<const std::int64_t> key,
                                     std::span<const double> value);

/// (c) sum, count and max per key in windows of 60 s every second: keys hashed to dense places, panes of 1 s,
/// 60 of them combined again for every window. Windows that start before the first event are left out. first:
/// sum of counts, second: sum of averages, third: sum of averages and maxima.
[[nodiscard]] HandResult hand_hop(std::span<const std::int64_t> ts, std::span<const std::int64_t> key,
                                  std::span<const double> value);

/// (d) running count per word, one result a row: `offsets` has one more entry than there are words, `bytes`
/// is readable 16 bytes beyond its end, no word is longer than 16 bytes. Open addressing over keys packed in
/// 16 bytes. rows: number of different words, first: sum of running counts.
[[nodiscard]] HandResult hand_running_count(std::span<const std::uint32_t> offsets, const char* bytes);

}  // namespace dart::apps::bench
