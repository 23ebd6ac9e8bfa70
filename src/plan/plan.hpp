#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "columnar/aggregate.hpp"
#include "plan/expression.hpp"
#include "plan/table.hpp"

namespace dart::plan {

using NodeId = std::uint32_t;

struct Column {
  std::string name;
  columnar::LogicalType type;
};
using Schema = std::vector<Column>;

/// When a stateful node emits. PerStep: the net difference of every step (a changelog). AtClose: one final
/// row per window and key when the watermark passes the window's end (append-only). AtEnd: once, when the
/// input has ended (append-only).
enum class EmitPolicy : std::uint8_t { PerStep, AtClose, AtEnd };

/// Which part of an aggregation that is divided a node does: Partial takes rows in and gives out states,
/// Combine puts states of the same key together, Final makes results of them. Single does it all.
enum class AggregatePhase : std::uint8_t { Single, Partial, Combine, Final };

struct SortKey {
  std::uint32_t column = 0;
  bool descending = false;
  bool nulls_first = false;
};

/// Reads one table. Output: the named columns in this order; kSeqColumn and kReadAtColumn are the hidden
/// ones.
struct Scan {
  static constexpr std::uint32_t kSeqColumn = UINT32_MAX;         ///< `_seq` bigint
  static constexpr std::uint32_t kReadAtColumn = UINT32_MAX - 1;  ///< `_read_at` timestamptz
  std::uint32_t table = 0;
  std::vector<std::uint32_t> columns;
};
/// Keeps rows for which every conjunct is true, tried in order; a rejected row counts at the first that was
/// not.
struct Filter {
  std::vector<ExpressionPtr> conjuncts;
};
/// Output: one column an expression.
struct Project {
  std::vector<ExpressionPtr> expressions;
};
/// tumble (slide == size) and hop: input columns, then window_start, window_end; a row once per window it is
/// in. Windows are aligned to 1970-01-01.
struct WindowAssign {
  std::uint32_t time_column = 0;
  std::int64_t size_us = 0;
  std::int64_t slide_us = 0;
};
/// sliding(r, ts, size): the input as a changelog in which rows leave once now - size >= ts.
struct Sliding {
  std::uint32_t time_column = 0;
  std::int64_t size_us = 0;
};
/// count_window(r, n, key...): input columns, then window_id (bigint, from 0 per key); rows come in whole
/// blocks of n per key, in the step that completes the block.
struct CountWindow {
  std::int64_t rows = 0;
  std::vector<std::uint32_t> keys;
};
struct AggregateCall {
  std::string name;
  std::vector<std::uint32_t> arguments;  ///< input columns
  std::vector<columnar::Value> direct;   ///< constant arguments that come first (percentile_cont's fraction)
  std::optional<std::uint32_t> filter;   ///< boolean input column
  bool distinct = false;
  std::optional<std::uint32_t> position;  ///< bigint input column that orders first / last
  columnar::BoundAggregate bound;
};
/// GROUP BY keys. Output: the keys, then the calls' results. No keys: one group, which is there from the
/// start with PerStep and AtEnd (as in SQL). DISTINCT is an Aggregate without calls.
struct Aggregate {
  std::vector<std::uint32_t> keys;
  std::vector<AggregateCall> calls;
  EmitPolicy emit = EmitPolicy::PerStep;
  /// Set for AtClose over tumble / hop: the node assigns windows itself, by panes; output is then
  /// window_start, window_end, the keys, the results. The rows' time is this column; late rows were decided
  /// at the source.
  std::optional<WindowAssign> window;
  /// The input comes in blocks complete within one step (count_window): groups live for one step, output
  /// append-only.
  bool per_block = false;
  /// PerStep over windowed rows: place in `keys` of window_end; groups are forgotten when the watermark
  /// passes it.
  std::optional<std::uint32_t> expires_by_key;
  /// Not Single: `window` is there, and states go in pieces of gcd(size, slide), the panes that windows are
  /// made of (Li et al., "No Pane, No Gain", SIGMOD Record 2005). Partial and Combine put out, when the
  /// watermark has passed a pane, its start, the keys, and a state a call as bytes (text); Combine and Final
  /// take these: `window` has the column of the pane's start, each call one argument, the column of its
  /// state.
  AggregatePhase phase = AggregatePhase::Single;
};
/// Per partition the rows first..first+limit-1 in the order of the keys (ORDER BY ... LIMIT, row_number() <=
/// n, DISTINCT ON). Output: the input columns, then the row number (bigint) when `with_rank`. Ties beyond the
/// keys are broken by all columns, so that the result is a function of the multiset of rows.
struct TopN {
  std::vector<std::uint32_t> partition;
  std::vector<SortKey> order;
  std::int64_t offset = 0;
  std::int64_t limit = 0;
  bool with_rank = false;
  EmitPolicy emit = EmitPolicy::PerStep;
  /// Place in `partition` of window_end: a partition's rows are forgotten when the watermark passes it, and
  /// AtClose emits them then.
  std::optional<std::uint32_t> expires_by_key;
};
struct Frame {
  enum class Unit : std::uint8_t { Rows, Range };
  Unit unit = Unit::Range;
  std::optional<std::int64_t> preceding;  ///< rows, or microseconds of the order column; empty: unbounded
};
struct OverCall {
  std::string name;  ///< an aggregate, row_number, or lag
  std::vector<std::uint32_t> arguments;
  std::vector<columnar::Value> direct;  ///< lag: offset and default
  std::optional<std::uint32_t> filter;
  bool distinct = false;
  Frame frame;                     ///< ends at the current row (Rows) or its last peer (Range)
  columnar::BoundAggregate bound;  ///< aggregates only
};
/// Window functions over an append-only input in its own order: `order` is the column that the input comes
/// sorted by. Output: the input columns, then one column a call. With `peers` rows wait until the order
/// column moves on (a Range frame ends at the last peer); without it every row is answered at once.
struct Over {
  std::vector<std::uint32_t> partition;
  std::uint32_t order = 0;
  bool peers = false;
  std::vector<OverCall> calls;
};
enum class JoinKind : std::uint8_t { Inner, Left };
/// Incremental join of two changelogs on equal keys (none: cross join of small views) and further conditions
/// over left columns followed by right columns. Output: left columns, right columns (NULL where a left row
/// has no partner).
struct Join {
  JoinKind kind = JoinKind::Inner;
  std::vector<std::uint32_t> left_keys;
  std::vector<std::uint32_t> right_keys;  ///< NULL never equals NULL
  std::vector<ExpressionPtr> conditions;
  /// Window join: place in the keys of window_end; both sides' rows are forgotten when the watermark passes
  /// it.
  std::optional<std::uint32_t> expires_by_key;
  /// AtClose, a left window join: a left row without a partner is written when its window closes, for good.
  EmitPolicy emit = EmitPolicy::PerStep;
};
struct UnionAll {};
/// LATERAL (VALUES ...): each input row once per list; output: the input columns, then the list's values.
struct Expand {
  std::vector<std::vector<ExpressionPtr>> lists;
};
/// LIMIT without ORDER BY over an append-only input: the first rows, then the input is no longer needed.
struct Limit {
  std::int64_t offset = 0;
  std::int64_t limit = 0;
};
enum class EmitMode : std::uint8_t { Changes, WindowClose, OnChange, Final };
/// The emission of a view: Changes consolidates each step to its net difference; OnChange writes the whole
/// result (all rows of a step's end state) after each step in which a column not in `ignored` differs from
/// the last written one; Final collects and writes once at the end, sorted by `order`. WindowClose passes on
/// what is append-only anyway.
struct Emit {
  EmitMode mode = EmitMode::Changes;
  std::vector<std::uint32_t> ignored;
  std::vector<SortKey> order;
};
/// Writes into a table; the input has the table's columns in order, without delay_column and op_column.
struct Sink {
  std::uint32_t table = 0;
};

using NodeKind = std::variant<Scan, Filter, Project, WindowAssign, Sliding, CountWindow, Aggregate, TopN,
                              Over, Join, UnionAll, Expand, Limit, Emit, Sink>;

/// Where an input comes from. Output 1 of a Scan is its late rows (late = side table).
struct Input {
  NodeId node = 0;
  std::uint32_t output = 0;
};

struct Node {
  NodeKind kind;
  std::vector<Input> inputs;  ///< nodes with smaller ids
  Schema schema;
  bool weighted = false;     ///< the output is a changelog: rows carry weights
  bool stepped = false;      ///< the output's rows carry their step
  std::uint32_t offset = 0;  ///< where it comes from in the SQL text
  std::string label;         ///< the view or CTE it belongs to, for EXPLAIN and counters; may be empty
};

/// A graph of nodes in topological order, shared sub-plans once: what sql makes, engine runs, and the ring
/// sends.
struct Plan {
  std::vector<TableDefinition> tables;
  std::vector<Node> nodes;

  /// Ids of the Sink nodes, in order.
  [[nodiscard]] std::vector<NodeId> sinks() const;
  /// Aborts unless inputs point backwards, columns exist and types fit. For plans that we made ourselves.
  void check_invariants() const;
  /// The same test as a Status, for plans from elsewhere.
  [[nodiscard]] Status validate() const;
};

/// The operator's name: "Scan", "TopN".
[[nodiscard]] std::string_view kind_name(const NodeKind& kind);
/// One line about a node's parameters: "trips (5 of 17 columns)", "sx BETWEEN 1 AND 300".
[[nodiscard]] std::string describe(const Plan& plan, NodeId node);
/// The whole plan as an indented tree per sink, shared nodes named once.
[[nodiscard]] std::string explain(const Plan& plan);

}  // namespace dart::plan
