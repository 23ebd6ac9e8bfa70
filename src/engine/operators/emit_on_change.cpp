#include <algorithm>

#include "engine/chunk_builder.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/row_set.hpp"
#include "engine/sort_index.hpp"
#include "engine/step_operator.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

constexpr std::int64_t kBeforeAnyRow = 0;  // rows count from 1

/// emit = 'on_change': after a step in which the result, seen without the ignored columns, differs from the
/// one written last, the whole result as append-only rows, in order of all columns. Kept are the result
/// itself and the difference of its seen columns from what was written last; most steps leave that difference
/// empty. A result of no rows writes nothing and becomes the one to compare with.
class EmitOnChangeOperator final : public StepOperator {
 public:
  explicit EmitOnChangeOperator(const NodeContext& context)
      : stepped_(context.node().stepped),
        seen_columns_(context.other_columns(0, context.kind<plan::Emit>().ignored)),
        result_(context.input_types(0)),
        difference_(context.input_types(0, seen_columns_)),
        order_(result_.rows(), {}),
        written_(context.input_types(0)),
        builder_(context.output_types()) {}

  [[nodiscard]] std::size_t state_bytes() const override { return result_.bytes() + difference_.bytes(); }

 protected:
  void write_state(ByteWriter& out) const override { result_.write(out); }
  Status read_state(ByteReader& in) override { return result_.read(in); }

  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
    seen_.clear();
    for (const std::uint32_t column : seen_columns_) seen_.push_back(&chunk.columns[column]);
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) override {
    // A row replaced by one that looks the same is the common step: it leaves the difference as it was, and a
    // chain of such replacements is one, from the first row taken out to the last put in.
    if (end - begin == 2 && chunk.weight(begin) == -1 && chunk.weight(begin + 1) == 1 &&
        equal_rows(seen_, begin, begin + 1)) {
      if (chained_ && !equal_rows(columns_, chain_last_, begin)) apply_chain();
      if (!chained_) chain_first_ = begin;
      chained_ = true;
      chain_last_ = begin + 1;
      return;
    }
    apply_chain();
    for (std::size_t r = begin; r < end; ++r) {
      result_.add(columns_, r, chunk.weight(r));
      difference_.add(seen_, r, chunk.weight(r));
    }
  }

  void finish_step(std::int64_t step) override {
    if (difference_.size() == 0) return;
    apply_chain();
    difference_.clear();
    // What is there before any row (an aggregate without keys) is known, not a change.
    if (step == kBeforeAnyRow) return;
    slots_.clear();
    result_.list(slots_);
    std::sort(slots_.begin(), slots_.end(),
              [this](Slot a, Slot b) { return order_.compare(nullptr, a, nullptr, b) < 0; });
    for (const Slot slot : slots_) keep(slot, step);
  }

  void flush(Output& out) override {
    apply_chain();
    builder_.flush(out, false, stepped_,
                   [this](ChunkBuilder::Piece& piece) { piece.read(written_, ChunkBuilder::kIndex, 0); });
    written_.clear();
  }

 private:
  /// Rows of the chunk at hand, seen through some of its columns.
  [[nodiscard]] static bool equal_rows(const std::vector<const Vector*>& columns, std::size_t a,
                                       std::size_t b) {
    return std::all_of(columns.begin(), columns.end(), [&](const Vector* column) {
      if (column->is_null(a) || column->is_null(b)) return column->is_null(a) == column->is_null(b);
      return columnar::visit_physical(column->type().physical(), [&](auto tag) {
        using T = decltype(tag);
        return same<T>(column->at<T>(a), column->at<T>(b));
      });
    });
  }

  void apply_chain() {
    if (!chained_) return;
    chained_ = false;
    result_.add(columns_, chain_first_, -1);
    result_.add(columns_, chain_last_, 1);
  }

  /// Copies a row of the result as it is at this step: later steps of the chunk may change it before the
  /// flush.
  void keep(Slot slot, std::int64_t step) {
    const std::size_t width = result_.rows().types().size();
    cells_.resize(width);
    cell_pointers_.clear();
    for (std::size_t c = 0; c < width; ++c) {
      cells_[c].reset(result_.rows().types()[c], 1);
      result_.rows().read(c, std::span(&slot, 1), cells_[c], 0);
      cell_pointers_.push_back(&cells_[c]);
    }
    builder_.add(written_.insert(cell_pointers_, 0), 1, step);
  }

  bool stepped_;
  std::vector<std::uint32_t> seen_columns_;
  RowSet result_;
  RowSet difference_;  // seen columns: the result less the one written last
  SortOrder order_;
  RowStore written_;
  ChunkBuilder builder_;
  std::vector<const Vector*> columns_;
  std::vector<const Vector*> seen_;
  bool chained_ = false;         // replacements of this chunk not yet in result_
  std::size_t chain_first_ = 0;  // the row that the first takes out
  std::size_t chain_last_ = 0;   // the row that the last puts in
  std::vector<Slot> slots_;
  std::vector<Vector> cells_;
  std::vector<const Vector*> cell_pointers_;
};

}  // namespace

Made make_emit_on_change(const NodeContext& context) {
  return std::make_unique<EmitOnChangeOperator>(context);
}

}  // namespace dart::engine
