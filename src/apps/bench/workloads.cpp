#include "apps/bench/workloads.hpp"

#include <utility>

namespace dart::apps::bench {

namespace {

// Places of the columns in input_tables().
constexpr std::size_t kTs = 0;
constexpr std::size_t kKey = 1;
constexpr std::size_t kValue = 2;
constexpr std::size_t kWord = 1;
/// The loop of (d) reads this far beyond a word.
constexpr std::size_t kPadding = 16;

std::vector<Workload> make_workloads() {
  return {
      {'a',
       "filter, map",
       "SELECT value * 1.8 + 32 AS mapped FROM events WHERE value >= 50;",
       20'000'000,
       "events",
       {0},
       std::nullopt,
       1286e6,
       9'998'892,
       {1'669'719'505.149}},
      {'b',
       "average per key, tumbling 10 s",
       "SELECT window_end, key, avg(value) AS average FROM tumble(events, ts, INTERVAL '10 s') "
       "GROUP BY window_start, window_end, key;",
       20'000'000,
       "events",
       {2},
       0,
       728e6,
       20'000,
       {999'823.2460}},
      {'c',
       "sum, count, max per key, 60 s every second",
       "SELECT window_end, key, sum(value) AS total, count(*) AS n, max(value) AS top "
       "FROM hop(events, ts, INTERVAL '1 s', INTERVAL '60 s') WHERE window_start >= '1970-01-01' "
       "GROUP BY window_start, window_end, key;",
       20'000'000,
       "events",
       {2, 3, 4},
       0,
       384e6,
       200'000,
       {1'023'000'000, 9'997'806.7814, 29'990'769.558}},
      {'d',
       "running count per word",
       "SELECT word, count(*) OVER (PARTITION BY word ORDER BY _seq) AS n FROM words;",
       10'000'000,
       "words",
       {1},
       std::nullopt,
       168e6,
       10'000'000,
       {857'882'392'220, 9967}},
  };
}

}  // namespace

std::string_view input_tables() {
  return "CREATE TABLE events (ts timestamp NOT NULL, key bigint NOT NULL, value double precision NOT NULL, "
         "id bigint NOT NULL) WITH (connector = 'datagen', generator = 'events', event_time = ts);\n"
         "CREATE TABLE words (ts timestamp NOT NULL, word text NOT NULL) "
         "WITH (connector = 'datagen', generator = 'words', event_time = ts);\n";
}

std::span<const Workload> workloads() {
  static const std::vector<Workload> all = make_workloads();
  return all;
}

HandLoop::HandLoop(const Workload& workload, std::shared_ptr<const MemoryTable> table)
    : name_(workload.name), table_(std::move(table)) {
  if (name_ != 'd') return;
  const auto* words = table_->column<columnar::StringRef>(kWord);
  offsets_.reserve(table_->rows() + 1);
  for (std::size_t r = 0; r < table_->rows(); ++r) {
    offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    const std::string_view word = words[r].view();
    bytes_.insert(bytes_.end(), word.begin(), word.end());
  }
  offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  bytes_.resize(bytes_.size() + kPadding);
}

HandResult HandLoop::run() const {
  const auto integers = [&](std::size_t column) {
    return std::span(table_->column<std::int64_t>(column), table_->rows());
  };
  if (name_ == 'd') return hand_running_count(offsets_, bytes_.data());
  const auto values = std::span(table_->column<double>(kValue), table_->rows());
  if (name_ == 'a') return hand_filter_map(values);
  if (name_ == 'b') return hand_tumble(integers(kTs), integers(kKey), values);
  return hand_hop(integers(kTs), integers(kKey), values);
}

}  // namespace dart::apps::bench
