#include "plan/optimize.hpp"

#include <gtest/gtest.h>

#include "unit/plan/plan_maker.hpp"

namespace dart::plan {
namespace {

using testing::aggregate_call;
using testing::call;
using testing::number;
using testing::PlanMaker;

constexpr std::int64_t kMinute = 60'000'000;

std::string optimized(const PlanMaker& m) { return explain(optimize(m.plan)); }

Aggregate count_by(std::vector<std::uint32_t> keys) {
  Aggregate aggregate;
  aggregate.keys = std::move(keys);
  aggregate.calls = {aggregate_call("count", {})};
  return aggregate;
}

TEST(Optimize, OnlyColumnsThatAreReadAreScanned) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1, 2, 3});
  const NodeId project =
      m.project(scan, {call("+", {m.column(scan, 0), number(1)}), m.column(scan, 2)}, {"c", "s"});
  const NodeId filter = m.filter(project, {call(">", {m.column(project, 0), number(5)})});
  m.sink(m.project(filter, {m.column(filter, 0)}, {"c"}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Filter: c > 5\n"
            "    Project: a + 1 AS c\n"
            "      Scan: trips (1 of 4 columns)\n");
}

TEST(Optimize, ProjectsBecomeOneWhereNothingIsComputedTwice) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1});
  const NodeId lower =
      m.project(scan, {call("+", {m.column(scan, 0), number(1)}), m.column(scan, 1)}, {"c", "b"});
  m.sink(m.project(lower, {call("*", {m.column(lower, 0), m.column(lower, 1)}), m.column(lower, 1)},
                   {"p", "q"}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Project: (a + 1) * b AS p, b AS q\n"
            "    Scan: trips (2 of 4 columns)\n");

  PlanMaker twice;
  const NodeId other = twice.scan(twice.table(), {0});
  const NodeId sum = twice.project(other, {call("+", {twice.column(other, 0), number(1)})}, {"c"});
  twice.sink(twice.project(sum, {call("*", {twice.column(sum, 0), twice.column(sum, 0)})}, {"p"}));
  EXPECT_EQ(optimized(twice),
            "Sink: out\n"
            "  Project: c * c AS p\n"
            "    Project: a + 1 AS c\n"
            "      Scan: trips (1 of 4 columns)\n");
}

TEST(Optimize, FiltersMoveDownInTheirOrder) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1});
  const NodeId inner = m.filter(scan, {call("<", {m.column(scan, 1), number(9)})});
  const NodeId project =
      m.project(inner, {m.column(inner, 0), call("+", {m.column(inner, 1), number(1)})}, {"a", "c"});
  const NodeId filter = m.filter(
      project, {call(">", {m.column(project, 0), number(0)}), call(">", {m.column(project, 1), number(1)}),
                call(">", {m.column(project, 0), number(2)})});
  m.sink(filter);
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Filter: c > 1 AND a > 2\n"
            "    Project: a, b + 1 AS c\n"
            "      Filter: b < 9 AND a > 0\n"
            "        Scan: trips (2 of 4 columns)\n");
}

TEST(Optimize, EqualitiesOfACrossJoinAreKeysAndTheRestGoesToItsSide) {
  PlanMaker m;
  const NodeId left = m.scan(m.table("l"), {0, 1});
  const NodeId right = m.scan(m.table("r"), {0, 1});
  const NodeId cross = m.join(left, right, {});
  m.sink(m.filter(
      cross, {call("=", {m.column(cross, 2), m.column(cross, 0)}), call(">", {m.column(cross, 3), number(5)}),
              call("<", {m.column(cross, 1), m.column(cross, 3)})}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Filter: b < b\n"
            "    Join: inner on a = a\n"
            "      Scan: l (2 of 4 columns)\n"
            "      Filter: b > 5\n"
            "        Scan: r (2 of 4 columns)\n");
}

TEST(Optimize, AFilterOnTheRightOfALeftJoinStays) {
  PlanMaker m;
  const NodeId left = m.scan(m.table("l"), {0});
  const NodeId right = m.scan(m.table("r"), {0});
  const NodeId joined = m.join(left, right, {JoinKind::Left, {0}, {0}, {}, {}});
  m.sink(m.filter(joined, {call("is null", {m.column(joined, 1)})}));
  EXPECT_EQ(optimized(m),
            "Sink: out [changelog]\n"
            "  Filter: a IS NULL [changelog] [per step]\n"
            "    Join: left on a = a [changelog] [per step]\n"
            "      Scan: l (1 of 4 columns) [per step] [rows wait for the watermark of r]\n"
            "      Scan: r (1 of 4 columns) [per step] [rows wait for the watermark of l]\n");
}

TEST(Optimize, WindowsAreAssignedByTheAggregate) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1, 2, 3});
  const NodeId window = m.window(scan, 3, 60 * kMinute, kMinute);
  const NodeId filter =
      m.filter(window, {call(">=", {m.column(window, 4), make_literal(columnar::Value::timestamp(0))}),
                        call(">", {m.column(window, 0), number(3)})});
  const NodeId project = m.project(filter,
                                   {m.column(filter, 2), m.column(filter, 4), m.column(filter, 5),
                                    call("+", {m.column(filter, 0), m.column(filter, 1)})},
                                   {"s", "window_start", "window_end", "sum"});
  Aggregate sums;
  sums.keys = {0, 1, 2};
  sums.calls = {aggregate_call("sum", {3}), aggregate_call("count", {})};
  sums.emit = EmitPolicy::AtClose;
  sums.expires_by_key = 2;
  const NodeId aggregate = m.aggregate(project, sums, {"total", "n"});
  const NodeId emit = m.emit(aggregate, {EmitMode::WindowClose, {}, {}});
  m.sink(m.project(emit, {m.column(emit, 1), m.column(emit, 0), m.column(emit, 3)},
                   {"window_start", "s", "total"}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Project: window_start, s, total\n"
            "    Filter: window_start >= '1970-01-01 00:00:00'\n"
            "      Aggregate: sum(sum) by s in hop(ts, 00:01:00, 01:00:00) [at close]\n"
            "        Project: s, ts, a + b AS sum\n"
            "          Filter: a > 3\n"
            "            Scan: trips (4 of 4 columns)\n");
}

TEST(Optimize, WindowsStayWhereTheirBoundsAreComputedWith) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 3});
  const NodeId window = m.window(scan, 1, kMinute, kMinute);
  Aggregate newest;
  newest.keys = {3};
  newest.calls = {aggregate_call("max", {2})};
  newest.emit = EmitPolicy::AtClose;
  newest.expires_by_key = 0;
  m.sink(m.aggregate(window, newest, {"newest"}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Aggregate: max(window_start) by window_end [at close]\n"
            "    WindowAssign: tumble(ts, 00:01:00)\n"
            "      Scan: trips (1 of 4 columns)\n");
}

TEST(Optimize, TheSameViewIsComputedOnceAndItsTableReadOnce) {
  PlanMaker m;
  const std::uint32_t table = m.table();
  const auto view = [&](const std::vector<std::uint32_t>& columns, std::uint32_t time) {
    const NodeId scan = m.scan(table, columns);
    return m.sliding(m.filter(scan, {call(">", {m.column(scan, 0), number(0)})}), time, kMinute);
  };
  m.sink(m.emit(m.aggregate(view({0, 3}, 1), count_by({0}), {"n"}), {EmitMode::OnChange, {}, {}}), "first");
  m.sink(m.emit(m.aggregate(view({0, 3}, 1), count_by({}), {"n"}), {EmitMode::OnChange, {}, {}}), "second");
  m.sink(m.scan(table, {1}), "third");
  EXPECT_EQ(optimized(m),
            "Sink: first\n"
            "  Emit: on_change\n"
            "    Aggregate: count(*) by a [changelog] [per step]\n"
            "      Sliding #3: sliding(ts, 00:01:00) [changelog] [per step]\n"
            "        Project: a, ts [per step]\n"
            "          Filter: a > 0 [per step]\n"
            "            Scan #0: trips (3 of 4 columns) [per step]\n"
            "Sink: second\n"
            "  Emit: on_change\n"
            "    Aggregate: count(*) [changelog] [per step]\n"
            "      Sliding #3 (above)\n"
            "Sink: third\n"
            "  Project: b [per step]\n"
            "    Scan #0 (above)\n");
}

TEST(Optimize, StepsOnlyWhereTheyMatter) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0});
  m.sink(m.filter(scan, {call(">", {m.column(scan, 0), number(0)})}));
  EXPECT_EQ(optimized(m).find("per step"), std::string::npos);

  PlanMaker delayed;
  const NodeId rows = delayed.scan(delayed.table(), {0});
  delayed.sink(rows);
  delayed.plan.tables.back().columns.push_back(
      {"delay", columnar::LogicalType::of(columnar::TypeId::Interval), false});
  delayed.plan.tables.back().delay_column = 1;
  EXPECT_NE(optimized(delayed).find("Scan: trips (1 of 4 columns) [per step]"), std::string::npos);

  PlanMaker windows;
  const NodeId events = windows.scan(windows.table(), {3});
  Aggregate counts = count_by({1, 2});
  counts.emit = EmitPolicy::AtClose;
  counts.expires_by_key = 1;
  windows.sink(windows.aggregate(windows.window(events, 0, kMinute, kMinute), counts, {"n"}));
  windows.plan.tables.back().columns.push_back(
      {"delay", columnar::LogicalType::of(columnar::TypeId::Interval), false});
  windows.plan.tables.back().delay_column = 3;
  EXPECT_EQ(optimized(windows).find("per step"), std::string::npos) << "windows close between chunks";
}

TEST(Optimize, AStreamThatMeetsItselfKeepsItsOrder) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1});
  const NodeId high = m.filter(scan, {call(">", {m.column(scan, 1), number(5)})});
  const NodeId low = m.filter(scan, {call("<", {m.column(scan, 1), number(7)})});
  m.sink(m.union_all({high, low}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  UnionAll: 2 inputs [per step]\n"
            "    Filter: b > 5 [per step]\n"
            "      Scan #0: trips (2 of 4 columns) [per step]\n"
            "    Filter: b < 7 [per step]\n"
            "      Scan #0 (above)\n");
}

TEST(Optimize, WhatIsOnlyReadAtTheEndIsEmittedAtTheEnd) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1});
  const NodeId counts = m.aggregate(scan, count_by({0}), {"n"});
  const NodeId top = m.top(counts, {{}, {{1, true, true}}, 0, 3, false, EmitPolicy::PerStep, {}});
  m.sink(m.emit(top, {EmitMode::Final, {}, {{1, true, true}}}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Emit: final order by n DESC\n"
            "    TopN: 3 rows order by n DESC [at end]\n"
            "      Aggregate: count(*) by a [at end]\n"
            "        Scan: trips (1 of 4 columns)\n");
}

TEST(Optimize, WhatSomebodyElseReadsPerStepIsNotHeldBack) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0});
  const NodeId counts = m.aggregate(scan, count_by({0}), {"n"});
  m.sink(m.emit(counts, {EmitMode::Final, {}, {}}), "at_end");
  m.sink(m.emit(counts, {EmitMode::OnChange, {}, {}}), "each");
  EXPECT_EQ(optimized(m),
            "Sink: at_end\n"
            "  Emit: final\n"
            "    Aggregate #1: count(*) by a [changelog] [per step]\n"
            "      Scan: trips (1 of 4 columns) [per step]\n"
            "Sink: each\n"
            "  Emit: on_change\n"
            "    Aggregate #1 (above)\n");
}

TEST(Optimize, TopNKeepsWhatItsColumnsAreMadeOf) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1, 2});
  const NodeId project =
      m.project(scan, {call("*", {m.column(scan, 1), number(2)}), m.column(scan, 0)}, {"twice", "a"});
  TopN first;
  first.order = {{1, true, true}};
  first.limit = 10;
  first.with_rank = true;
  const NodeId top = m.top(project, first);
  m.sink(m.emit(m.project(top, {m.column(top, 0), m.column(top, 2)}, {"twice", "rk"}),
                {EmitMode::OnChange, {}, {}}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  Emit: on_change\n"
            "    Project: b * 2 AS twice, rk [changelog] [per step]\n"
            "      TopN: 10 rows order by a DESC, ranked [changelog] [per step]\n"
            "        Scan: trips (2 of 4 columns) [per step]\n");
}

TEST(Optimize, UnionsGetTheSameColumnsFromAllSides) {
  PlanMaker m;
  const NodeId left = m.scan(m.table("l"), {0, 1});
  const NodeId right = m.scan(m.table("r"), {0, 1});
  const NodeId kept = m.filter(right, {call(">", {m.column(right, 1), number(0)})});
  const NodeId both = m.union_all({left, kept});
  m.sink(m.project(both, {m.column(both, 0)}, {"a"}));
  EXPECT_EQ(optimized(m),
            "Sink: out\n"
            "  UnionAll: 2 inputs\n"
            "    Scan: l (1 of 4 columns)\n"
            "    Project: a\n"
            "      Filter: b > 0\n"
            "        Scan: r (2 of 4 columns)\n");
}

TEST(Optimize, AggregatesTakeRowsOutOnlyOfChangelogs) {
  const auto retractable = [](bool over_sliding) {
    PlanMaker m;
    NodeId rows = m.scan(m.table(), {0, 3});
    if (over_sliding) rows = m.sliding(rows, 1, kMinute);
    Aggregate newest;
    newest.calls = {aggregate_call("max", {0})};
    m.sink(m.emit(m.aggregate(rows, newest, {"newest"}), {EmitMode::OnChange, {}, {}}));
    const Plan plan = optimize(m.plan);
    for (const Node& node : plan.nodes) {
      if (const auto* aggregate = std::get_if<Aggregate>(&node.kind))
        return aggregate->calls[0].bound.retractable;
    }
    return false;
  };
  EXPECT_TRUE(retractable(true));
  EXPECT_FALSE(retractable(false));
}

TEST(Optimize, IsStable) {
  PlanMaker m;
  const NodeId scan = m.scan(m.table(), {0, 1, 2, 3});
  const NodeId sliding = m.sliding(scan, 3, kMinute);
  m.sink(m.emit(m.aggregate(sliding, count_by({0, 2}), {"n"}), {EmitMode::Changes, {}, {}}));
  const Plan once = optimize(m.plan);
  EXPECT_EQ(explain(optimize(once)), explain(once));
}

}  // namespace
}  // namespace dart::plan
