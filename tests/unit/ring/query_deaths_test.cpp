// Queries outlive their hosts: processes are killed, and rows of the next run come at another node.
#include <signal.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <set>

#include "unit/ring/ring_of_queries.hpp"

namespace dart::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kNodes = 8;

bool full_size() { return std::getenv("DART_SOAK") != nullptr; }

/// Five seconds on a machine that does nothing else, as in a soak.
milliseconds running_again() { return full_size() ? milliseconds(5000) : kPatience; }

constexpr const char* kName = "norths";
constexpr const char* kSql =
    "CREATE TABLE readings (id bigint, ts timestamp, area text) WITH (connector = 'datagen', seed = 1, rate "
    "= 100,"
    " id.distribution = 'sequence', ts.step = '10 ms', area.choices = 'north,south', event_time = ts,"
    " label = 'role=cab');"
    "CREATE MATERIALIZED VIEW norths AS SELECT id, area FROM readings WHERE area = 'north';";

class QueryDeathsTest : public RingOfQueries {
 protected:
  void SetUp() override {
    form_cabs(kNodes);
    submit(*nodes_[0], kName, kSql);
    ASSERT_TRUE(await(kPatience, [&] { return reads_at_all(); }));
  }
  [[nodiscard]] QueryView view() const {
    std::optional<QueryView> view;
    EXPECT_TRUE(await(kPatience, [&] { return (view = QueryView::of(survivor(), kName)).has_value(); }));
    return view.value_or(QueryView{{{"run", 0}, {"scheduler", ""}, {"instances", Json::array()}}});
  }
  /// Every node has a reader that runs.
  [[nodiscard]] bool reads_at_all() const {
    const auto view = QueryView::of(survivor(), kName);
    if (!view || view->json["state"] != "running") return false;
    const auto hosts = view->hosts();
    return std::set<std::string>(hosts.begin(), hosts.end()).size() == nodes_.size();
  }
  /// Reads a tail that was begun before until a row of a later run than `run` comes; false when it ends
  /// before.
  [[nodiscard]] static bool rows_after(std::uint64_t run, const ChildProcess& tail) {
    for (std::string line = tail.read_line(); !line.empty(); line = tail.read_line()) {
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_object() && event["event"] == "rows" && event["data"]["run"] > run) return true;
    }
    return false;
  }
  /// Kills these at once and measures until rows come again; then they are started, and read again.
  void kill_and_await(const std::set<std::size_t>& victims) {
    const std::uint64_t run = view().run();
    std::size_t other = 0;
    while (victims.contains(other)) ++other;
    const ChildProcess tail(
        {DART_BINARY_DIR "/dart", "stream", "tail", kName, "-o", "json", "--http", nodes_[other]->http()});
    ASSERT_FALSE(tail.read_line().empty());
    const auto killed = Clock::now();
    for (const std::size_t victim : victims) nodes_[victim]->kill();
    bool again = false;
    {
      std::promise<void> done;
      const auto limit = std::async(std::launch::async, [&, ended = done.get_future()] {
        if (ended.wait_for(running_again()) == std::future_status::timeout) tail.signal(SIGKILL);
      });
      again = rows_after(run, tail);
      done.set_value();
    }
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - killed);
    const QueryView after = view();
    EXPECT_TRUE(again) << "after " << took.count() << " ms: " << after.json["history"].dump(1);
    for (const std::size_t victim : victims) EXPECT_FALSE(after.runs_at(nodes_[victim]->id()));
    longest_ = std::max(longest_, took);
    for (const std::size_t victim : victims) nodes_[victim]->start();
    ASSERT_TRUE(whole(kPatience));
    ASSERT_TRUE(await(kPatience, [&] { return reads_at_all(); })) << view().json.dump(1);
  }
  void TearDown() override { std::cout << "the longest: " << longest_.count() << " ms\n"; }

  milliseconds longest_{0};
};

TEST_F(QueryDeathsTest, TheHostOfTheMainPart) { kill_and_await({at(view().main_host())}); }

TEST_F(QueryDeathsTest, ItsScheduler) { kill_and_await({at(view().scheduler())}); }

TEST_F(QueryDeathsTest, TheSchedulerAndItsNeighbour) {
  const std::size_t scheduler = at(view().scheduler());
  const std::string neighbour = nodes_[scheduler]->get("/v1/ring")["right"][0];
  kill_and_await({scheduler, at(neighbour)});
}

class QueryDeathsSoakTest : public QueryDeathsTest {};

TEST_F(QueryDeathsSoakTest, EachNodeInTurn) {
  const int rounds = full_size() ? 3 : 1;
  const std::size_t step = full_size() ? 1 : 3;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t victim = 0; victim < kNodes; victim += step) {
      kill_and_await({victim});
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace dart::test
