#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/operator.hpp"

namespace dart::engine {

/// A stateful operator with one input that emits per step: walks the runs of equal step inside each chunk,
/// and ends a step when a later one begins or when progress passes it. A chunk without steps belongs to the
/// step that the next progress ends. Results collect in the subclass and go out once a chunk.
class StepOperator : public Operator {
 public:
  void on_chunk(std::size_t port, const Chunk& chunk, Output& out) final;
  void on_progress(std::size_t port, const Progress& progress, Output& out) final;
  /// A watermark ends the open step: whatever it expires or closes belongs to that step.
  void on_watermark(std::size_t port, EventTime watermark, Output& out) final;
  void on_end(std::size_t port, Output& out) final;
  void snapshot(ByteWriter& out) const final;
  Status restore(ByteReader& in) final;

 protected:
  /// What the subclass holds between two steps, all of it having been flushed.
  virtual void write_state(ByteWriter&) const {}
  virtual Status read_state(ByteReader&) { return {}; }

  /// Once per chunk, before its runs: what can be done for all rows at once.
  virtual void prepare(const Chunk& chunk) = 0;
  /// Rows [begin, end) of the chunk belong to `step`.
  virtual void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t step) = 0;
  /// All rows of the step have been applied: collect its net difference.
  virtual void finish_step(std::int64_t step) = 0;
  /// Emit what was collected; nothing of the chunk is needed any more.
  virtual void flush(Output& out) = 0;
  /// Rows before the watermark will not come any more. `step` is the step that moved it. Called between two
  /// steps, after everything collected was emitted; what it collects is flushed.
  virtual void expire(EventTime /*watermark*/, std::int64_t /*step*/) {}
  /// The input has ended; the last step is finished and flushed.
  virtual void finish_input(Output&) {}

  /// The step of the last row, or the one after the last progress.
  [[nodiscard]] std::int64_t last_step() const { return last_step_; }

 private:
  void close_step();

  std::optional<std::int64_t> open_;
  std::int64_t last_step_ = 0;  // of the last row, or the one after the last progress
};

}  // namespace dart::engine
