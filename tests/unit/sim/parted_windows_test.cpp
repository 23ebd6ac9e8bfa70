// Windows over the readers of several nodes, done in part where their rows are: hosts die, leave and hand
// over.
#include <gtest/gtest.h>

#include "plan/distribution.hpp"
#include "sim/query_chaos.hpp"
#include "sql/compile.hpp"

namespace dart::sim {
namespace {

constexpr const char* kScript = R"(
CREATE TABLE readings (gateway bigint, k bigint, ts timestamp, v bigint)
WITH (connector = 'feed', event_time = ts, label = 'role=cab');
CREATE TABLE result (w timestamp, digit bigint, n bigint, s numeric, mean numeric, least bigint)
WITH (connector = 'feed');
INSERT INTO result SELECT window_start, v % 3, count(*), sum(v), avg(v), min(k)
FROM hop(readings, ts, INTERVAL '10 seconds', INTERVAL '20 seconds') WHERE v <> 5
GROUP BY window_start, window_end, v % 3;
)";

ChaosQuery windows(std::uint32_t partitions) {
  plan::Catalogue catalogue;
  catalogue.connectors.push_back({std::string(kFeedConnector), true, true, false, {}, nullptr, false});
  const auto compiled = sql::compile(kScript, {}, catalogue);
  EXPECT_TRUE(compiled) << compiled.error().message;
  const auto cut = plan::distribute(compiled->plan, {partitions});
  EXPECT_TRUE(cut) << cut.error().message;
  ChaosQuery query;
  query.ordered = false;
  query.spec.name = "windows";
  query.spec.text = kScript;
  query.spec.program = plan::encode(*cut);
  for (const plan::RingStage& stage : cut->stages) {
    placement::StageShape shape;
    shape.role = static_cast<placement::StageRole>(stage.role);
    shape.partitions = stage.partitions;
    if (stage.table) shape.label = cut->plan.tables[*stage.table].label;
    query.spec.stages.push_back(std::move(shape));
  }
  for (const plan::RingExchange& edge : cut->exchanges) {
    query.spec.edges.push_back({static_cast<std::uint32_t>(edge.from_stage),
                                static_cast<std::uint32_t>(edge.to_stage),
                                static_cast<placement::EdgeKind>(edge.kind)});
  }
  return query;
}

struct Sum {
  std::uint64_t runs = 0;
  std::uint64_t moves = 0;
  std::uint64_t combines = 0;
};

/// Rows of the last run equal those of one process, or the report says how they differ.
Sum run(QueryTrouble trouble, std::uint32_t gateways) {
  Sum sum;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    QueryChaosOptions options;
    options.seed = seed;
    options.nodes = gateways + 10;
    options.gateways = gateways;
    options.rows = 150;
    options.trouble = trouble;
    options.queries = {windows(seed % 2 == 0 ? 3 : 1)};
    const QueryChaosReport report = run_query_chaos(options);
    for (const std::string& what : report.violations) ADD_FAILURE() << "seed " << seed << ": " << what;
    EXPECT_GT(report.right, 0U);
    sum.runs += report.runs;
    sum.moves += report.moves;
    sum.combines += report.combines;
  }
  return sum;
}

constexpr std::uint32_t kFew = 4;
/// So many that no host takes all their rows (placement/policies/cost.cpp).
constexpr std::uint32_t kMany = 18;

TEST(PartedWindows, AreThoseOfOneProcessAlsoWhenAHostDies) {
  const Sum few = run(QueryTrouble::HostDies, kFew);
  EXPECT_GT(few.runs, 3U) << "none began anew";
  EXPECT_EQ(few.combines, 0U);
  const Sum many = run(QueryTrouble::HostDies, kMany);
  EXPECT_GT(many.runs, 3U) << "none began anew";
  EXPECT_GT(many.combines, 4U);
}

TEST(PartedWindows, AreHandedOverBehindABarrier) {
  const Sum few = run(QueryTrouble::HostLeaves, kFew);
  EXPECT_GT(few.moves, 0U);
  EXPECT_EQ(few.combines, 0U);
  const Sum many = run(QueryTrouble::HostLeaves, kMany);
  EXPECT_GT(many.moves, 0U);
  EXPECT_GT(many.combines, 4U);
}

}  // namespace
}  // namespace dart::sim
