#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/bench/hand_loops.hpp"
#include "apps/bench/memory_table.hpp"

namespace dart::apps::bench {

/// `events` and `words` as CREATE TABLE statements; they are what `--sql` files find declared.
[[nodiscard]] std::string_view input_tables();

/// A published workload: its SQL, the loop beside it, and what is known of its result.
struct Workload {
  char name = 'a';
  std::string_view title;
  std::string_view sql;
  std::size_t rows = 0;                   ///< of input, as published
  std::string_view table;                 ///< the input
  std::vector<std::size_t> checked;       ///< result columns whose sums are HandResult::sums
  std::optional<std::size_t> window_end;  ///< result column
  double published_hand_rows_per_s = 0;   ///< of the loop; a ratio counts only when it reaches 0.7 of this
  std::uint64_t published_rows = 0;       ///< of the result
  std::array<double, 3> published{};      ///< as HandResult::published
};

/// (a) to (d).
[[nodiscard]] std::span<const Workload> workloads();

/// The hand-written loop of a workload over its table in memory, ready to be run and timed.
class HandLoop {
 public:
  HandLoop(const Workload& workload, std::shared_ptr<const MemoryTable> table);
  [[nodiscard]] HandResult run() const;

 private:
  char name_;
  std::shared_ptr<const MemoryTable> table_;
  std::vector<std::uint32_t> offsets_;  // (d): the words as the loop reads them
  std::vector<char> bytes_;
};

}  // namespace dart::apps::bench
