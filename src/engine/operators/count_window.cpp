#include <algorithm>

#include "engine/chunk_builder.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/step_operator.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

/// count_window(r, n, key...): rows wait until their key has n of them, then leave together, numbered by
/// block. What is left of a block at the end of the input is never emitted and is counted.
class CountWindowOperator final : public StepOperator {
 public:
  explicit CountWindowOperator(const NodeContext& context)
      : node_(context.kind<plan::CountWindow>()),
        stepped_(context.node().stepped),
        store_(context.input_types(0)),
        table_(context.input_types(0, node_.keys)),
        builder_(context.output_types()) {}

  [[nodiscard]] std::size_t state_bytes() const override {
    return store_.bytes() + table_.bytes() + blocks_.capacity() * sizeof(Block) +
           store_.size() * sizeof(Slot);
  }

 protected:
  void write_state(ByteWriter& out) const override {
    out.varint(table_.size());
    for (std::uint32_t group = 0; group < table_.end(); ++group) {  // keys stay for good
      table_.keys().write_row(group, out);
      out.fixed(blocks_[group].number);
      out.varint(blocks_[group].rows.size());
      for (const Slot slot : blocks_[group].rows) store_.write_row(slot, out);
    }
  }
  Status read_state(ByteReader& in) override {
    DART_TRY(const std::size_t groups, in.count());
    for (std::size_t g = 0; g < groups; ++g) {
      DART_TRY([[maybe_unused]] const auto group, table_.restore_key(in));
      Block& block = blocks_.emplace_back();
      DART_TRY(block.number, in.fixed<std::int64_t>());
      DART_TRY(const std::size_t rows, in.count());
      if (static_cast<std::int64_t>(rows) >= node_.rows) return fail(ErrorCode::Data, "a block is too long");
      for (std::size_t r = 0; r < rows; ++r) {
        DART_TRY(const Slot slot, store_.read_row(in));
        block.rows.push_back(slot);
      }
    }
    return {};
  }

  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
    keys_.clear();
    for (const std::uint32_t key : node_.keys) keys_.push_back(&chunk.columns[key]);
    groups_.resize(std::max(groups_.size(), chunk.rows));
    table_.find_or_insert(keys_, chunk.rows, groups_.data());
    blocks_.resize(table_.end());
  }

  void apply(const Chunk&, std::size_t begin, std::size_t end, std::int64_t step) override {
    for (std::size_t r = begin; r < end; ++r) {
      Block& block = blocks_[groups_[r]];
      block.rows.push_back(store_.insert(columns_, r));
      if (static_cast<std::int64_t>(block.rows.size()) < node_.rows) continue;
      const auto number = static_cast<std::uint32_t>(numbers_.size());
      numbers_.push_back(block.number++);
      for (const Slot slot : block.rows) {
        builder_.add(slot, 1, step, number);
        emitted_.push_back(slot);
      }
      block.rows.clear();
    }
  }

  void finish_step(std::int64_t) override {}

  void flush(Output& out) override {
    builder_.flush(out, false, stepped_, [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (const Slot slot : emitted_) store_.erase(slot);
    emitted_.clear();
    numbers_.clear();
  }

  void finish_input(Output&) override {
    if (store_.size() > 0) counters.dropped["block not full at the end"] += store_.size();
  }

 private:
  struct Block {
    std::vector<Slot> rows;
    std::int64_t number = 0;
  };

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(store_, ChunkBuilder::kIndex, 0);
    auto* ids = piece.column(store_.types().size()).mutable_data<std::int64_t>();
    for (const ChunkBuilder::Row& row : piece.rows()) *ids++ = numbers_[row.second];
  }

  plan::CountWindow node_;
  bool stepped_;
  RowStore store_;
  GroupTable table_;
  ChunkBuilder builder_;
  std::vector<Block> blocks_;  // by group
  std::vector<const Vector*> columns_;
  std::vector<const Vector*> keys_;
  std::vector<std::uint32_t> groups_;
  std::vector<Slot> emitted_;
  std::vector<std::int64_t> numbers_;  // block numbers of this chunk, by ChunkBuilder::Row::second
};

}  // namespace

Made make_count_window(const NodeContext& context) { return std::make_unique<CountWindowOperator>(context); }

}  // namespace dart::engine
