#include "apps/node_queries.hpp"

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "placement/record_codec.hpp"
#include "unit/api/fake_keys.hpp"
#include "unit/api/fake_ring.hpp"

namespace dart::apps {
namespace {

using api::QueryFailure;
using api::QueryOutcome;
using api::QueryResult;
using placement::RequestDone;
using placement::RequestKind;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kTrips =
    "CREATE TABLE trips (id int, fare int) WITH (connector = 'file', path = 'trips.csv', format = 'csv');";

/// A node whose ring answers what the test says, and whose records are in a map.
class NodeQueriesTest : public testing::Test {
 protected:
  void take(node::Input input) {
    requests_.push_back(std::get<placement::Request>(std::move(input)));
    RequestDone done = next_;
    done.tag = requests_.back().tag;
    boost::asio::post(loop_, [this, done] { client_.on(done); });
  }
  /// Runs the loop until the answer is there.
  template <class T>
  QueryResult<T> wait(const std::function<void(std::function<void(QueryResult<T>)>)>& ask) {
    std::optional<QueryResult<T>> got;
    ask([&](QueryResult<T> result) { got = std::move(result); });
    while (!got) loop_.run_one();
    return *got;
  }
  QueryResult<QueryOutcome> submit(const std::string& sql, const std::string& name = "",
                                   bool update = false) {
    api::Submission submission;
    submission.sql = sql;
    submission.name = name;
    return wait<QueryOutcome>([&](auto done) { queries_.submit(submission, update, done); });
  }
  QueryResult<QueryOutcome> lint(const api::Submission& submission) {
    return wait<QueryOutcome>([&](auto done) { queries_.lint(submission, done); });
  }
  void remember(const std::string& name, const std::string& text) {
    placement::QueryRecord record;
    record.spec.name = name;
    record.spec.text = text;
    record.spec.stages.resize(1);
    record.epoch = 5;
    record.run = 2;
    record.state = placement::QueryState::Running;
    record.history.push_back({7, 5, "submitted"});
    keys_.write("query/" + name, placement::encode(record));
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{loop_.get_executor()};
  api::FakeRing ring_;
  api::FakeKeys keys_;
  RequestDone next_{0, true, true, "", "", 3, {}, {}, false};
  std::vector<placement::Request> requests_;
  runtime::QueryClient client_{[this](node::Input input) { take(std::move(input)); }};
  std::vector<runtime::TailPiece> pieces_;  // to be fetched, the last first
  QueryHostView host_{[this](const overlay::NodeHandle&, const Key&, std::uint64_t, std::uint64_t,
                             const std::function<void(Result<runtime::TailPiece>)>& done) {
                        if (pieces_.empty()) return done(fail(ErrorCode::NotFound, "gone"));
                        const auto piece = pieces_.back();
                        pieces_.pop_back();
                        boost::asio::post(loop_, [done, piece] { done(piece); });
                      },
                      [] { return std::vector<runtime::HostedInstance>(); }};
  NodeQueries queries_{loop_, ring_, keys_, client_, host_};
};

TEST_F(NodeQueriesTest, AQueryGoesToTheRingCompiled) {
  const auto outcome = submit(std::string(kTrips) + "SELECT id FROM trips WHERE fare > 10", "q");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->name, "q");
  EXPECT_EQ(outcome->epoch, 3U);
  EXPECT_TRUE(outcome->changed);
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].kind, RequestKind::Submit);
  const auto& spec = *requests_[0].spec;
  EXPECT_EQ(spec.name, "q");
  EXPECT_THAT(spec.text, HasSubstr("SELECT id FROM trips"));
  ASSERT_FALSE(spec.stages.empty());
  EXPECT_EQ(spec.stages[0].role, placement::StageRole::Source);
  ASSERT_EQ(spec.stages[0].nodes.size(), 1U) << "an unbound table is read where the query was handed in";
  EXPECT_EQ(spec.stages[0].nodes[0].id, (NodeId{1, 1}));
  EXPECT_EQ(stage_names(spec)[0], "source trips");
  EXPECT_EQ(spec.stages[0].rows_per_s, 0) << "nobody knows";
  EXPECT_TRUE(keys_.records.empty()) << "a query keeps its declarations to itself";
}

TEST_F(NodeQueriesTest, ATablesRateIsKnownToPlacement) {
  ASSERT_TRUE(
      submit("CREATE TABLE t (id bigint) WITH (connector = 'datagen', rate = 250); SELECT id FROM t", "q"));
  EXPECT_EQ(requests_.back().spec->stages[0].rows_per_s, 250);
}

TEST_F(NodeQueriesTest, NamesComeFromTheViewOrTheFile) {
  const std::string script = std::string(kTrips) + "CREATE MATERIALIZED VIEW best AS SELECT id FROM trips;";
  auto outcome = submit(script);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->name, "best");
  api::Submission submission;
  submission.sql = "SELECT 1 AS one";
  EXPECT_EQ(lint(submission).error().status, 422U);
  submission.file_name = "fares.sql";
  EXPECT_EQ(lint(submission)->name, "fares");
  submission.name = std::string(200, 'n');
  EXPECT_EQ(lint(submission).error().status, 422U);
}

TEST_F(NodeQueriesTest, WrongTextHasItsPlace) {
  api::Submission submission;
  submission.name = "q";
  submission.sql = "SELECT 1;\nSELECT nothing FROM trips";
  submission.file_name = "f.sql";
  const auto missing = lint(submission);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, 422U);
  EXPECT_THAT(missing.error().message, HasSubstr("f.sql:2:21: error:"));
  ASSERT_TRUE(submit(kTrips));
  EXPECT_THAT(lint(submission).error().message, HasSubstr("f.sql:2:8: error:"))
      << "behind the catalogue's text";
  submission.sql = "SELECT 'a";
  EXPECT_THAT(lint(submission).error().message, HasSubstr("\n       ^"));
  EXPECT_TRUE(requests_.empty());
}

TEST_F(NodeQueriesTest, ExplainSaysWhatIsDoneWhereTheDataIs) {
  const auto last_note = [&](const std::string& call) {
    api::Submission submission;
    submission.name = "windows";
    submission.sql =
        "CREATE TABLE trips (ts timestamp, fare int) WITH (connector = 'file', path = 'trips.csv', "
        "format = 'csv', event_time = ts, label = 'role=cab'); SELECT window_start, " +
        call + " AS x FROM tumble(trips, ts, INTERVAL '1 minute') GROUP BY window_start, window_end;";
    const auto told = wait<QueryOutcome>([&](auto done) { queries_.explain(submission, done); });
    return told && !told->notes.empty() ? told->notes.back() : std::string();
  };
  EXPECT_THAT(last_note("sum(fare)"), HasSubstr("in part at each reader of \"trips\""));
  EXPECT_THAT(last_note("count(DISTINCT fare)"),
              HasSubstr("as a whole: count(DISTINCT) keeps all its values"));
}

TEST_F(NodeQueriesTest, DeclarationsGoToTheCatalogue) {
  const std::string view = "CREATE VIEW rich AS SELECT * FROM trips WHERE fare > 10;";
  const auto first = submit(kTrips);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->changed);
  EXPECT_THAT(first->notes, ElementsAre("table trips"));
  EXPECT_FALSE(submit(kTrips)->changed) << "the same text changes nothing";
  ASSERT_TRUE(submit(view));
  const auto other =
      submit("CREATE TABLE trips (id int) WITH (connector = 'file', path = 'x', format = 'csv')");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().status, 409U);
  EXPECT_EQ(submit("CREATE VIEW trips AS SELECT 1 AS one").error().status, 409U) << "of another kind";
  const auto query = submit("SELECT id FROM rich", "q");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(requests_.back().spec->text, "SELECT id FROM rich") << "what the catalogue has stays there";
  const auto views =
      wait<std::vector<api::CatalogueEntry>>([&](auto done) { queries_.catalogue("view", done); });
  ASSERT_EQ(views->size(), 1U);
  EXPECT_EQ((*views)[0].name, "rich");
  EXPECT_TRUE(*wait<bool>([&](auto done) { queries_.drop_entry("table", "trips", done); }));
  EXPECT_FALSE(*wait<bool>([&](auto done) { queries_.drop_entry("table", "trips", done); }));
  EXPECT_FALSE(submit("SELECT id FROM rich", "q")) << "its table is gone";
}

TEST_F(NodeQueriesTest, FunctionsAreOfTheCatalogueToo) {
  const auto names = [&] {
    std::vector<std::string> all;
    const auto entries =
        wait<std::vector<api::CatalogueEntry>>([&](auto done) { queries_.catalogue("function", done); });
    for (const auto& one : *entries) {
      if (one.version != 0) all.push_back(one.name + ": " + one.text);
    }
    return all;
  };
  const std::string half = "CREATE FUNCTION half(n int) RETURNS int RETURN n / 2";
  ASSERT_TRUE(submit(kTrips));
  const auto first = submit(half);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(first->notes, ElementsAre("function half"));
  ASSERT_TRUE(submit("CREATE FUNCTION quarter(n int) RETURNS int RETURN half(half(n))"));
  ASSERT_TRUE(submit("CREATE VIEW quarters AS SELECT quarter(fare) AS q FROM trips"));
  EXPECT_THAT(names(),
              ElementsAre("half: " + half,
                          "quarter: CREATE FUNCTION quarter(n int) RETURNS int RETURN half(half(n))"));
  const auto query = submit("SELECT q, half(q) FROM quarters", "q");
  ASSERT_TRUE(query) << query.error().message;
  const auto taken = submit("CREATE FUNCTION trips(n int) RETURNS int RETURN n");
  EXPECT_THAT(taken.error().message, HasSubstr("is in the catalogue as a table"));
  EXPECT_THAT(taken.error().hint, HasSubstr("DELETE /v1/tables/trips"));
  EXPECT_TRUE(*wait<bool>([&](auto done) { queries_.drop_entry("function", "half", done); }));
  EXPECT_THAT(submit("SELECT q FROM quarters", "r").error().message, HasSubstr("half"));
}

TEST_F(NodeQueriesTest, RefusalsHaveTheirStatus) {
  next_ = {0, false, false, "no", "hint", 0, {}, {}, false};
  remember("q", "SELECT 2 AS two");
  EXPECT_EQ(submit("SELECT 1 AS one", "q").error().status, 409U) << "another text has the name";
  EXPECT_EQ(submit("SELECT 1 AS one", "r").error().status, 422U);
  EXPECT_EQ(submit("SELECT 1 AS one", "r", true).error().status, 404U);
  const auto change = [&](const char* name, api::QueriesPort::Change what) {
    return wait<QueryOutcome>([&](auto done) { queries_.change(name, what, done); }).error().status;
  };
  EXPECT_EQ(change("r", api::QueriesPort::Change::Drop), 404U);
  EXPECT_EQ(change("q", api::QueriesPort::Change::Pause), 409U);
  next_.unanswered = true;
  EXPECT_EQ(submit("SELECT 1 AS one", "q").error().status, 504U);
  EXPECT_EQ(submit(kTrips, "", true).error().status, 422U) << "nothing to update";
  keys_.force = directory::Outcome::Unavailable;
  EXPECT_EQ(submit("SELECT id FROM trips", "q").error().status, 503U);
}

TEST_F(NodeQueriesTest, ShowsWhatTheRecordsSay) {
  remember("q", "SELECT 1");
  const auto shown = wait<api::QueryInfo>([&](auto done) { queries_.show("q", done); });
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->state, "running");
  EXPECT_EQ(shown->run, 2U);
  EXPECT_EQ(shown->text, "SELECT 1");
  EXPECT_EQ(shown->history.at(0).what, "submitted");
  EXPECT_EQ(wait<api::QueryInfo>([&](auto done) { queries_.show("r", done); }).error().status, 404U);
  keys_.write("query/broken", "\x01nonsense");
  const auto all = wait<std::vector<api::QueryInfo>>([&](auto done) { queries_.list(done); });
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].text, "") << "a list is short";
}

TEST_F(NodeQueriesTest, ATestComparesRows) {
  api::QueryTest test;
  test.query.sql =
      "CREATE TABLE trips (id int, fare int) WITH (connector = 'datagen', rows = 5);"
      "CREATE TABLE rich (id int) WITH (connector = 'file', path = '/nowhere/x', format = 'csv');"
      "INSERT INTO rich SELECT id FROM trips WHERE fare > 10";
  test.input["trips"] = "1,5\n2,20\n3,30\n";
  test.expected = "2\n3\n";
  const auto run = [&] { return wait<api::QueryTestOutcome>([&](auto done) { queries_.test(test, done); }); };
  auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->passed);
  test.expected = "2\n4\n";
  outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->passed);
  EXPECT_THAT(outcome->difference, ElementsAre("-4", "+3"));
  test.input["other"] = "";
  EXPECT_THAT(run().error().message, HasSubstr("reads no table other"));
  test.input.clear();
  EXPECT_THAT(run().error().message, HasSubstr("trips has no rows"));
}

/// Writes down what it is told.
class Listener final : public api::RowSink {
 public:
  void rows(std::uint64_t run, const std::vector<std::string>& lines) override {
    for (const auto& line : lines) heard.push_back(std::to_string(run) + ":" + line);
  }
  void missed(std::uint64_t rows) override { heard.push_back("missed " + std::to_string(rows)); }
  void idle() override { heard.emplace_back("idle"); }
  void end(const std::optional<QueryFailure>& why) override {
    heard.push_back(why ? "failed: " + why->message : "end");
    ended = true;
  }
  std::vector<std::string> heard;
  bool ended = false;
};

TEST_F(NodeQueriesTest, ATailFollowsRunsAndHosts) {
  placement::QueryRecord record;
  record.spec.name = "q";
  record.spec.stages.resize(1);
  record.state = placement::QueryState::Running;
  record.run = 2;
  placement::Placed placed;
  placed.host.id = {9, 9};
  record.placed.push_back(placed);
  keys_.write("query/q", placement::encode(record));
  pieces_ = {
      {2, 1, {"x"}, 0, false}, {2, 0, {"x"}, 0, false}, {1, 7, {}, 0, false}, {1, 5, {"a", "b"}, 5, false}};
  const auto listener = std::make_shared<Listener>();
  const auto tail = queries_.tail("q", listener);
  while (!pieces_.empty()) loop_.run_one();
  keys_.records.clear();  // dropped
  while (!listener->ended) loop_.run_one();
  EXPECT_THAT(listener->heard, ElementsAre("missed 5", "1:a", "1:b", "idle", "2:x", "2:x", "end"));
}

TEST_F(NodeQueriesTest, ATailEndsWithItsQuery) {
  placement::QueryRecord record;
  record.spec.name = "q";
  record.spec.stages.resize(1);
  record.state = placement::QueryState::Failed;
  record.history.push_back({1, 1, "no file"});
  keys_.write("query/q", placement::encode(record));
  const auto listener = std::make_shared<Listener>();
  const auto tail = queries_.tail("q", listener);
  while (!listener->ended) loop_.run_one();
  EXPECT_THAT(listener->heard, ElementsAre("failed: no file"));
}

}  // namespace
}  // namespace dart::apps
