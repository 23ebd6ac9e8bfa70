#include <algorithm>

#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/sort_index.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

/// emit = 'final': collects the changelog and writes the rows that stand at the end of the input, sorted by
/// the keys and then by all columns, so that the text of a result does not depend on how it was computed.
class EmitFinalOperator final : public Operator {
 public:
  explicit EmitFinalOperator(const NodeContext& context)
      : rows_(context.input_types(0)), order_(rows_.keys(), context.kind<plan::Emit>().order) {}

  void on_chunk(std::size_t, const Chunk& chunk, Output&) override {
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
    slots_.resize(std::max(slots_.size(), chunk.rows));
    rows_.find_or_insert(columns_, chunk.rows, slots_.data());
    weights_.resize(std::max<std::size_t>(weights_.size(), rows_.end()), 0);
    for (std::size_t r = 0; r < chunk.rows; ++r) weights_[slots_[r]] += chunk.weight(r);
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (weights_[slots_[r]] != 0) continue;
      weights_[slots_[r]] = kErased;
      rows_.erase(slots_[r]);
    }
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (weights_[slots_[r]] == kErased) weights_[slots_[r]] = 0;
    }
  }

  void on_end(std::size_t, Output& out) override {
    slots_.clear();
    for (Slot slot = 0; slot < weights_.size(); ++slot) {
      for (std::int64_t n = weights_[slot]; n > 0; --n) slots_.push_back(slot);
    }
    std::vector<SortOrder::Words> words(weights_.size());
    for (const Slot slot : slots_) order_.encode(slot, words[slot].data());
    std::sort(slots_.begin(), slots_.end(),
              [&](Slot a, Slot b) { return order_.compare(words[a].data(), a, words[b].data(), b) < 0; });
    Chunk chunk;
    const auto& types = rows_.keys().types();
    for (std::size_t begin = 0; begin < slots_.size(); begin += out.chunk_rows()) {
      const auto slots = std::span(slots_).subspan(begin, std::min(out.chunk_rows(), slots_.size() - begin));
      chunk.columns.resize(types.size());
      chunk.rows = slots.size();
      for (std::size_t c = 0; c < types.size(); ++c) {
        chunk.columns[c].reset(types[c], slots.size());
        rows_.keys().read(c, slots, chunk.columns[c], 0);
      }
      out.chunk(chunk);
    }
    out.end();
  }

  [[nodiscard]] std::size_t state_bytes() const override { return rows_.bytes(); }

  void snapshot(ByteWriter& out) const override {
    out.varint(rows_.size());
    for (Slot slot = 0; slot < weights_.size(); ++slot) {
      if (weights_[slot] == 0) continue;
      rows_.keys().write_row(slot, out);
      out.fixed(weights_[slot]);
    }
  }
  Status restore(ByteReader& in) override {
    DART_TRY(const std::size_t rows, in.count());
    for (std::size_t r = 0; r < rows; ++r) {
      DART_TRY([[maybe_unused]] const Slot slot, rows_.restore_key(in));
      DART_TRY(weights_.emplace_back(), read_weight(in));
      if (weights_.back() == 0) return fail(ErrorCode::Data, "a row without weight");
    }
    return {};
  }

 private:
  static constexpr std::int64_t kErased = INT64_MIN;

  GroupTable rows_;
  SortOrder order_;
  std::vector<std::int64_t> weights_;  // by slot
  std::vector<const Vector*> columns_;
  std::vector<Slot> slots_;
};

}  // namespace

Made make_emit_final(const NodeContext& context) { return std::make_unique<EmitFinalOperator>(context); }

}  // namespace dart::engine
