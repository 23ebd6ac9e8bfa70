#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "plan/plan.hpp"
#include "support/row_bag.hpp"

namespace dart::support {

/// What a sink is handed: a row with a weight, in the step that caused it.
struct Emission {
  std::int64_t step = 0;
  Cells row;
  std::int64_t weight = 1;
};

/// By column of the table, whether a plan reads it; the others are never parsed and cannot be wrong.
[[nodiscard]] std::vector<bool> read_columns(const plan::Plan& plan, std::uint32_t table);

/// Runs a plan by the book: keeps the rows that each table has read so far and, after every step, computes
/// every node anew from them, row by row. Nothing is incremental and nothing is shared with the engine but
/// the kernels of scalar functions, so whatever both agree on is what the plan means.
///
/// Changelogs are held as plain multisets (a row n times), append-only relations in their order.
class NaiveExecutor {
 public:
  /// `plan` outlives the executor.
  explicit NaiveExecutor(const plan::Plan& plan);

  /// One row of a table arrives, with all of the table's columns; `seq` is its `_seq` and the number of the
  /// step.
  void step(std::uint32_t table, std::int64_t seq, Cells row);
  /// All inputs end; what is emitted then carries the last step.
  void end();

  /// The rows of a node as of now, in order where it is append-only.
  [[nodiscard]] std::vector<Cells> rows(plan::NodeId node) const;
  /// What the sink's input shows as of now: the rows of the view whose emission it writes.
  [[nodiscard]] std::vector<Cells> view(plan::NodeId sink) const;
  /// Everything that the sink has been handed so far; retractions before insertions within a step.
  [[nodiscard]] const std::vector<Emission>& emitted(plan::NodeId sink) const;
  /// Rows of the table that were late, whatever became of them.
  [[nodiscard]] std::uint64_t late(std::uint32_t table) const;

 private:
  struct Row {
    Cells cells;
    std::int64_t step = 0;
    EventTime watermark = kMinEventTime;  ///< of the row's reader, before the row
  };
  using Relation = std::vector<Row>;
  struct Reader {
    std::vector<bool> reads;  ///< by column
    Relation rows;            ///< cells are the table's columns, then _seq, then _read_at
    Relation late_rows;
    EventTime watermark = kMinEventTime;
    std::uint64_t late = 0;
  };

  void compute();
  void compute_node(plan::NodeId id);
  void emit_changes(plan::NodeId sink, const Relation& now);
  [[nodiscard]] const Relation& input(const plan::Node& node, std::size_t index) const;
  [[nodiscard]] EventTime watermark_of(plan::NodeId node) const;
  [[nodiscard]] bool accepts(std::uint32_t id, const Cells& row) const;

  [[nodiscard]] Relation run(const plan::Scan& scan, const plan::Node& node, const Relation& rows) const;
  [[nodiscard]] Relation run(const plan::Filter& filter, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Project& project, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::WindowAssign& window, const Relation& rows) const;
  [[nodiscard]] Relation run(const plan::Sliding& sliding, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::CountWindow& window, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Aggregate& aggregate, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::TopN& top, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Over& over, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Join& join, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::UnionAll& all, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Expand& expand, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Limit& limit, const plan::Node& node) const;
  [[nodiscard]] Relation run(const plan::Emit& emit, const plan::Node& node, plan::NodeId id);

  const plan::Plan& plan_;
  std::vector<Reader> readers_;               // by table
  std::vector<Relation> outputs_;             // by node, as of now
  std::vector<Relation> late_outputs_;        // by node, Scans only
  std::map<plan::NodeId, Relation> written_;  // OnChange: what it has emitted
  std::map<plan::NodeId, std::vector<Cells>> last_written_;
  std::map<plan::NodeId, std::vector<Emission>> emitted_;  // by sink
  std::map<plan::NodeId, std::map<Cells, std::int64_t, CellsLess>> shown_;
  std::int64_t now_step_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace dart::support
