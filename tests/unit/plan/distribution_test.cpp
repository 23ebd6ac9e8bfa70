// Where a plan is cut for many machines, what is refused, and what travels.
#include "plan/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "plan/codec.hpp"
#include "sql/compile.hpp"
#include "support/memory_connectors.hpp"

namespace dart::plan {
namespace {

Plan compile(const std::string& options, const std::string& columns, const std::string& select,
             const std::string& sink_options = "") {
  const bool changes = columns.find(" op") != std::string::npos;
  const auto script = sql::compile(
      "CREATE TABLE t (ts timestamp, id int, k int, v double precision) WITH (connector = 'memory'" +
          options + ");\nCREATE TABLE o (" + columns + ") WITH (connector = 'memory'" +
          (changes ? ", op_column = op" : "") + sink_options + ");\nINSERT INTO o " + select + ";",
      {}, support::memory_catalogue());
  EXPECT_TRUE(script) << script.error().message;
  return script ? script->plan : Plan();
}

const std::string kSite = ", label = 'site=x'";
const std::string kTimed = ", event_time = ts" + kSite;
const std::string kOrdered = kTimed + ", tie_break = 'id'";
const std::string kCounts = "SELECT k, count(*) FROM t GROUP BY k";
const std::string kWindows =
    "SELECT window_start, k, max(v) FROM tumble(t, ts, INTERVAL '5 s') GROUP BY window_start, window_end, k";

Distribution cut(const Plan& plan, std::uint32_t partitions = 1) {
  auto result = distribute(plan, {partitions});
  EXPECT_TRUE(result) << result.error().message;
  return result ? *std::move(result) : Distribution();
}

std::vector<StageRole> roles(const Distribution& it) {
  std::vector<StageRole> all;
  for (const RingStage& stage : it.stages) all.push_back(stage.role);
  return all;
}

std::size_t nodes_of(const Distribution& it, StageRole role) {
  std::size_t count = 0;
  for (const RingStage& stage : it.stages) count += stage.role == role ? stage.nodes.size() : 0;
  return count;
}

TEST(Distribution, FiltersAndProjectionsGoToTheSource) {
  const Distribution it =
      cut(compile(kOrdered, "a double precision, op text", "SELECT sum(v + 1) FROM t WHERE k > 2"));
  EXPECT_EQ(roles(it), (std::vector{StageRole::Source, StageRole::Main}));
  EXPECT_GE(nodes_of(it, StageRole::Source), 3U);
  ASSERT_EQ(it.exchanges.size(), 1U);
  EXPECT_TRUE(it.exchanges[0].ordered);
  EXPECT_TRUE(it.exchanges[0].time.has_value());
  EXPECT_EQ(it.exchanges[0].tie_break.size(), 1U);
  EXPECT_FALSE(it.exchanges[0].place.has_value());
}

TEST(Distribution, ATableWhoseRowsGoSeveralWaysCrossesOnce) {
  const Distribution it =
      cut(compile(kOrdered, "a bigint, b bigint, op text",
                  "SELECT a.n, b.n FROM (SELECT count(*) AS n FROM t WHERE k < 3) a CROSS JOIN "
                  "(SELECT count(*) AS n FROM t WHERE k > 1) b"));
  EXPECT_EQ(it.exchanges.size(), 1U);
}

TEST(Distribution, FiltersStayBehindWhereNumbersAreSeen) {
  const std::string shown = "SELECT _seq, id FROM t WHERE k > 2";
  EXPECT_EQ(nodes_of(cut(compile(kOrdered, "n bigint, id int", shown)), StageRole::Source), 1U);
  const std::string only_orders = "SELECT id FROM t WHERE k > 2 ORDER BY _seq DESC LIMIT 1";
  EXPECT_GE(nodes_of(cut(compile(kOrdered, "id int, op text", only_orders)), StageRole::Source), 2U);
}

TEST(Distribution, KeysSplitWindowsIntoPartitions) {
  const Plan plan = compile(kTimed, "w timestamp, k int, m double precision", kWindows);
  const Distribution it = cut(plan, 3);
  EXPECT_EQ(roles(it),
            (std::vector{StageRole::Source, StageRole::Combine, StageRole::Main, StageRole::Result}));
  EXPECT_EQ(it.stages[2].partitions, 3U);
  ASSERT_EQ(it.exchanges.size(), 3U);
  for (const std::size_t to_main :
       {std::size_t{0}, std::size_t{1}}) {  // the first, where the Combine is left out
    EXPECT_EQ(it.exchanges[to_main].kind, ExchangeKind::Hash);
    EXPECT_EQ(it.exchanges[to_main].keys, std::vector<std::uint32_t>{1});
  }
  EXPECT_TRUE(it.exchanges[2].ordered) << "windows of all partitions leave in order";
  EXPECT_EQ(cut(plan).stages.size(), 3U);
  EXPECT_EQ(cut(compile(kOrdered, "k int, n bigint, op text", kCounts), 3).stages[1].partitions, 1U);
}

/// Over the table, or over rows made of it.
std::string window_query(const std::string& call, const std::string& rows = "") {
  const std::string with = rows.empty() ? "" : "WITH r AS (" + rows + ") ";
  return with + "SELECT window_start, " + call + " FROM tumble(" + (rows.empty() ? "t" : "r") +
         ", ts, INTERVAL '5 s') GROUP BY window_start, window_end";
}

std::vector<AggregatePhase> phases(const Distribution& it, StageRole role) {
  std::vector<AggregatePhase> found;
  for (const RingStage& stage : it.stages) {
    if (stage.role != role) continue;
    for (const NodeId node : stage.nodes) {
      const auto* aggregate = std::get_if<Aggregate>(&it.plan.nodes[node].kind);
      if (aggregate != nullptr) found.push_back(aggregate->phase);
    }
  }
  return found;
}

TEST(Distribution, WindowsAreDoneInPartWhereTheirRowsAre) {
  const std::string columns = "w timestamp, n bigint";
  const Distribution it = cut(compile(kTimed, columns, window_query("count(*)")));
  EXPECT_EQ(phases(it, StageRole::Source), std::vector{AggregatePhase::Partial});
  EXPECT_EQ(phases(it, StageRole::Combine), std::vector{AggregatePhase::Combine});
  EXPECT_EQ(phases(it, StageRole::Main), std::vector{AggregatePhase::Final});
  EXPECT_EQ(row_shape(it, 0).types, row_shape(it, 1).types) << "a Combine may be left out";
  EXPECT_EQ(it.notes,
            std::vector<std::string>{"the aggregation is done in part at each reader of \"t\", and put "
                                     "together on the way"});
  const std::string text = explain(it.plan);
  EXPECT_NE(text.find("Aggregate: final count(*) in tumble(pane, "), std::string::npos) << text;
  EXPECT_NE(text.find("Aggregate: combined count(*) in "), std::string::npos) << text;
  EXPECT_NE(text.find("Aggregate: partial count(*) in tumble(ts, "), std::string::npos) << text;

  const Distribution one = cut(compile(", event_time = ts, node = 'a'", columns, window_query("count(*)")));
  EXPECT_EQ(roles(one), (std::vector{StageRole::Source, StageRole::Main}));
  EXPECT_EQ(phases(one, StageRole::Source), std::vector{AggregatePhase::Partial});
  // A filter and what the windows are over go along.
  const Distribution filtered =
      cut(compile(kTimed, columns, window_query("sum(w)", "SELECT k + 1 AS w, ts FROM t WHERE v > 2")));
  EXPECT_EQ(phases(filtered, StageRole::Source), std::vector{AggregatePhase::Partial});
}

TEST(Distribution, WindowsStayWholeWhereTheyMust) {
  const auto note = [](const std::string& options, const std::string& columns, const std::string& select) {
    const Distribution it = cut(compile(options, columns, select));
    EXPECT_TRUE(phases(it, StageRole::Source).empty()) << select;
    EXPECT_TRUE(phases(it, StageRole::Combine).empty()) << select;
    EXPECT_EQ(it.notes.size(), 1U);
    const std::string head = "the aggregation is done as a whole: ";
    const std::string text = it.notes.empty() ? "" : it.notes.front();
    EXPECT_EQ(text.rfind(head, 0), 0U) << text;
    return text.substr(std::min(head.size(), text.size()));
  };
  const std::string reals = "w timestamp, x double precision";
  const std::string counts = "w timestamp, n bigint";
  EXPECT_EQ(note(kTimed, reals, window_query("percentile_cont(0.5) WITHIN GROUP (ORDER BY v)")),
            "percentile_cont() keeps all its values");
  EXPECT_EQ(note(kTimed, counts, window_query("count(DISTINCT k)")), "count(DISTINCT) keeps all its values");
  EXPECT_EQ(note(kOrdered, reals, window_query("first(v)")), "first() depends on the order of its rows");
  EXPECT_EQ(note(kOrdered, "k int, n bigint, op text", kCounts), "it does not only emit closed windows");
  EXPECT_EQ(note(kOrdered + ", late = 'update'", "w timestamp, n bigint, op text", window_query("count(*)")),
            "it does not only emit closed windows");
  EXPECT_EQ(note(", event_time = ts, node = 'a'", counts, window_query("max(_seq)")),
            "the rows of its table are put into one order");
  EXPECT_EQ(note(kTimed, counts, window_query("count(*)", "SELECT ts FROM t UNION ALL SELECT ts FROM t")),
            "it does not stand directly behind its table");
}

TEST(Distribution, StatesThatNobodyGivesOutAreNoPlan) {
  const Distribution it = cut(compile(kTimed, "w timestamp, n bigint", window_query("count(*)")));
  const Plan& plan = it.plan;
  ASSERT_TRUE(plan.validate());
  const auto again = decode(encode(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(explain(*again), explain(plan));
  using enum AggregatePhase;
  const std::pair<AggregatePhase, AggregatePhase> wrong[] = {
      {Partial, Single}, {Partial, Combine}, {Partial, Final}, {Combine, Single},
      {Combine, Final},  {Final, Combine},   {Final, Partial}};
  for (const auto& [from, to] : wrong) {
    Plan broken = plan;
    for (Node& node : broken.nodes) {
      auto* aggregate = std::get_if<Aggregate>(&node.kind);
      if (aggregate != nullptr && aggregate->phase == from) aggregate->phase = to;
    }
    EXPECT_FALSE(broken.validate());
    EXPECT_FALSE(decode(encode(broken)));
  }
}

TEST(Distribution, ABoundSinkIsAStageOfItsOwn) {
  const Distribution it = cut(compile(kOrdered, "k int, n bigint, op text", kCounts, ", node = 'printer'"));
  ASSERT_EQ(roles(it), (std::vector{StageRole::Source, StageRole::Main, StageRole::Result}));
  ASSERT_TRUE(it.stages[2].table.has_value());
  EXPECT_EQ(it.plan.tables[*it.stages[2].table].label, "node=printer");
}

TEST(Distribution, AnOrderThatReadersDoNotHaveIsRefused) {
  const auto refusal = [](const std::string& options, const std::string& select, const std::string& columns) {
    const auto it = distribute(compile(options, columns, select), {1});
    return it ? std::string() : it.error().message + "; " + it.error().hint;
  };
  const std::string counts = "k int, n bigint, op text";
  EXPECT_NE(refusal(kTimed, kCounts, counts).find("tie_break"), std::string::npos);
  EXPECT_NE(refusal(kSite, kCounts, counts).find("event_time"), std::string::npos);
  EXPECT_NE(
      refusal(kTimed, "SELECT k, lag(v) OVER (ORDER BY ts) FROM t", "k int, v double precision").find("Over"),
      std::string::npos);
  EXPECT_NE(refusal(kTimed, "SELECT k, _seq FROM t", "k int, n bigint").find("_seq"), std::string::npos);
  EXPECT_NE(refusal(kTimed,
                    "SELECT window_start, first(v) FROM tumble(t, ts, INTERVAL '5 s') "
                    "GROUP BY window_start, window_end",
                    "w timestamp, v double precision")
                .find("Aggregate"),
            std::string::npos);
  // Enough order, one reader, or nothing that needs any.
  EXPECT_EQ(refusal(kOrdered, kCounts, counts), "");
  EXPECT_EQ(refusal(", node = 'one'", kCounts, counts), "");
  EXPECT_EQ(refusal(kTimed + ", order = 'arrival'", kCounts, counts), "");
  EXPECT_EQ(refusal(kSite, "SELECT k, id FROM t WHERE v > 1", "k int, id int"), "");
  EXPECT_EQ(refusal(kTimed, kWindows, "w timestamp, k int, m double precision"), "");
}

TEST(Distribution, ComesBackFromItsBytes) {
  const Distribution it = cut(compile(kOrdered, "w timestamp, k int, m double precision", kWindows), 3);
  const std::string bytes = encode(it);
  const auto again = decode_distribution(bytes);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(encode(*again), bytes);
  EXPECT_EQ(roles(*again), roles(it));
  EXPECT_EQ(explain(again->plan), explain(it.plan));
  EXPECT_EQ(again->stages[2].partitions, 3U);
  EXPECT_EQ(again->notes, it.notes);
  EXPECT_EQ(row_shape(*again, 0).types, row_shape(it, 0).types);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_distribution(std::string_view(bytes).substr(0, size)));
  }
  EXPECT_FALSE(decode_distribution(bytes + "x"));
}

TEST(Distribution, ChangedBytesNeverCrash) {
  constexpr std::uint64_t kSeed = 5;
  Random random(kSeed);
  const std::string good = encode(cut(compile(kOrdered, "k int, n bigint, op text", kCounts)));
  std::size_t accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = good;
    const std::uint64_t changes = 1 + random.below(3);
    for (std::uint64_t k = 0; k < changes; ++k) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    const auto it = decode_distribution(bytes);
    if (!it) continue;
    ++accepted;
    EXPECT_TRUE(it->plan.validate());
  }
  EXPECT_GT(accepted, 0U);
}

}  // namespace
}  // namespace dart::plan
