#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/connector.hpp"
#include "engine/evaluator.hpp"
#include "engine/reorder_buffer.hpp"
#include "plan/plan.hpp"

namespace dart::engine {

/// Rows that have passed the gate, in order, with what is known after them.
struct Admitted {
  Chunk rows;    ///< the scan's columns; steps are the rows' _seq
  Chunk late;    ///< the scan's columns, rows that came too late (late = side table)
  Vector times;  ///< event time by row of `rows`; absent without event_time
  EventTime watermark = kMinEventTime;
  Progress progress;
};

/// What stands between a reader and the query: constraints (NOT NULL, CHECK), event time, late rows, the
/// watermark, and the table's order (tie_break). A row is late iff its time is below the watermark as of the
/// row before it; the watermark is the greatest accepted time less the delay; a row that a constraint rejects
/// does not move it. Pieces are cut where the watermark passes a multiple of `cut_us`, so that windows close
/// between the right two rows whatever the size of the chunks.
class SourceGate {
 public:
  /// `cut_us` 0: no cuts. Both references outlive the gate.
  SourceGate(const plan::TableDefinition& table, const plan::Scan& scan, std::int64_t cut_us,
             Counters& counters);

  /// What the reader must deliver: the scan's columns, and those that the gate itself looks at.
  [[nodiscard]] ReadRequest request() const;
  /// Takes what a read delivered; appends what may go on.
  void take(const Chunk& raw, const ReadOutcome& outcome, std::deque<Admitted>& out);
  /// The input has ended: rows still waiting for their place in the order go on.
  void finish(std::deque<Admitted>& out);
  /// The input is idle and goes by the watermark of others: rows below it are late from now on. False when it
  /// is not above the gate's own; otherwise appends what may go on now.
  bool raise_watermark(EventTime watermark, TimePoint now, std::deque<Admitted>& out);
  [[nodiscard]] EventTime watermark() const { return watermark_; }
  void snapshot(ByteWriter& out) const;
  /// Into a fresh gate of the same scan.
  [[nodiscard]] Status restore(ByteReader& in);

 private:
  void check_rows(const Chunk& raw);
  void reject(const std::vector<std::uint8_t>& bad, const std::string& reason);
  void split_late(const Vector& times, std::size_t rows);
  void keep_all_explicitly(std::size_t rows);
  /// The rows of the raw chunk named by `rows` (null: all).
  static Chunk select(const Chunk& raw, const std::vector<std::uint32_t>* rows);
  /// The scan's columns of rows read.
  Chunk project(const Chunk& read);
  void admit(const Chunk& read, EventTime watermark, const Progress& progress, std::deque<Admitted>& out);
  void admit_sorted(const Progress& progress, EventTime watermark, std::deque<Admitted>& out);
  void push(const Chunk& read, EventTime watermark, const Progress& progress, std::deque<Admitted>& out);

  const plan::TableDefinition& table_;
  std::int64_t cut_us_;
  Counters& counters_;
  std::vector<std::uint32_t> read_columns_;  // table columns, ascending
  std::vector<std::uint32_t> positions_;     // by scan column: place in read_columns_, or hidden
  std::vector<std::uint32_t> not_null_;      // places in read_columns_
  std::vector<std::pair<std::string, Evaluator>> checks_;
  std::optional<std::uint32_t> time_position_;
  std::unique_ptr<ReorderBuffer> reorder_;  // tie_break
  EventTime watermark_ = kMinEventTime;
  EventTime sent_watermark_ = kMinEventTime;  // of the last piece
  std::int64_t sent_seq_ = 0;                 // last one that a piece's progress named

  std::vector<std::uint32_t> kept_;  // rows of the raw chunk that are still in
  std::vector<std::uint32_t> late_;
  bool all_ = true;  // kept_ not in use: every row is in
  std::int64_t read_at_us_ = 0;
};

}  // namespace dart::engine
