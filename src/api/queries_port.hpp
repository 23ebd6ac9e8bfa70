#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace dart::api {

/// A query as a client hands it in.
struct Submission {
  std::string name;  ///< empty: from the text (its materialized view)
  std::string sql;
  std::map<std::string, std::string> variables;  ///< psql's
  std::string file_name;                         ///< for messages, and for a name; may be empty
  std::string policy = "cost";
  std::uint32_t partitions = 1;
  std::string on_partition = "continue";
};

/// One running copy of a stage, as clients see it.
struct InstanceInfo {
  std::string stage;  ///< "source trips", "combine", "main", "result"
  std::uint32_t number = 0;
  std::string host;       ///< node id
  std::string host_name;  ///< endpoint
  bool away = false;      ///< a reader whose node cannot be reached: its watermark holds
};

struct QueryEventInfo {
  std::int64_t at_us = 0;
  std::string query;
  std::uint64_t epoch = 0;
  std::string state;
  std::string what;
};

struct QueryInfo {
  std::string name;
  std::string state;  ///< placing, running, paused, failed, finished, dropped
  std::uint64_t epoch = 0;
  std::uint64_t run = 0;
  std::string scheduler;  ///< node id
  std::string policy;
  std::string text;
  std::vector<InstanceInfo> instances;
  std::vector<QueryEventInfo> history;
};

struct QueryOutcome {
  std::string name;
  bool changed = false;  ///< false: it was so already
  std::uint64_t epoch = 0;
  std::vector<InstanceInfo> instances;
  std::vector<std::string> notes;  ///< of explain: the plan, estimated delays and bytes, line by line
};

/// A failed request: `status` is the HTTP status that fits; the message of wrong SQL has line, column and
/// caret.
struct QueryFailure {
  unsigned status = 400;
  std::string message;
  std::string hint;
};
template <class T>
using QueryResult = tl::expected<T, QueryFailure>;

/// A test of a query: rows for its tables, and what has to come out.
struct QueryTest {
  Submission query;
  std::map<std::string, std::string> input;  ///< by table: its rows in the table's own format
  std::string expected;                      ///< the rows of its sink, in the sink's own format
};
struct QueryTestOutcome {
  bool passed = false;
  std::vector<std::string> difference;  ///< lines with '-' (expected) or '+' (came) in front
};

/// A table, view or function of the catalogue.
struct CatalogueEntry {
  std::string name;
  std::string kind;  ///< "table", "view", "function"
  std::string text;  ///< the statement
  std::uint64_t version = 0;
};

/// Rows of a query as they come, in the format of the query's sink.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// Each line once and in order within one run. A new run: the rows come again from the beginning.
  virtual void rows(std::uint64_t run, const std::vector<std::string>& lines) = 0;
  /// So many rows were forgotten before they could be handed out.
  virtual void missed(std::uint64_t rows) = 0;
  /// All that is kept was handed out; more may come.
  virtual void idle() = 0;
  /// Nothing more comes; why, when it is a failure.
  virtual void end(const std::optional<QueryFailure>& why) = 0;
};

/// What the API needs of a node to serve queries. On the thread of the node's loop; `done` is called once,
/// perhaps later.
class QueriesPort {
 public:
  enum class Change : std::uint8_t { Pause, Resume, Drop };
  template <class T>
  using Done = std::function<void(QueryResult<T>)>;

  virtual ~QueriesPort() = default;
  virtual void submit(Submission submission, bool update, Done<QueryOutcome> done) = 0;
  virtual void explain(Submission submission, Done<QueryOutcome> done) = 0;
  /// Whether it could be submitted: names, types, tables; nothing is changed.
  virtual void lint(Submission submission, Done<QueryOutcome> done) = 0;
  virtual void test(QueryTest test, Done<QueryTestOutcome> done) = 0;
  virtual void list(Done<std::vector<QueryInfo>> done) = 0;
  virtual void show(const std::string& name, Done<QueryInfo> done) = 0;
  virtual void change(const std::string& name, Change change, Done<QueryOutcome> done) = 0;
  /// Rows kept so far, then live ones, until what it returns is let go.
  [[nodiscard]] virtual std::shared_ptr<void> tail(const std::string& name, std::weak_ptr<RowSink> sink) = 0;
  virtual void catalogue(const std::string& kind, Done<std::vector<CatalogueEntry>> done) = 0;
  virtual void drop_entry(const std::string& kind, const std::string& name, Done<bool> done) = 0;
  /// Events of queries that this node schedules, until what it returns is let go.
  [[nodiscard]] virtual std::shared_ptr<void> events(std::function<void(const QueryEventInfo&)> heard) = 0;
  /// What runs here: JSON of instances, operators, exchanges, with counters.
  [[nodiscard]] virtual std::string operators_json() const = 0;
  /// Name, labels ("a=b,…" or empty) and value of each counter of queries here, for /metrics.
  struct Sample {
    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
  };
  [[nodiscard]] virtual std::vector<Sample> samples() const = 0;
};

}  // namespace dart::api
