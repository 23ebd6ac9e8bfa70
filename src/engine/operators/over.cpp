#include <algorithm>

#include "engine/group_table.hpp"
#include "engine/operators/aggregate_calls.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/operators/over_function.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

/// Window functions over an append-only input in its own order: the input's columns, then one column a call.
/// With peers, rows wait until the order column has moved on, since a Range frame ends at the last row with
/// the same value; they leave in the step that moved it.
class OverOperator final : public Operator {
 public:
  explicit OverOperator(const NodeContext& context)
      : node_(context.kind<plan::Over>()),
        stepped_(context.node().stepped),
        types_(context.input_types(0)),
        table_(context.input_types(0, node_.partition)),
        held_(types_) {
    const auto output = context.output_types();
    for (std::size_t c = 0; c < node_.calls.size(); ++c) {
      functions_.push_back(make_over_function(node_, node_.calls[c], types_, output[types_.size() + c]));
    }
  }

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    if (!node_.peers) {
      find_partitions(chunk);
      result_ = chunk;
      for (const auto& function : functions_) {
        result_.columns.emplace_back();
        result_.columns.back().reset(function->result(), chunk.rows);
        function->answer(chunk, groups_.data(), 0, chunk.rows, result_.columns.back());
      }
      note_errors();
      out.chunk(result_);
      result_.columns.clear();
      return;
    }
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
    const Vector& order = chunk.columns[node_.order];
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (order.is_null(r)) {
        ++counters.dropped["order is NULL"];
        continue;
      }
      const std::int64_t value = order.at<std::int64_t>(r);
      step_ = chunk.step_data() == nullptr ? 0 : chunk.step_data()[r];
      if (!slots_.empty() && value != held_value_) end_run();
      held_value_ = value;
      slots_.push_back(held_.insert(columns_, r));
    }
    release(out);
  }

  void on_progress(std::size_t, const Progress& progress, Output& out) override {
    step_ = progress.last + 1;
    out.progress(progress);
  }

  void on_watermark(std::size_t, EventTime watermark, Output& out) override {
    // A row at the watermark itself is not late: its peers may still come. Where steps are told, rows leave
    // in that of the row that moved the order on, since watermarks come once a chunk.
    if (node_.peers && !stepped_ && !slots_.empty() && held_value_ < watermark && orders_by_time()) {
      end_run();
      release(out);
    }
    out.watermark(watermark);
  }

  void on_end(std::size_t, Output& out) override {
    if (!slots_.empty()) end_run();
    release(out);
    out.end();
  }

  [[nodiscard]] std::size_t state_bytes() const override {
    std::size_t bytes = table_.bytes() + held_.bytes();
    for (const auto& function : functions_) bytes += function->bytes();
    return bytes;
  }

  void snapshot(ByteWriter& out) const override {
    out.varint(table_.size());
    for (std::uint32_t partition = 0; partition < table_.end(); ++partition) {  // they stay for good
      table_.keys().write_row(partition, out);
    }
    for (const auto& function : functions_) function->write(table_.end(), out);
    out.varint(slots_.size());
    for (const Slot slot : slots_) held_.write_row(slot, out);
    out.fixed(held_value_);
    out.fixed(step_);
  }
  Status restore(ByteReader& in) override {
    DART_TRY(const std::size_t partitions, in.count());
    for (std::size_t p = 0; p < partitions; ++p) {
      DART_TRY([[maybe_unused]] const auto partition, table_.restore_key(in));
    }
    for (const auto& function : functions_) {
      function->grow(table_.end());
      DART_TRY_STATUS(function->read(table_.end(), in));
    }
    DART_TRY(const std::size_t held, in.count());
    for (std::size_t k = 0; k < held; ++k) {
      DART_TRY(const Slot slot, held_.read_row(in));
      slots_.push_back(slot);
    }
    DART_TRY(held_value_, in.fixed<std::int64_t>());
    DART_TRY(step_, in.fixed<std::int64_t>());
    return {};
  }

 private:
  struct Run {
    std::size_t end;    // of slots_
    std::int64_t step;  // that ended it
  };

  [[nodiscard]] bool orders_by_time() const { return types_[node_.order].is_time(); }

  void find_partitions(const Chunk& chunk) {
    keys_.clear();
    for (const std::uint32_t key : node_.partition) keys_.push_back(&chunk.columns[key]);
    groups_.resize(std::max(groups_.size(), chunk.rows));
    table_.find_or_insert(keys_, chunk.rows, groups_.data());
    for (const auto& function : functions_) function->grow(table_.end());
  }

  void end_run() {
    if (!runs_.empty() && runs_.back().end == slots_.size()) return;
    runs_.push_back({slots_.size(), step_});
  }

  /// Emits the runs that have ended, in pieces of the edge's chunk size.
  void release(Output& out) {
    if (runs_.empty()) return;
    const std::size_t total = runs_.back().end;
    const std::span<const Slot> slots(slots_.data(), total);
    Chunk rows;
    rows.rows = total;
    rows.columns.resize(types_.size());
    for (std::size_t c = 0; c < types_.size(); ++c) {
      rows.columns[c].reset(types_[c], total);
      held_.read(c, slots, rows.columns[c], 0);
    }
    if (stepped_) rows.steps = steps_of_runs(total);
    find_partitions(rows);
    Chunk with = rows;
    for (const auto& function : functions_) {
      with.columns.emplace_back();
      with.columns.back().reset(function->result(), total);
      std::size_t begin = 0;
      for (const Run& run : runs_) {
        function->answer(rows, groups_.data(), begin, run.end, with.columns.back());
        begin = run.end;
      }
    }
    note_errors();
    out.chunk(with);
    for (const Slot slot : slots) held_.erase(slot);
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(total));
    runs_.clear();
  }

  Vector steps_of_runs(std::size_t total) {
    Vector steps;
    steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), total);
    std::size_t begin = 0;
    for (const Run& run : runs_) {
      std::fill(steps.mutable_data<std::int64_t>() + begin, steps.mutable_data<std::int64_t>() + run.end,
                run.step);
      begin = run.end;
    }
    return steps;
  }

  void note_errors() {
    for (const auto& function : functions_) {
      if (function->out_of_range == 0) continue;
      counters.errors[kResultOutOfRange] += function->out_of_range;
      function->out_of_range = 0;
    }
  }

  plan::Over node_;
  bool stepped_;
  std::vector<columnar::LogicalType> types_;
  GroupTable table_;
  std::vector<std::unique_ptr<OverFunction>> functions_;

  RowStore held_;            // peers: rows whose run has not ended
  std::vector<Slot> slots_;  // those, in order
  std::vector<Run> runs_;    // of them, ended ones
  std::int64_t held_value_ = 0;
  std::int64_t step_ = 0;

  std::vector<const Vector*> keys_;
  std::vector<const Vector*> columns_;
  std::vector<std::uint32_t> groups_;
  Chunk result_;
};

}  // namespace

Made make_over(const NodeContext& context) { return std::make_unique<OverOperator>(context); }

}  // namespace dart::engine
