#include "runtime/query/query_host.hpp"

#include <gmock/gmock.h>

#include <set>

#include "engine/exchange/frame.hpp"
#include "unit/runtime/query/query_ring.hpp"

namespace dart::runtime {
namespace {

using test::QueryNode;
using test::RingQuery;

class QueryHostTest : public testing::Test {
 protected:
  QueryNode& add(QueryHostSettings settings = {}) {
    nodes_.push_back(
        std::make_unique<QueryNode>(loop_, static_cast<std::uint8_t>(nodes_.size() + 1), settings));
    return *nodes_.back();
  }
  [[nodiscard]] bool until(const std::function<bool()>& done) { return test::run_until(loop_, done); }

  /// All rows of the query's output, asked for at `client`, until it ends or there are `rows`.
  std::vector<std::string> tail(QueryNode& client, const QueryNode& at, const RingQuery& query,
                                std::size_t rows = SIZE_MAX) {
    struct State {
      std::vector<std::string> all;
      bool asking = false;
      bool ended = false;
    };
    const auto state = std::make_shared<State>();  // an answer may come after a failure
    EXPECT_TRUE(until([&] {
      if (!state->asking && !state->ended && state->all.size() < rows) {
        state->asking = true;
        const auto take = [state](Result<TailPiece> piece) {
          state->asking = false;
          if (!piece) return;
          EXPECT_EQ(piece->missed, 0U);
          EXPECT_EQ(piece->first, state->all.size());
          state->ended = piece->ended;
          state->all.insert(state->all.end(), piece->lines.begin(), piece->lines.end());
        };
        client.host->fetch_rows(at.self, query.key, query.run, state->all.size(), take);
      }
      return !state->asking && (state->ended || state->all.size() >= rows);
    })) << state->all.size();
    return state->all;
  }
  [[nodiscard]] bool opened(const RingQuery& query) {
    return until([&] {
      std::size_t count = 0;
      for (const auto& node : nodes_) {
        for (const auto& one : node->heard<placement::Opened>()) {
          EXPECT_FALSE(one.error) << *one.error;
          if (one.epoch == query.epoch) ++count;
        }
      }
      return count >= query.placed.size();
    });
  }

  boost::asio::io_context loop_;
  std::vector<std::unique_ptr<QueryNode>> nodes_;
};

QueryHostSettings keeps(std::size_t bytes) {
  QueryHostSettings settings;
  settings.retained_bytes = bytes;
  return settings;
}

/// Each number of both readers once, those of one reader in order.
void expect_all(const std::vector<std::string>& lines, const std::vector<const QueryNode*>& readers) {
  std::map<std::int64_t, std::int64_t> next;
  std::size_t expected = 0;
  for (const QueryNode* reader : readers) {
    next[reader->numbers.base] = reader->numbers.base;
    expected += static_cast<std::size_t>(reader->numbers.rows);
  }
  ASSERT_EQ(lines.size(), expected);
  for (const std::string& line : lines) {
    const std::int64_t number = std::stoll(line);
    auto& wanted = next[number / 1'000'000'000 * 1'000'000'000];
    ASSERT_EQ(number, wanted);
    ++wanted;
  }
}

TEST_F(QueryHostTest, RowsOfTwoReadersCrossInOrderAndATailSeesThemAll) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& b = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 20'000;
  b.numbers.rows = 30'000;
  RingQuery query("SELECT v FROM t");
  query.place({&a, &b}, {&c});
  query.open_at({&c, &a, &b});
  expect_all(tail(b, c, query), {&a, &b});
  EXPECT_TRUE(until([&] { return a.heard<placement::InstanceFinished>().size() == 1; }));
  EXPECT_TRUE(until([&] { return !c.heard<placement::InstanceFinished>().empty(); }));
  EXPECT_TRUE(a.heard<placement::InstanceFailed>().empty());
}

TEST_F(QueryHostTest, AllOnOneHostNeedsNoFrames) {
  QueryNode& a = add(keeps(64U << 20));
  a.numbers.rows = 5000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&a});
  query.open_at({&a});
  expect_all(tail(a, a, query), {&a});
  EXPECT_TRUE(a.frames.empty());
}

TEST_F(QueryHostTest, SendersWaitForReceiversThatOpenLater) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 3000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&c});
  query.open_at({&a});
  EXPECT_TRUE(until([&] { return c.host->counters().unknown_link > 0; }));
  query.open_at({&c});
  expect_all(tail(a, c, query), {&a});
}

TEST_F(QueryHostTest, BackPressureReachesTheSource) {
  QueryNode& a = add();
  QueryNode& c = add();
  a.numbers.rows = 100'000'000;
  a.numbers.padding = 1000;
  RingQuery query("SELECT v, pad FROM t");
  query.place({&a}, {&c});
  query.open_at({&a});  // nobody takes the rows
  std::int64_t before = -1;
  EXPECT_TRUE(until([&] {
    const bool still = a.numbers.read > 0 && a.numbers.read == before;
    before = a.numbers.read;
    loop_.restart();
    loop_.run_for(std::chrono::milliseconds(100));
    return still && a.numbers.read == before;
  }));
  EXPECT_LT(a.numbers.read * 1000, 8 << 20);
}

TEST_F(QueryHostTest, ABrokenConnectionLosesAndDoublesNothing) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 200'000;
  a.numbers.allowed = 50'000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&c});
  query.open_at({&c, &a});
  tail(c, c, query, 1000);
  c.lose = 8;
  a.lose = 3;
  a.numbers.allowed = INT64_MAX;
  expect_all(tail(c, c, query), {&a});
}

TEST_F(QueryHostTest, AFenceStopsWhatRunsAndOldRowsAreRefused) {
  QueryNode& a = add();
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = INT64_MAX;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&c});
  query.open_at({&c, &a});
  tail(c, c, query, 1000);
  c.host->fence({query.key, 2, false});
  EXPECT_TRUE(until([&] { return c.host->counters().fenced > 0; }));
  EXPECT_TRUE(c.host->hosted().empty());
  // The sender heard of it and holds still.
  std::int64_t before = -1;
  EXPECT_TRUE(until([&] { return std::exchange(before, a.numbers.read.load()) == a.numbers.read; }));
  a.host->fence({query.key, 1, true});
  EXPECT_TRUE(a.host->hosted().empty());
  a.host->open(query.open(query.placed.front()));
  EXPECT_TRUE(a.host->hosted().empty()) << "an epoch that was stopped does not come back";
}

TEST_F(QueryHostTest, AMissingFileIsSaidInOneLine) {
  QueryNode& a = add();
  a.missing = true;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&a});
  a.host->open(query.open(query.placed.front()));
  ASSERT_TRUE(until([&] { return a.heard<placement::Opened>().size() == 1; }));
  const auto opened = a.heard<placement::Opened>().front();
  EXPECT_EQ(opened.error, "t.csv: No such file or directory");
  EXPECT_FALSE(opened.lasting);
}

TEST_F(QueryHostTest, WrongBytesAreCountedAndHarmless) {
  QueryNode& a = add();
  QueryNode& b = add();
  EXPECT_EQ(a.host->on_frame(b.self.id, b.self.endpoints[0], "nonsense"), Intake::Malformed);
  EXPECT_EQ(a.host->counters().malformed, 1U);
  RingQuery query("SELECT v FROM t");
  query.program = "nonsense";
  query.place({&a}, {&a});
  a.host->open(query.open(query.placed.front()));
  ASSERT_TRUE(until([&] { return a.heard<placement::Opened>().size() == 1; }));
  EXPECT_TRUE(a.heard<placement::Opened>().front().error);
}

TEST_F(QueryHostTest, ANodeWithoutMemoryRefuses) {
  QueryHostSettings small;
  small.memory_bytes = 1;
  QueryNode& a = add(small);
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&a});
  query.open_at({&a});
  ASSERT_TRUE(until([&] { return !a.heard<placement::Opened>().empty(); }));
  EXPECT_THAT(a.heard<placement::Opened>().front().error.value_or(""), testing::HasSubstr("memory budget"));
}

TEST_F(QueryHostTest, ATailOfAHostThatIsSilentOrHasNothingIsAnError) {
  QueryNode& a = add();
  QueryNode& b = add();
  std::optional<std::string> nothing;
  a.host->fetch_rows(b.self, Key{9, 9}, 0, 0,
                     [&](Result<TailPiece> piece) { nothing = piece ? "rows" : piece.error().message; });
  EXPECT_TRUE(until([&] { return nothing.has_value(); }));
  EXPECT_THAT(*nothing, testing::HasSubstr("has no output"));
  b.lose = 1000;
  std::optional<std::string> silent;
  a.host->fetch_rows(b.self, Key{9, 9}, 0, 0,
                     [&](Result<TailPiece> piece) { silent = piece ? "rows" : piece.error().message; });
  EXPECT_TRUE(until([&] { return silent.has_value(); }));
  EXPECT_THAT(*silent, testing::HasSubstr("does not answer"));
}

TEST_F(QueryHostTest, APeerThatDoesNotAnswerIsToldOnce) {
  QueryNode& a = add();
  QueryNode& c = add();
  a.numbers.rows = 1000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&c});
  query.open_at({&a});
  EXPECT_TRUE(until([&] { return !a.heard<placement::LinkDown>().empty(); }));
  EXPECT_EQ(a.heard<placement::LinkDown>().front().peer.id, c.self.id);
}

TEST_F(QueryHostTest, HeldSourcesStandStillAndGoOn) {
  QueryNode& a = add(keeps(64U << 20));
  a.numbers.rows = 1'000'000;
  a.numbers.allowed = 1000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&a});
  query.open_at({&a});
  tail(a, a, query, 900);
  a.host->hold_sources({query.key, 1, true});
  a.numbers.rows = 2000;
  a.numbers.allowed = INT64_MAX;
  loop_.restart();
  loop_.run_for(std::chrono::milliseconds(30));
  EXPECT_EQ(a.numbers.read, 1000);
  a.host->hold_sources({query.key, 1, false});
  expect_all(tail(a, a, query), {&a});
}

TEST_F(QueryHostTest, TheLoadIsToldAtAFixedPace) {
  QueryNode& a = add();
  EXPECT_TRUE(until([&] { return !a.heard<placement::LoadReport>().empty(); }));
  const auto load = a.heard<placement::LoadReport>().front().load;
  EXPECT_EQ(load.free_bytes, QueryHostSettings{}.memory_bytes);
  EXPECT_EQ(load.instances, 0U);
}

/// Everything holds still behind a barrier and goes on under a new epoch: readers where they are, all else
/// from `from` to `to`.
void move(QueryHostTest&, RingQuery& query, QueryNode& reader, QueryNode& from, QueryNode& to,
          const std::function<bool(std::function<bool()>)>& until) {
  reader.host->start_barrier({query.key, query.epoch, 77});
  const auto passed = [&] {
    return reader.heard<placement::BarrierPassed>().size() + from.heard<placement::BarrierPassed>().size() >=
           query.placed.size();
  };
  ASSERT_TRUE(until(passed));
  const auto before = query.placed;
  query.place({&reader}, {&to});
  ++query.epoch;
  from.host->fence({query.key, query.epoch, true});
  for (QueryNode* node : {&reader, &to}) {
    node->host->fence({query.key, query.epoch, false});
    for (std::size_t p = 0; p < query.placed.size(); ++p) {
      if (query.placed[p].host.id != node->self.id) continue;
      auto open = query.open(query.placed[p]);
      open.barrier = 77;
      open.barrier_epoch = query.epoch - 1;
      open.state_at = before[p].host;
      node->host->open(std::move(open));
    }
  }
}

TEST_F(QueryHostTest, AHandoverBehindABarrierLosesAndDoublesNothing) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& b = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 100'000;
  a.numbers.allowed = 40'000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&b});
  query.open_at({&b, &a});
  tail(a, b, query, 39'000);
  a.numbers.allowed = INT64_MAX;
  move(*this, query, a, b, c, [&](const std::function<bool()>& done) { return until(done); });
  ASSERT_TRUE(opened(query));
  expect_all(tail(a, c, query), {&a});
  EXPECT_EQ(a.host->hosted().size(), 1U);
}

TEST_F(QueryHostTest, AReaderThatJoinsBehindABarrierIsHeardFromItsBeginning) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& b = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 60'000;
  a.numbers.allowed = 20'000;
  b.numbers.rows = 30'000;
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&c});
  query.open_at({&c, &a});
  tail(a, c, query, 19'000);
  a.host->start_barrier({query.key, 1, 5});
  ASSERT_TRUE(until([&] {
    return a.heard<placement::BarrierPassed>().size() + c.heard<placement::BarrierPassed>().size() == 2;
  }));
  a.numbers.allowed = INT64_MAX;
  query.place({&a, &b}, {&c});
  query.epoch = 2;
  for (QueryNode* node : {&a, &b, &c}) {
    node->host->fence({query.key, 2, false});
    for (const auto& placed : query.placed) {
      if (placed.host.id != node->self.id) continue;
      auto open = query.open(placed);
      if (node != &b) {
        open.barrier = 5;
        open.barrier_epoch = 1;
        open.state_at = node->self;
      }
      node->host->open(std::move(open));
    }
  }
  ASSERT_TRUE(opened(query));
  expect_all(tail(b, c, query), {&a, &b});
}

TEST_F(QueryHostTest, PartitionsOnSeveralHostsGiveEachGroupOnce) {
  QueryNode& a = add(keeps(64U << 20));
  QueryNode& b = add(keeps(64U << 20));
  QueryNode& c = add(keeps(64U << 20));
  a.numbers.rows = 10'000;
  b.numbers.rows = 10'000;
  RingQuery query("SELECT v % 100 AS g, count(*) AS n FROM t GROUP BY v % 100", 3);
  query.place({&a, &b}, {&c, &a, &b});
  query.open_at({&a, &b, &c});
  ASSERT_TRUE(opened(query));
  const QueryNode* result = nullptr;
  for (const auto& node : nodes_) {
    if (query.placed.back().host.id == node->self.id) result = node.get();
  }
  std::map<std::string, int> groups;
  for (const std::string& line : tail(a, *result, query)) {
    ++groups[line];
    EXPECT_TRUE(line.ends_with("|200")) << line;
  }
  EXPECT_EQ(groups.size(), 100U);
}

TEST_F(QueryHostTest, AStateThatIsLargeOrNotThereIsSaid) {
  QueryNode& a = add(keeps(4U << 20));
  QueryNode& b = add(keeps(4U << 20));
  QueryNode& c = add(keeps(4U << 20));
  a.numbers.rows = 1'000'000;
  a.numbers.allowed = 100'000;  // rows kept for tails make a state of several pieces
  RingQuery query("SELECT v FROM t");
  query.place({&a}, {&b});
  query.open_at({&b, &a});
  ASSERT_TRUE(until([&] { return a.numbers.read == 100'000; }));
  move(*this, query, a, b, c, [&](const std::function<bool()>& done) { return until(done); });
  ASSERT_TRUE(opened(query));
  auto wrong = query.open(query.placed.back());
  wrong.epoch = ++query.epoch;
  wrong.barrier = 99;
  wrong.barrier_epoch = 5;
  wrong.state_at = b.self;
  c.host->open(wrong);
  EXPECT_TRUE(until([&] { return c.heard<placement::Opened>().back().error.has_value(); }));
}

}  // namespace
}  // namespace dart::runtime
