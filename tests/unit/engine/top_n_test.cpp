// How TopN keeps its rows: which of them lie in order cannot be seen in what it emits, only in what it costs.
#include <gtest/gtest.h>

#include "engine/instance.hpp"
#include "sql/compile.hpp"
#include "support/memory_connectors.hpp"

namespace dart::support {
namespace {

using columnar::Value;

constexpr std::int64_t kSecond = 1'000'000;

Cells row(std::int64_t second, std::int64_t k, std::int64_t n) {
  return {Value::timestamp(second * kSecond), Value::integer(k), Value::integer(n)};
}

/// What the TopN of `ORDER BY k LIMIT 3` over a window of 1,000 s holds once it has taken these rows.
std::size_t bytes_after(std::vector<Cells> rows) {
  const auto script = sql::compile(
      "CREATE TABLE t (ts timestamp, k int, n bigint) WITH (connector = 'memory', event_time = ts);\n"
      "CREATE TABLE o (k int, n bigint, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT k, n FROM sliding(t, ts, INTERVAL '1000 s') ORDER BY k LIMIT 3;\n",
      {}, memory_catalogue());
  EXPECT_TRUE(script);
  MemoryConnectors connectors;
  connectors.inputs["t"] = std::move(rows);
  const engine::Stages stages = engine::cut(script->plan, 1);
  const auto instance = engine::Instance::open(script->plan, stages, 0, {100, nullptr}, connectors);
  EXPECT_TRUE(instance);
  for (std::int64_t turn = 0; !(*instance)->finished(); ++turn) (void)(*instance)->poll(TimePoint{turn}, 100);
  EXPECT_FALSE((*instance)->failure());
  for (const engine::OperatorReport& report : (*instance)->report()) {
    if (report.kind == "TopN") return report.counters.state_bytes;
  }
  ADD_FAILURE() << "no TopN in the plan";
  return 0;
}

TEST(TopN, AFrontThatGrewAllAtOnceIsCutAllTheSame) {
  constexpr std::int64_t kTie = 1'000;
  constexpr std::int64_t kEqual = 1'000;  // rows that sort alike, which come to the front together
  constexpr std::int64_t kBehind = 20'000;
  std::vector<Cells> straight;
  std::vector<Cells> by_way_of_the_rest;
  // These fill the front, so that the equal rows come to lie behind it, and leave in one step.
  for (std::int64_t n = 0; n < 300; ++n) by_way_of_the_rest.push_back(row(0, n, n));
  for (std::int64_t n = 0; n < kEqual; ++n) {
    straight.push_back(row(500, kTie, n));
    by_way_of_the_rest.push_back(row(500, kTie, n));
  }
  straight.push_back(row(1'200, kTie, -1));
  by_way_of_the_rest.push_back(row(1'200, kTie, -1));
  for (std::int64_t n = 0; n < kBehind; ++n) {
    straight.push_back(row(1'200, kTie + 1 + n, n));
    by_way_of_the_rest.push_back(row(1'200, kTie + 1 + n, n));
  }
  const std::size_t expected = bytes_after(straight);
  EXPECT_GT(expected, static_cast<std::size_t>(kBehind) * 16);
  EXPECT_LT(bytes_after(by_way_of_the_rest), expected + expected / 20);
}

}  // namespace
}  // namespace dart::support
