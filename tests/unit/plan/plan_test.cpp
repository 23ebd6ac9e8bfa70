#include "plan/plan.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "plan/optimize.hpp"
#include "unit/plan/plan_maker.hpp"

namespace dart::plan {
namespace {

using testing::aggregate_call;
using testing::call;
using testing::number;
using testing::PlanMaker;

/// Scan, a filter, and counts by s within each minute.
Plan counts_per_minute() {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 2, 3});
  const NodeId filter = m.filter(scan, {call(">", {m.column(scan, 0), number(0)})});
  const NodeId window = m.window(filter, 2, 60'000'000, 60'000'000);
  Aggregate counts;
  counts.keys = {1, 3, 4};
  counts.calls = {aggregate_call("count", {})};
  counts.emit = EmitPolicy::AtClose;
  counts.expires_by_key = 2;
  m.sink(m.aggregate(window, counts, {"n"}));
  return m.plan;
}

TEST(PlanValidate, AcceptsAPlan) {
  const Plan plan = counts_per_minute();
  const Status status = plan.validate();
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(plan.sinks(), std::vector<NodeId>{4});
}

TEST(PlanValidate, FindsEachBrokenRule) {
  const Plan good = counts_per_minute();
  const auto broken = [&](auto change) {
    Plan plan = good;
    change(plan);
    return !plan.validate();
  };
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[1].inputs[0].node = 1; })) << "input not before";
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[1].inputs.clear(); })) << "arity";
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[1].inputs[0].output = 1; })) << "no late rows";
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[4].inputs[0].node = 0; })) << "columns of a sink";
  EXPECT_TRUE(broken([](Plan& p) { std::get<Scan>(p.nodes[0].kind).columns[0] = 9; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Scan>(p.nodes[0].kind).table = 9; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Filter>(p.nodes[1].kind).conjuncts = {number(1)}; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Filter>(p.nodes[1].kind).conjuncts = {nullptr}; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<WindowAssign>(p.nodes[2].kind).time_column = 0; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<WindowAssign>(p.nodes[2].kind).slide_us = 0; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Aggregate>(p.nodes[3].kind).keys[0] = 7; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Aggregate>(p.nodes[3].kind).expires_by_key.reset(); }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Aggregate>(p.nodes[3].kind).calls[0].bound.update = nullptr; }));
  EXPECT_TRUE(broken([](Plan& p) { std::get<Aggregate>(p.nodes[3].kind).emit = EmitPolicy::PerStep; }))
      << "weights that are not marked";
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[3].stepped = true; })) << "steps from nowhere";
  EXPECT_TRUE(broken([](Plan& p) { p.nodes[2].schema.pop_back(); }));
  EXPECT_TRUE(
      broken([](Plan& p) { p.nodes[2].schema[0].type = columnar::LogicalType::of(columnar::TypeId::Text); }));
  EXPECT_TRUE(broken([](Plan& p) { p.tables[0].event_time = 0; })) << "event time that is no timestamp";
  EXPECT_TRUE(broken([](Plan& p) { p.tables[0].tie_break = {9}; }));
  EXPECT_TRUE(broken([](Plan& p) { p.nodes.resize(limits::kPlanNodes + 1, p.nodes[0]); }));
  EXPECT_FALSE(broken([](Plan&) {}));
}

TEST(PlanValidate, InvariantsAbort) {
  Plan plan = counts_per_minute();
  plan.nodes[1].inputs.clear();
  EXPECT_DEATH(plan.check_invariants(), "Filter with 0 inputs");
}

TEST(PlanText, ExplainIsATree) {
  EXPECT_EQ(explain(counts_per_minute()),
            "Sink: out\n"
            "  Aggregate: count(*) by s, window_start, window_end [at close]\n"
            "    WindowAssign: tumble(ts, 00:01:00)\n"
            "      Filter: a > 0\n"
            "        Scan: trips (3 of 4 columns)\n");
}

TEST(PlanText, SharedNodesAreNamedOnce) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1});
  const NodeId joined = m.join(scan, scan, {JoinKind::Inner, {0}, {1}, {}, {}});
  m.sink(joined);
  EXPECT_EQ(explain(m.plan),
            "Sink: out\n"
            "  Join: inner on a = b\n"
            "    Scan #0: trips (2 of 4 columns)\n"
            "    Scan #0 (above)\n");
}

}  // namespace
}  // namespace dart::plan
