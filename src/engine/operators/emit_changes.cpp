#include <algorithm>

#include "engine/chunk_builder.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/step_operator.hpp"

namespace dart::engine {

namespace {

/// emit = 'changes' over a changelog: each step's net difference, retractions first. Rows that came and went
/// within the step, as projections of changed rows often do, cancel here.
class EmitChangesOperator final : public StepOperator {
 public:
  explicit EmitChangesOperator(const NodeContext& context)
      : stepped_(context.node().stepped), rows_(context.input_types(0)), builder_(context.output_types()) {}

 protected:
  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
    groups_.resize(std::max(groups_.size(), chunk.rows));
    rows_.find_or_insert(columns_, chunk.rows, groups_.data());
    weights_.resize(std::max<std::size_t>(weights_.size(), rows_.end()), 0);
    listed_.resize(weights_.size(), 0);
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) override {
    for (std::size_t r = begin; r < end; ++r) {
      weights_[groups_[r]] += chunk.weight(r);
      if (listed_[groups_[r]] != 0) continue;
      listed_[groups_[r]] = 1;
      touched_.push_back(groups_[r]);
    }
  }

  void finish_step(std::int64_t step) override {
    for (const std::uint32_t row : touched_) {
      if (weights_[row] < 0) builder_.add(row, weights_[row], step);
    }
    for (const std::uint32_t row : touched_) {
      if (weights_[row] > 0) builder_.add(row, weights_[row], step);
      weights_[row] = 0;
      listed_[row] = 0;
    }
    touched_.clear();
  }

  void flush(Output& out) override {
    builder_.flush(out, true, stepped_,
                   [this](ChunkBuilder::Piece& piece) { piece.read(rows_.keys(), ChunkBuilder::kIndex, 0); });
    if (touched_.empty()) rows_.clear();
  }

 private:
  bool stepped_;
  GroupTable rows_;  // the rows of the steps at hand
  ChunkBuilder builder_;
  std::vector<std::int64_t> weights_;
  std::vector<std::uint8_t> listed_;
  std::vector<std::uint32_t> touched_;
  std::vector<const Vector*> columns_;
  std::vector<std::uint32_t> groups_;
};

}  // namespace

Made make_emit_changes(const NodeContext& context) { return std::make_unique<EmitChangesOperator>(context); }

}  // namespace dart::engine
