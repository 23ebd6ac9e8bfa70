// The oracle itself, over plans made by hand.
#include "support/naive_executor.hpp"

#include <gtest/gtest.h>

namespace dart::support {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

const LogicalType kTime = LogicalType::of(TypeId::Timestamp);
const LogicalType kInt = LogicalType::of(TypeId::Int);
const LogicalType kBigInt = LogicalType::of(TypeId::BigInt);

/// A table t(ts, k), a scan of both columns, then nodes in a chain, the last one a sink.
plan::Plan chain(std::vector<plan::NodeKind> kinds, const plan::Schema& last_schema) {
  plan::Plan plan;
  plan::TableDefinition table;
  table.name = "t";
  table.columns = {{"ts", kTime, true}, {"k", kInt, false}};
  table.event_time = 0;
  plan.tables = {table, {}};
  kinds.insert(kinds.begin(), plan::Scan{0, {0, 1}});
  kinds.emplace_back(plan::Sink{1});
  for (plan::NodeId id = 0; id < kinds.size(); ++id) {
    plan::Node node;
    node.kind = kinds[id];
    if (id > 0) node.inputs = {{id - 1, 0}};
    node.schema = id == 0 ? plan::Schema{{"ts", kTime}, {"k", kInt}} : last_schema;
    plan.nodes.push_back(node);
  }
  return plan;
}

Cells row(std::int64_t second, std::int64_t key) {
  return {Value::timestamp(second * 1'000'000), Value::integer(key)};
}

plan::AggregateCall count_rows() {
  plan::AggregateCall call;
  call.name = "count";
  call.bound.result = kBigInt;
  return call;
}

TEST(NaiveExecutor, SlidingCountPerKey) {
  plan::Aggregate by_key;
  by_key.keys = {1};
  by_key.calls = {count_rows()};
  const plan::Plan plan = chain({plan::Sliding{0, 2'000'000}, by_key}, {{"k", kInt}, {"count", kBigInt}});
  NaiveExecutor naive(plan);
  naive.step(0, 1, row(1, 7));
  naive.step(0, 2, row(2, 7));
  naive.step(0, 3, row(3, 8));
  EXPECT_EQ(naive.view(3), (std::vector<Cells>{{Value::integer(7), Value::bigint(1)},
                                               {Value::integer(8), Value::bigint(1)}}));
  const auto& emitted = naive.emitted(3);
  ASSERT_EQ(emitted.size(), 6U);  // +(7,1) | -(7,1) +(7,2) | -(7,2) +(7,1) +(8,1)
  EXPECT_EQ(emitted[1].weight, -1);
  EXPECT_EQ(emitted[1].step, 2);
  EXPECT_EQ(emitted[3].row, (Cells{Value::integer(7), Value::bigint(2)}));
}

TEST(NaiveExecutor, LateRowsAreCountedAndDropped) {
  const plan::Plan plan = chain({}, {{"ts", kTime}, {"k", kInt}});
  NaiveExecutor naive(plan);
  naive.step(0, 1, row(5, 1));
  naive.step(0, 2, row(4, 2));
  naive.step(0, 3, row(5, 3));
  EXPECT_EQ(naive.late(0), 1U);
  EXPECT_EQ(naive.view(1), (std::vector<Cells>{row(5, 1), row(5, 3)}));
}

TEST(NaiveExecutor, WindowsCloseWithTheWatermark) {
  plan::Aggregate windows;
  windows.calls = {count_rows()};
  windows.emit = plan::EmitPolicy::AtClose;
  windows.window = plan::WindowAssign{0, 2'000'000, 2'000'000};
  const plan::Plan plan =
      chain({windows}, {{"window_start", kTime}, {"window_end", kTime}, {"count", kBigInt}});
  NaiveExecutor naive(plan);
  naive.step(0, 1, row(1, 1));
  EXPECT_TRUE(naive.view(2).empty());
  naive.step(0, 2, row(2, 1));
  EXPECT_EQ(naive.view(2).size(), 1U);
  naive.end();
  EXPECT_EQ(naive.view(2).size(), 2U);
  EXPECT_EQ(naive.emitted(2)[0].step, 2);
}

TEST(NaiveExecutor, OnChangeWritesTheWholeResultWhenAShownColumnDiffers) {
  plan::TopN newest;
  newest.order = {{0, true, false}};
  newest.limit = 1;
  plan::Emit emit;
  emit.mode = plan::EmitMode::OnChange;
  emit.ignored = {0};
  const plan::Plan plan = chain({newest, emit}, {{"ts", kTime}, {"k", kInt}});
  NaiveExecutor naive(plan);
  for (const auto& [second, key] : {std::pair{1, 4}, {2, 4}, {3, 5}, {4, 4}})
    naive.step(0, second, row(second, key));
  naive.end();
  const auto& emitted = naive.emitted(3);
  ASSERT_EQ(emitted.size(), 3U);
  EXPECT_EQ(emitted[0].row, row(1, 4));
  EXPECT_EQ(emitted[1].row, row(3, 5));
  EXPECT_EQ(emitted[2].row, row(4, 4));
}

}  // namespace
}  // namespace dart::support
