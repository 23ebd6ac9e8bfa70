#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/operator.hpp"
#include "engine/step_merge.hpp"

namespace dart::engine {

/// A stateful operator with two inputs that emits per step: rows wait in a StepMerge until both inputs have
/// passed their step, then the subclass takes them in. Without steps each chunk is a step of its own. Results
/// collect in the subclass and go out whenever progress does.
class MergeOperator : public Operator {
 public:
  void on_chunk(std::size_t port, const Chunk& chunk, Output& out) final;
  void on_progress(std::size_t port, const Progress& progress, Output& out) final;
  void on_watermark(std::size_t port, EventTime watermark, Output& out) final;
  void on_end(std::size_t port, Output& out) final;
  void snapshot(ByteWriter& out) const final;
  Status restore(ByteReader& in) final;

 protected:
  using Types = std::vector<columnar::LogicalType>;
  MergeOperator(bool stepped, Types left, Types right)
      : merge_(2, stepped), types_{std::move(left), std::move(right)}, stepped_(stepped) {}

  /// What the subclass holds between two steps, all of it having been flushed; rows that wait are not its
  /// concern.
  virtual void write_state(ByteWriter& out) const = 0;
  virtual Status read_state(ByteReader& in) = 0;

  /// Once per chunk as it comes in, before it waits: the chunk, with whatever can be found out for all rows
  /// at once as more columns.
  virtual Chunk locate(std::size_t port, const Chunk& chunk) = 0;
  /// Rows [begin, end) of a chunk that `locate` gave belong to the step at hand.
  virtual void take(std::size_t port, const Chunk& chunk, std::size_t begin, std::size_t end) = 0;
  /// All rows of the step have been taken in: collect its net difference.
  virtual void finish_step(std::int64_t step) = 0;
  /// Emit what was collected; nothing of the chunks is needed any more.
  virtual void flush(Output& out) = 0;
  /// Rows before the watermark will not come any more; `step` is the last that passed. What it collects is
  /// flushed.
  virtual void expire(EventTime /*watermark*/, std::int64_t /*step*/) {}
  /// Both inputs have ended; the last step is finished and flushed. What it collects is flushed.
  virtual void finish_input(std::int64_t /*step*/) {}

  [[nodiscard]] bool stepped() const { return stepped_; }

 private:
  void advance(const std::optional<Progress>& passed, Output& out);
  void drain(std::int64_t last);

  StepMerge merge_;
  std::array<Types, 2> types_;  // of the inputs
  bool stepped_;
  std::int64_t passed_ = 0;  // step
};

}  // namespace dart::engine
