// Several sources in one query: who waits for whom, and what a quiet one holds back.
#include <gmock/gmock.h>

#include <deque>

#include "engine/instance.hpp"
#include "sql/compile.hpp"
#include "support/memory_connectors.hpp"

namespace dart::support {
namespace {

using columnar::Chunk;
using columnar::Value;
using testing::ElementsAre;
using testing::IsEmpty;

/// What a test has put in front of one reader: two columns, ts (seconds) and v.
struct Feed {
  struct Row {
    std::int64_t second;
    std::int64_t v;
  };
  std::deque<Row> rows;
  std::int64_t read = 0;
  bool ended = false;
};

class FedSource : public engine::Source {
 public:
  FedSource(const engine::ReadRequest& request, Feed& feed) : request_(request), feed_(feed) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, Chunk& out) override {
    engine::ReadOutcome outcome;
    outcome.origin_first = outcome.origin_last = now;
    outcome.rows = std::min(max_rows, feed_.rows.size());
    outcome.first_seq = feed_.read + 1;
    outcome.last_seq = feed_.read + static_cast<std::int64_t>(outcome.rows);
    out.rows = outcome.rows;
    out.columns.resize(request_.columns.size());
    for (std::size_t c = 0; c < request_.columns.size(); ++c) {
      out.columns[c].reset(request_.table->columns[request_.columns[c]].type, out.rows);
      for (std::size_t r = 0; r < out.rows; ++r) {
        out.columns[c].mutable_data<std::int64_t>()[r] =
            request_.columns[c] == 0 ? feed_.rows[r].second * 1'000'000 : feed_.rows[r].v;
      }
    }
    out.steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), out.rows);
    for (std::size_t r = 0; r < out.rows; ++r) out.steps.mutable_data<std::int64_t>()[r] = ++feed_.read;
    feed_.rows.erase(feed_.rows.begin(), feed_.rows.begin() + static_cast<std::ptrdiff_t>(out.rows));
    outcome.end = feed_.ended && feed_.rows.empty();
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  engine::ReadRequest request_;
  Feed& feed_;
  std::map<std::string, std::uint64_t> errors_;
};

class FedConnectors : public MemoryConnectors {
 public:
  std::map<std::string, Feed> feeds;
  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override {
    return std::make_unique<FedSource>(request, feeds[request.table->name]);
  }
};

/// A query over tables a and b in one instance, with the clock in the test's hands.
class SeveralSourcesTest : public testing::TestWithParam<std::size_t> {
 protected:
  void open(const std::string& options_a, const std::string& options_b, const std::string& query) {
    plan::ConnectorSpec fed;
    fed.name = "fed";
    fed.is_source = fed.is_sink = true;
    fed.takes_format = false;
    const auto table = [](const std::string& name, const std::string& options) {
      return "CREATE TABLE " + name + " (ts timestamp, v bigint) WITH (connector = 'fed', event_time = ts" +
             options + ");\n";
    };
    const auto script = sql::compile(table("a", options_a) + table("b", options_b) +
                                         "CREATE TABLE o (x bigint, y bigint, op text) "
                                         "WITH (connector = 'fed', op_column = op);\n" +
                                         "INSERT INTO o " + query + ";",
                                     {}, {{fed}, {}});
    ASSERT_TRUE(script) << script.error().message;
    plan_ = script->plan;
    stages_ = engine::cut(plan_, 1);
    auto instance = engine::Instance::open(plan_, stages_, 0, {GetParam(), nullptr}, connectors_);
    ASSERT_TRUE(instance) << instance.error().message;
    instance_ = *std::move(instance);
  }
  /// Polls at a time in milliseconds until nothing more is due; gives when to come back.
  std::optional<std::int64_t> poll(std::int64_t ms) {
    while (true) {
      const auto turn = instance_->poll(TimePoint{ms * 1000}, GetParam());
      EXPECT_FALSE(instance_->failure().has_value());
      if (turn.rows > 0) continue;
      if (!turn.wake_at) return std::nullopt;
      return turn.wake_at->us / 1000;
    }
  }
  Feed& a() { return connectors_.feeds["a"]; }
  Feed& b() { return connectors_.feeds["b"]; }
  /// "x,y" of each row written so far.
  std::vector<std::string> written() {
    std::vector<std::string> rows;
    for (const Written& row : connectors_.outputs["o"]) {
      rows.push_back((row.weight < 0 ? "-" : "") + row.row[0].to_string() + "," + row.row[1].to_string());
    }
    return rows;
  }
  std::uint64_t late_rows() {
    std::uint64_t late = 0;
    for (const auto& report : instance_->report()) late += report.counters.late;
    return late;
  }

  FedConnectors connectors_;
  plan::Plan plan_;
  engine::Stages stages_;
  std::unique_ptr<engine::Instance> instance_;
};

const std::string kCounts =
    "SELECT count(*), sum(v) FROM tumble(u, ts, INTERVAL '10 s') GROUP BY window_start, window_end";
const std::string kUnionCounts = "WITH u AS (SELECT * FROM a UNION ALL SELECT * FROM b) " + kCounts;

TEST_P(SeveralSourcesTest, WithoutIdleAfterAQuietSourceHoldsWindowsOpen) {
  open("", "", kUnionCounts);
  a().rows = {{1, 1}, {2, 2}, {15, 3}};
  EXPECT_EQ(poll(0), std::nullopt);
  EXPECT_EQ(poll(1'000'000), std::nullopt);
  EXPECT_THAT(written(), IsEmpty());
}

TEST_P(SeveralSourcesTest, AnIdleSourceHoldsNoWindowOpen) {
  open("", ", idle_after = '5 s'", kUnionCounts);
  a().rows = {{1, 1}, {2, 2}, {15, 3}};
  b().rows = {{3, 10}};
  EXPECT_EQ(poll(1000), 6000);  // b is to be looked at again, although nothing else wakes it
  EXPECT_EQ(poll(5999), 6000);
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_EQ(poll(6000), std::nullopt);
  EXPECT_THAT(written(), ElementsAre("3,13"));
  // It goes on following while it stays idle.
  a().rows = {{25, 4}};
  (void)poll(7000);
  EXPECT_THAT(written(), ElementsAre("3,13", "1,3"));
  // What it brings then below the others' watermark is late; the rest counts, and holds again.
  b().rows = {{12, 20}, {26, 30}};
  EXPECT_EQ(poll(8000), 13'000);
  EXPECT_EQ(late_rows(), 1U);
  a().rows = {{40, 5}};
  (void)poll(9000);
  EXPECT_THAT(written(), ElementsAre("3,13", "1,3"));
  (void)poll(13'000);
  EXPECT_THAT(written(), ElementsAre("3,13", "1,3", "2,34"));
}

TEST_P(SeveralSourcesTest, ASourceThatNeverBroughtARowIsIdleAfterThatTimeToo) {
  open("", ", idle_after = '5 s'", kUnionCounts);
  a().rows = {{1, 1}, {15, 3}};
  EXPECT_EQ(poll(90'000), 95'000);
  EXPECT_THAT(written(), IsEmpty());
  (void)poll(95'000);
  EXPECT_THAT(written(), ElementsAre("1,1"));
}

TEST_P(SeveralSourcesTest, WhenTheOthersHaveEndedAnIdleSourceFollowsTheFastest) {
  open("", ", idle_after = '5 s'", kUnionCounts);
  a().rows = {{1, 1}, {15, 3}};
  a().ended = true;
  (void)poll(0);
  EXPECT_THAT(written(), IsEmpty());
  (void)poll(5000);
  EXPECT_THAT(written(), ElementsAre("1,1"));
}

TEST_P(SeveralSourcesTest, RowsThatWaitForTheirTieBreakGoOnWhenTheirSourceIsIdle) {
  open("", ", idle_after = '5 s', tie_break = 'v', watermark_delay = '1 minute'", kUnionCounts);
  a().rows = {{1, 1}, {15, 3}};
  b().rows = {{9, 7}};
  (void)poll(0);
  EXPECT_THAT(written(), IsEmpty());
  (void)poll(5000);
  EXPECT_THAT(written(), ElementsAre("2,8"));
}

const std::string kLatestPair =
    "SELECT p.v, q.v FROM (SELECT v FROM a ORDER BY _seq DESC LIMIT 1) p "
    "CROSS JOIN (SELECT v FROM b ORDER BY _seq DESC LIMIT 1) q";

TEST_P(SeveralSourcesTest, RowsWaitForTheOtherSourcesWatermark) {
  open("", "", kLatestPair);
  a().rows = {{1, 1}, {5, 2}};
  b().rows = {{2, 10}};
  (void)poll(0);
  EXPECT_THAT(written(), ElementsAre("1,10"));  // the second row of a may come behind another of b
  b().rows = {{7, 20}};
  (void)poll(1);
  EXPECT_THAT(written(), ElementsAre("1,10", "-1,10", "2,10"));
}

TEST_P(SeveralSourcesTest, InOrderOfArrivalNobodyWaits) {
  open(", order = 'arrival'", "", kLatestPair);
  a().rows = {{1, 1}};
  (void)poll(0);
  b().rows = {{2, 10}};
  (void)poll(1);
  EXPECT_THAT(written(), ElementsAre("1,10"));
  a().rows = {{5, 2}};
  (void)poll(2);
  EXPECT_THAT(written(), ElementsAre("1,10", "-1,10", "2,10"));
}

TEST_P(SeveralSourcesTest, AnIdleSourceLetsTheRowsOfOthersGo) {
  open("", ", idle_after = '5 s'", kLatestPair);
  a().rows = {{1, 1}, {5, 2}};
  b().rows = {{2, 10}};
  EXPECT_EQ(poll(0), 5000);
  EXPECT_THAT(written(), ElementsAre("1,10"));
  (void)poll(5000);
  EXPECT_THAT(written(), ElementsAre("1,10", "-1,10", "2,10"));
}

TEST_P(SeveralSourcesTest, AnIdleSideLetsAWindowJoinForgetAndALeftSideSettle) {
  const std::string side = "(SELECT window_start, window_end, sum(v) AS v FROM tumble(";
  const std::string grouped = ", ts, INTERVAL '10 s') GROUP BY window_start, window_end) ";
  open("", ", idle_after = '5 s'",
       "SELECT p.v, q.v FROM " + side + "a" + grouped + "p JOIN " + side + "b" + grouped +
           "q ON p.window_start = q.window_start AND p.window_end = q.window_end");
  b().rows = {{3, 10}, {4, 11}};
  a().rows = {{1, 1}, {2, 2}, {15, 3}};
  (void)poll(0);
  EXPECT_THAT(written(), IsEmpty());
  (void)poll(5000);
  EXPECT_THAT(written(), ElementsAre("3,21"));
}

INSTANTIATE_TEST_SUITE_P(ChunkRows, SeveralSourcesTest, testing::Values(1, 3, 2048));

}  // namespace
}  // namespace dart::support
