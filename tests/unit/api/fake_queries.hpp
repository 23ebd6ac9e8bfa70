#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/queries_port.hpp"

namespace dart::api {

/// Queries in a map; the next answer can be forced to be a failure. A tail is what the test does with its
/// sink.
class FakeQueries final : public QueriesPort {
 public:
  void submit(Submission submission, bool update, Done<QueryOutcome> done) override {
    submissions.push_back(submission);
    if (failure) return done(tl::unexpected(*failure));
    const bool same = queries.contains(submission.name) && queries[submission.name] == submission.sql;
    if (!update && !same && queries.contains(submission.name)) {
      return done(tl::unexpected(QueryFailure{409, "there is another query of that name", "update it"}));
    }
    queries[submission.name] = submission.sql;
    done(QueryOutcome{submission.name, !same, 3, {{"main", 0, "01", "here", false}}, {}});
  }
  void explain(Submission submission, Done<QueryOutcome> done) override {
    submissions.push_back(submission);
    if (failure) return done(tl::unexpected(*failure));
    done(QueryOutcome{submission.name, false, 0, {}, {"source at 01"}});
  }
  void lint(Submission submission, Done<QueryOutcome> done) override {
    submissions.push_back(submission);
    if (failure) return done(tl::unexpected(*failure));
    done(QueryOutcome{submission.name, false, 0, {}, {}});
  }
  void test(QueryTest test, Done<QueryTestOutcome> done) override {
    tests.push_back(test);
    if (failure) return done(tl::unexpected(*failure));
    done(QueryTestOutcome{false, {"-1", "+2"}});
  }
  void list(Done<std::vector<QueryInfo>> done) override {
    if (failure) return done(tl::unexpected(*failure));
    std::vector<QueryInfo> all;
    for (const auto& [name, sql] : queries) all.push_back(info(name));
    done(all);
  }
  void show(const std::string& name, Done<QueryInfo> done) override {
    if (failure) return done(tl::unexpected(*failure));
    if (!queries.contains(name))
      return done(tl::unexpected(QueryFailure{404, "there is no query " + name, ""}));
    done(info(name));
  }
  void change(const std::string& name, Change what, Done<QueryOutcome> done) override {
    changes.emplace_back(name, what);
    if (failure) return done(tl::unexpected(*failure));
    if (!queries.contains(name))
      return done(tl::unexpected(QueryFailure{404, "there is no query " + name, ""}));
    done(QueryOutcome{name, true, 4, {}, {}});
  }
  [[nodiscard]] std::shared_ptr<void> tail(const std::string& name, std::weak_ptr<RowSink> sink) override {
    auto token = std::make_shared<int>(0);
    tails[name] = std::move(sink);
    open_tails.emplace_back(token);
    if (on_tail) on_tail();
    return token;
  }
  void catalogue(const std::string& kind, Done<std::vector<CatalogueEntry>> done) override {
    if (failure) return done(tl::unexpected(*failure));
    done(std::vector<CatalogueEntry>{{"trips", kind, "CREATE " + kind, 2}});
  }
  void drop_entry(const std::string& kind, const std::string& name, Done<bool> done) override {
    if (failure) return done(tl::unexpected(*failure));
    dropped.push_back(kind + " " + name);
    done(name == "trips");
  }
  [[nodiscard]] std::shared_ptr<void> events(std::function<void(const QueryEventInfo&)> heard) override {
    heard({5, "q", 3, "running", "placed"});
    return std::make_shared<int>(0);
  }
  [[nodiscard]] std::string operators_json() const override { return R"({"instances": []})"; }
  [[nodiscard]] std::vector<Sample> samples() const override {
    return {{"query_rows_total", {{"query", "a\"b"}, {"way", "in"}}, 7},
            {"query_rows_total", {{"query", "c"}, {"way", "in"}}, 8},
            {"query_state_bytes", {{"query", "c"}}, 1.5}};
  }

  std::optional<QueryFailure> failure;
  std::map<std::string, std::string> queries;
  std::vector<Submission> submissions;
  std::vector<QueryTest> tests;
  std::vector<std::pair<std::string, Change>> changes;
  std::vector<std::string> dropped;
  std::map<std::string, std::weak_ptr<RowSink>> tails;
  std::vector<std::weak_ptr<void>> open_tails;
  std::function<void()> on_tail;

 private:
  [[nodiscard]] QueryInfo info(const std::string& name) const {
    return {name,
            "running",
            3,
            1,
            "02",
            "cost",
            queries.at(name),
            {{"main", 0, "01", "here", true}},
            {{5, name, 3, "running", "placed"}}};
  }
};

}  // namespace dart::api
