#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "plan/codec.hpp"
#include "plan/optimize.hpp"
#include "support/naive_executor.hpp"
#include "unit/plan/random_plan.hpp"

namespace dart::plan {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using support::Cells;
using support::NaiveExecutor;

/// Rows of trips(a, b, s, ts): few different values, NULLs, times that mostly rise.
std::vector<Cells> random_rows(std::uint64_t seed) {
  Random random(seed);
  std::vector<Cells> rows;
  std::int64_t seconds = 0;
  const auto cell = [&] {
    return random.chance(1, 8) ? Value::null(LogicalType::of(TypeId::BigInt))
                               : Value::bigint(static_cast<std::int64_t>(random.below(5)));
  };
  for (int i = 0; i < 14; ++i) {
    seconds += static_cast<std::int64_t>(random.below(4));
    const std::int64_t back = random.chance(1, 6) ? 3 : 0;
    rows.push_back({cell(), cell(), Value::text(random.chance(1, 2) ? "x" : "y"),
                    Value::timestamp((seconds - back) * 1'000'000)});
  }
  return rows;
}

/// What each sink was handed, as rows with weights, by step.
using Written = std::map<std::string, std::map<std::int64_t, std::map<std::string, std::int64_t>>>;

Written run(const Plan& plan, const std::vector<Cells>& rows) {
  NaiveExecutor executor(plan);
  for (std::size_t i = 0; i < rows.size(); ++i) executor.step(0, static_cast<std::int64_t>(i), rows[i]);
  executor.end();
  Written written;
  for (const NodeId sink : plan.sinks()) {
    auto& steps = written[plan.tables[std::get<Sink>(plan.nodes[sink].kind).table].name];
    for (const support::Emission& emission : executor.emitted(sink)) {
      steps[emission.step][support::to_string(emission.row)] += emission.weight;
    }
    for (auto& [step, bag] : steps) std::erase_if(bag, [](const auto& entry) { return entry.second == 0; });
    std::erase_if(steps, [](const auto& entry) { return entry.second.empty(); });
  }
  return written;
}

void hold(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan naive = testing::RandomPlan(seed).make();
    const Plan better = optimize(naive);
    const std::vector<Cells> rows = random_rows(seed);
    ASSERT_EQ(run(better, rows), run(naive, rows)) << explain(naive) << "became\n" << explain(better);
    const Result<Plan> travelled = decode(encode(better));
    ASSERT_TRUE(travelled) << travelled.error().message;
    EXPECT_EQ(explain(*travelled), explain(better));
  }
}

TEST(OptimizeRandom, TheSameRowsAtEverySink) { hold(1, 1000); }

TEST(OptimizeRandomSoak, TheSameRowsAtEverySink) {
  hold(1'000'000, std::getenv("DART_SOAK") != nullptr ? 50'000 : 400);
}

}  // namespace
}  // namespace dart::plan
