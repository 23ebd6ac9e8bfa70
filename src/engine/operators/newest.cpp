#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "engine/chunk_builder.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/step_operator.hpp"
#include "plan/arrival_order.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;
constexpr Slot kNone = RowStore::kNone;

/// The newest row of each partition of a sliding window (DISTINCT ON ... ORDER BY ..., _seq DESC) whose rows
/// leave in the order they came: only the newest is kept, since no other can take its place.
class NewestOperator final : public StepOperator {
 public:
  explicit NewestOperator(const NodeContext& context)
      : partition_(context.kind<plan::TopN>().partition),
        stepped_(context.node().stepped),
        kept_(context.other_columns(0, partition_)),
        seq_column_(
            *plan::newest_by(context.plan, context.kind<plan::TopN>(), context.node().inputs[0].node)),
        seq_place_(place_of(seq_column_)),
        store_(context.input_types(0, kept_)),
        table_(context.input_types(0, partition_)),
        builder_(context.output_types()) {}

  [[nodiscard]] std::size_t state_bytes() const override {
    return store_.bytes() + table_.bytes() + newest_.capacity() * sizeof(Newest);
  }

 protected:
  void write_state(ByteWriter& out) const override {
    std::vector<std::uint32_t> groups;
    for (std::uint32_t group = 0; group < newest_.size(); ++group) {
      if (newest_[group].row != kNone) groups.push_back(group);
    }
    out.varint(groups.size());
    for (const std::uint32_t group : groups) {
      table_.keys().write_row(group, out);
      store_.write_row(newest_[group].row, out);
    }
  }
  Status read_state(ByteReader& in) override {
    DART_TRY(const std::size_t groups, in.count());
    for (std::size_t g = 0; g < groups; ++g) {
      DART_TRY([[maybe_unused]] const auto group, table_.restore_key(in));
      DART_TRY(const Slot row, store_.read_row(in));
      if (store_.is_null(row, seq_place_)) return fail(ErrorCode::Data, "a row without its number");
      newest_.push_back({row, row, false});
    }
    return {};
  }

  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const std::uint32_t column : kept_) columns_.push_back(&chunk.columns[column]);
    keys_.clear();
    for (const std::uint32_t column : partition_) keys_.push_back(&chunk.columns[column]);
    row_groups_.resize(std::max(row_groups_.size(), chunk.rows));
    table_.find_or_insert(keys_, chunk.rows, row_groups_.data());
    if (newest_.size() < table_.end()) newest_.resize(table_.end());
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) override {
    const Vector& sequence = chunk.columns[seq_column_];
    for (std::size_t r = begin; r < end; ++r) {
      if (r + kFar < chunk.rows) __builtin_prefetch(&newest_[row_groups_[r + kFar]]);
      if (r + kNear < chunk.rows) {
        const Slot next = newest_[row_groups_[r + kNear]].row;
        if (next != kNone) store_.prefetch(next);
      }
      change(row_groups_[r], r, sequence.at<std::int64_t>(r), chunk.weight(r) > 0);
    }
  }

  void finish_step(std::int64_t step) override {
    for (const std::uint32_t group : touched_) {
      Newest& newest = newest_[group];
      newest.touched = false;
      if (newest.row != newest.shown) {
        if (newest.shown != kNone) {
          builder_.add(newest.shown, -1, step, group);
          gone_.push_back(newest.shown);
        }
        if (newest.row != kNone) builder_.add(newest.row, 1, step, group);
        newest.shown = newest.row;
      }
      if (newest.row == kNone) emptied_.push_back(group);
    }
    touched_.clear();
  }

  void flush(Output& out) override {
    builder_.flush(out, true, stepped_, [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (const Slot slot : gone_) store_.erase(slot);
    gone_.clear();
    for (const std::uint32_t group : emptied_) {
      Newest& newest = newest_[group];
      if (newest.row != kNone || newest.shown != kNone || newest.touched) continue;
      newest.touched = true;  // once, however often it was emptied
      table_.erase(group);
      erased_.push_back(group);
    }
    for (const std::uint32_t group : erased_) newest_[group].touched = false;
    emptied_.clear();
    erased_.clear();
  }

 private:
  static constexpr std::size_t kFar = 8;  // rows fetched ahead
  static constexpr std::size_t kNear = 4;

  struct Newest {
    Slot row = kNone;
    Slot shown = kNone;
    bool touched = false;
  };

  [[nodiscard]] std::size_t place_of(std::uint32_t column) const {
    const auto place = std::find(kept_.begin(), kept_.end(), column);
    DART_CHECK(place != kept_.end());
    return static_cast<std::size_t>(place - kept_.begin());
  }

  void change(std::uint32_t group, std::size_t row, std::int64_t seq, bool comes) {
    Newest& newest = newest_[group];
    const bool any = newest.row != kNone;
    const std::int64_t last = any ? store_.get<std::int64_t>(newest.row, seq_place_) : 0;
    if (any && (comes ? seq <= last : seq != last)) return;
    if (any && newest.row != newest.shown) gone_.push_back(newest.row);
    if (!any && !comes) {
      if (newest.shown == kNone) emptied_.push_back(group);
      return;
    }
    newest.row = comes ? store_.insert(columns_, row) : kNone;
    if (!std::exchange(newest.touched, true)) touched_.push_back(group);
  }

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(store_, ChunkBuilder::kIndex, kept_);
    piece.read(table_.keys(), ChunkBuilder::kSecond, partition_);
  }

  std::vector<std::uint32_t> partition_;
  bool stepped_;
  std::vector<std::uint32_t> kept_;  // input columns; the partition's its key has once for all
  std::uint32_t seq_column_;
  std::size_t seq_place_;
  RowStore store_;
  GroupTable table_;
  ChunkBuilder builder_;
  std::vector<Newest> newest_;  // by group

  std::vector<const Vector*> columns_;
  std::vector<const Vector*> keys_;
  std::vector<std::uint32_t> row_groups_;
  std::vector<std::uint32_t> touched_;
  std::vector<Slot> gone_;  // to be erased once the rows collected so far are out
  std::vector<std::uint32_t> emptied_;
  std::vector<std::uint32_t> erased_;
};

}  // namespace

Made make_newest(const NodeContext& context) { return std::make_unique<NewestOperator>(context); }

}  // namespace dart::engine
