#include "support/snapshot_subject.hpp"

#include <map>

#include "base/check.hpp"
#include "sql/compile.hpp"

namespace dart::support {

using columnar::Value;

namespace {

constexpr std::int64_t kSecond = 1'000'000;

}  // namespace

const std::vector<std::string>& snapshot_queries() {
  static const std::vector<std::string> all = {
      "CREATE TABLE o (k int, n bigint, x double precision, s text, op text) WITH (connector = 'memory', "
      "op_column = op);\nINSERT INTO o SELECT k, count(*), sum(v), max(s) FROM t GROUP BY k",
      "CREATE TABLE o (k int, v double precision, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT k, v FROM t ORDER BY v DESC LIMIT 5",
      "CREATE TABLE o (a int, b double precision, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT t.k, other.v FROM t LEFT JOIN other ON t.k = other.k AND t.v < other.v",
      "CREATE TABLE o (w timestamp, k int, n bigint) WITH (connector = 'memory');\n"
      "INSERT INTO o SELECT window_start, k, count(DISTINCT s) FROM hop(t, ts, INTERVAL '2 s', INTERVAL '6 "
      "s') "
      "GROUP BY window_start, window_end, k",
      "CREATE TABLE o (k int, m double precision, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT k, median(v) FROM sliding(t, ts, INTERVAL '8 s') GROUP BY k",
      "CREATE TABLE o (k int, a double precision, b double precision, n bigint) WITH (connector = "
      "'memory');\n"
      "INSERT INTO o SELECT k, lag(v, 2) OVER w, sum(v) OVER (PARTITION BY k ORDER BY _seq ROWS 2 "
      "PRECEDING), "
      "row_number() OVER w FROM t WINDOW w AS (PARTITION BY k ORDER BY _seq)",
      "CREATE TABLE o (k int, w bigint, x double precision) WITH (connector = 'memory');\n"
      "INSERT INTO o SELECT k, window_id, sum(v) FROM count_window(t, 7, k) GROUP BY window_id, k",
      "CREATE TABLE o (s text, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT s FROM (SELECT s, k FROM t UNION ALL SELECT s, k FROM other UNION ALL SELECT s, "
      "k "
      "FROM t) u GROUP BY s",
      "CREATE TABLE o (k int, n bigint) WITH (connector = 'memory');\n"
      "CREATE MATERIALIZED VIEW m WITH (emit = 'on_change') AS SELECT k, count(*) AS n FROM t GROUP BY k;\n"
      "INSERT INTO o SELECT * FROM m",
      "CREATE TABLE o (k int, n bigint) WITH (connector = 'memory');\n"
      "CREATE MATERIALIZED VIEW m WITH (emit = 'final') AS SELECT k, count(*) AS n FROM t GROUP BY k;\n"
      "INSERT INTO o SELECT * FROM m",
      "CREATE TABLE o (n bigint, m double precision, op text) WITH (connector = 'memory', op_column = op);\n"
      "INSERT INTO o SELECT a.n, b.m FROM (SELECT k, count(*) AS n FROM t GROUP BY k) a "
      "JOIN (SELECT k, max(v) AS m FROM other GROUP BY k) b ON a.k = b.k",
  };
  return all;
}

namespace {

plan::Plan compile(const std::string& query) {
  const auto table = [](const std::string& name, const std::string& options) {
    return "CREATE TABLE " + name +
           " (ts timestamp, k int, v double precision, s text) WITH (connector = 'memory', event_time = ts" +
           options + ");\n";
  };
  const auto script =
      sql::compile(table("t", ", watermark_delay = '3 s'") +
                       table("other", ", watermark_delay = '5 s', tie_break = 'k'") + query + ";\n",
                   {}, memory_catalogue());
  DART_CHECK(script.has_value());
  return script->plan;
}

/// Compiled once, since a fuzzer asks thousands of times.
const plan::Plan& compiled(const std::string& query) {
  static std::map<std::string, plan::Plan> plans;
  const auto known = plans.find(query);
  return known != plans.end() ? known->second : plans.emplace(query, compile(query)).first->second;
}

}  // namespace

SnapshotSubject::SnapshotSubject(const std::string& query, bool fed) : plan_(compiled(query)) {
  stages_ = engine::cut(plan_, 1);
  if (fed) feed();
  auto instance = engine::Instance::open(plan_, stages_, 0, {2, nullptr}, connectors_);
  DART_CHECK(instance.has_value());
  instance_ = *std::move(instance);
  for (std::int64_t turn = 0; fed && turn < 12; ++turn) (void)instance_->poll(TimePoint{turn}, 2);
}

void SnapshotSubject::feed() {
  for (const std::string name : {"t", "other"}) {
    for (std::int64_t n = 0; n < 60; ++n) {
      const std::string text = n % 3 == 0 ? "a text that is too long to stand inline " : "b";
      connectors_.inputs[name].push_back({Value::timestamp((n - n % 4) * kSecond), Value::integer(n % 5),
                                          Value::real(0.5 * static_cast<double>(n)), Value::text(text)});
    }
  }
}

void SnapshotSubject::finish() {
  for (std::int64_t turn = 100; !instance_->finished() && turn < 1000; ++turn) {
    (void)instance_->poll(TimePoint{turn}, 2);
  }
}

}  // namespace dart::support
