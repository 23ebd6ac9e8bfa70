#include "plan/codec.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.hpp"
#include "plan/optimize.hpp"
#include "unit/plan/plan_maker.hpp"

namespace dart::plan {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using testing::aggregate_call;
using testing::call;
using testing::number;
using testing::PlanMaker;

constexpr std::int64_t kMinute = 60'000'000;

void describe_table(TableDefinition& table) {
  table.checks.push_back(
      {"positive", *make_call(">", {make_column(0, LogicalType::of(TypeId::BigInt)), number(0)})});
  table.primary_key = {0, 1};
  table.options = {{"path", Value::text("trips.csv")},
                   {"rate", Value::bigint(1000)},
                   {"share", Value::real(0.5)},
                   {"price", Value::numeric(30, 2, 12345)},
                   {"none", Value::null(LogicalType::of(TypeId::Text))},
                   {"header", Value::boolean(false)}};
  table.watermark_delay_us = 5;
  table.idle_after_us = 7;
  table.late = LatePolicy::SideTable;
  table.late_table = "late";
  table.order = MergeOrder::Arrival;
  table.tie_break = {1};
}

/// Streams with expressions of every kind, windows and aggregates.
Plan windows_and_expressions() {
  PlanMaker m;
  const std::uint32_t table = m.table();
  describe_table(m.plan.tables[table]);
  const NodeId scan = m.scan(table, {0, 1, 2, 3, Scan::kSeqColumn});
  m.add(Project{{m.column(scan, 0)}}, {scan}, {{"a", LogicalType::of(TypeId::BigInt)}});
  m.plan.nodes.back().inputs[0].output = 1;
  m.sink(m.last(), "late");
  const ExpressionPtr a = m.column(scan, 0);
  const ExpressionPtr condition = make_logical(
      Expression::Kind::Or,
      {call("<", {a, number(-1)}),
       make_logical(Expression::Kind::And, {call(">=", {a, number(1)}), call("<=", {a, number(3)})})});
  const NodeId filter = m.filter(scan, {condition});
  const NodeId project = m.project(
      filter,
      {make_case({condition, a, m.column(filter, 1)}, a->type), make_coalesce({a, number(4)}, a->type),
       *make_cast(a, LogicalType::of(TypeId::Text), columnar::CastKind::Explicit), m.column(filter, 3)},
      {"c", "d", "t", "ts"});
  const NodeId window = m.window(project, 3, kMinute, kMinute);
  Aggregate sums;
  sums.keys = {2, 4, 5};
  sums.calls = {aggregate_call("sum", {0}), aggregate_call("count", {})};
  sums.emit = EmitPolicy::AtClose;
  sums.expires_by_key = 2;
  m.sink(m.aggregate(window, sums, {"total", "n"}), "windows");
  const NodeId sliding = m.sliding(project, 3, kMinute);
  TopN top;
  top.partition = {2};
  top.order = {{0, true, true}};
  top.limit = 3;
  top.with_rank = true;
  m.sink(m.emit(m.top(sliding, top), {EmitMode::OnChange, {3}, {}}), "tops");
  return m.plan;
}

/// Joins, unions, count windows, window functions, expansion, limit, final order.
Plan joins_and_blocks() {
  PlanMaker m;
  const std::uint32_t table = m.table();
  const NodeId scan = m.scan(table, {0, 1, 3});
  Over over;
  over.partition = {0};
  over.order = 2;
  over.calls.resize(3);
  over.calls[0].name = "row_number";
  over.calls[1].name = "lag";
  over.calls[1].arguments = {1};
  over.calls[1].direct = {Value::bigint(1)};
  over.calls[2].name = "sum";
  over.calls[2].arguments = {1};
  over.calls[2].frame = {Frame::Unit::Rows, 9};
  Node node;
  node.inputs = {{scan, 0}};
  node.kind = over;
  EXPECT_TRUE(bind_calls(m.plan, node));
  node.schema = m.schema(scan);
  node.schema.push_back({"rn", LogicalType::of(TypeId::BigInt)});
  node.schema.push_back({"before", LogicalType::of(TypeId::BigInt)});
  node.schema.push_back({"sum", std::get<Over>(node.kind).calls[2].bound.result});
  m.plan.nodes.push_back(node);
  m.sink(m.add(Limit{1, 10}, {m.last()}, node.schema), "limited");
  Schema blocks = m.schema(scan);
  blocks.push_back({"window_id", LogicalType::of(TypeId::BigInt)});
  const NodeId block = m.add(CountWindow{10, {0}}, {scan}, blocks);
  Aggregate per_block;
  per_block.keys = {3, 0};
  per_block.calls = {aggregate_call("avg", {1})};
  per_block.per_block = true;
  m.sink(m.aggregate(block, per_block, {"mean"}), "blocks");
  Schema expanded = m.schema(scan);
  expanded.push_back({"v", LogicalType::of(TypeId::BigInt)});
  const NodeId expand = m.add(Expand{{{m.column(scan, 0)}, {number(1)}}}, {scan}, expanded);
  const NodeId both = m.union_all({expand, expand});
  Join join{JoinKind::Left, {0}, {3}, {}, {}};
  join.conditions = {call("<", {m.column(scan, 1), make_column(4, LogicalType::of(TypeId::BigInt))})};
  m.sink(m.emit(m.join(scan, both, join), {EmitMode::Final, {}, {{0, true, false}}}), "joined");
  return m.plan;
}

std::vector<Plan> samples() {
  return {optimize(windows_and_expressions()), optimize(joins_and_blocks()), Plan()};
}

TEST(PlanCodec, RoundTrip) {
  for (const Plan& plan : samples()) {
    const std::string bytes = encode(plan);
    const Result<Plan> again = decode(bytes);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(encode(*again), bytes);
    EXPECT_EQ(explain(*again), explain(plan));
    ASSERT_EQ(again->tables.size(), plan.tables.size());
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
      const TableDefinition& table = again->tables[t];
      EXPECT_EQ(table.options, plan.tables[t].options);
      EXPECT_EQ(table.idle_after_us, plan.tables[t].idle_after_us);
      EXPECT_EQ(table.late, plan.tables[t].late);
      EXPECT_EQ(table.order, plan.tables[t].order);
      EXPECT_EQ(table.tie_break, plan.tables[t].tie_break);
      EXPECT_EQ(table.checks.size(), plan.tables[t].checks.size());
    }
  }
}

TEST(PlanCodec, EveryTruncationIsAnError) {
  for (const Plan& plan : samples()) {
    const std::string bytes = encode(plan);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size))) << size;
    }
    EXPECT_FALSE(decode(bytes + "x"));
  }
}

TEST(PlanCodec, OtherVersionsAreRefused) {
  std::string bytes = encode(Plan());
  bytes[0] = static_cast<char>(bytes[0] + 1);
  const Result<Plan> plan = decode(bytes);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("version"), std::string::npos);
}

TEST(PlanCodec, ChangedBytesNeverCrashAndNeverGiveABrokenPlan) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  std::size_t accepted = 0;
  for (const Plan& plan : samples()) {
    const std::string good = encode(plan);
    for (int i = 0; i < 3000; ++i) {
      std::string bytes = good;
      const std::uint64_t changes = 1 + random.below(3);
      for (std::uint64_t k = 0; k < changes; ++k)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      const Result<Plan> decoded = decode(bytes);
      if (!decoded) continue;
      ++accepted;
      EXPECT_TRUE(decoded->validate());
      const Result<Plan> again = decode(encode(*decoded));
      ASSERT_TRUE(again);
      EXPECT_EQ(encode(*again), encode(*decoded));
    }
  }
  EXPECT_GT(accepted, 0U) << "names and offsets can change without breaking anything";
}

/// The fuzz target starts from these. After a change of the layout DART_WRITE_CORPUS=1 makes them anew.
TEST(PlanCodec, TheCorpusIsInTodaysLayout) {
  const std::filesystem::path folder =
      std::filesystem::path(DART_SOURCE_DIR) / "tests/fuzz/corpus/plan_codec";
  const std::vector<Plan> plans = samples();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const std::filesystem::path path = folder / ("sample_" + std::to_string(i));
    if (std::getenv("DART_WRITE_CORPUS") != nullptr) {
      std::ofstream(path, std::ios::binary) << encode(plans[i]);
    }
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const Result<Plan> plan = decode(bytes);
    EXPECT_TRUE(plan) << path << ": " << (plan ? "" : plan.error().message);
  }
}

}  // namespace
}  // namespace dart::plan
