#include <algorithm>
#include <array>
#include <utility>

#include "engine/chunk_builder.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"
#include "engine/merge_operator.hpp"
#include "engine/operators/catalogue.hpp"
#include "plan/unique_key.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;
constexpr Slot kNone = RowStore::kNone;

/// Join of two changelogs that have at most one row a join key each (GROUP BY, DISTINCT ON, one-row views):
/// no lists, no weights; after each step the pair that stands for a key is compared with the one that was
/// emitted for it. Where nobody sees the left columns on their own (a cross join under emit = 'on_change'
/// that ignores them), a pair whose left row alone was replaced waits until its right row changes too.
class KeyedJoinOperator final : public MergeOperator {
 public:
  explicit KeyedJoinOperator(const NodeContext& context)
      : MergeOperator(context.node().stepped, context.input_types(0), context.input_types(1)),
        kind_(context.kind<plan::Join>().kind),
        weighted_(context.node().weighted),
        quiet_left_(nobody_sees_left(context)),
        keys_{context.kind<plan::Join>().left_keys, context.kind<plan::Join>().right_keys},
        stores_{RowStore(context.input_types(0)), RowStore(context.input_types(1))},
        table_(context.input_types(0, keys_[0])),
        builder_(context.output_types()) {}

  [[nodiscard]] std::size_t state_bytes() const override {
    return stores_[0].bytes() + stores_[1].bytes() + table_.bytes() + groups_.capacity() * sizeof(Group);
  }

 private:
  void write_state(ByteWriter& out) const override;
  Status read_state(ByteReader& in) override;

  static constexpr std::int64_t kNowhere = -1;

  struct Pair {
    Slot left = kNone;
    Slot right = kNone;
    [[nodiscard]] Slot& side(std::size_t port) { return port == 0 ? left : right; }
    bool operator==(const Pair&) const = default;
  };
  struct Group {
    Pair rows;                  // as they are
    Pair shown;                 // as emitted; no left row: nothing is
    std::uint32_t waiting = 0;  // rows that have come and wait for their step
    bool touched = false;
  };

  static bool nobody_sees_left(const NodeContext& context) {
    const auto& join = context.kind<plan::Join>();
    if (!join.left_keys.empty() || join.kind != plan::JoinKind::Inner) return false;
    const std::vector<bool> unseen = plan::unseen_columns(context.plan, context.id);
    const auto left = static_cast<std::ptrdiff_t>(context.input(0).schema.size());
    return std::all_of(unseen.begin(), unseen.begin() + left, [](bool column) { return column; });
  }

  /// The chunk with one more column: each row's group, or kNowhere where a key is NULL, so that the row can
  /// stand in no pair.
  Chunk locate(std::size_t port, const Chunk& chunk) override {
    columns_.clear();
    for (const std::uint32_t key : keys_[port]) columns_.push_back(&chunk.columns[key]);
    row_groups_.resize(std::max(row_groups_.size(), chunk.rows));
    table_.find_or_insert(columns_, chunk.rows, row_groups_.data());
    if (groups_.size() < table_.end()) groups_.resize(table_.end());
    Vector places;
    places.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), chunk.rows);
    auto* numbers = places.mutable_data<std::int64_t>();
    const bool nulls =
        std::any_of(columns_.begin(), columns_.end(), [](const Vector* v) { return v->has_nulls(); });
    const bool alone = port == 0 && left_stands_alone();
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      const bool null = nulls && std::any_of(columns_.begin(), columns_.end(),
                                             [&](const Vector* v) { return v->is_null(r); });
      if (null && !alone) {
        numbers[r] = kNowhere;
        emptied_.push_back(row_groups_[r]);
        continue;
      }
      numbers[r] = row_groups_[r];
      ++groups_[row_groups_[r]].waiting;
    }
    Chunk with = chunk;
    with.columns.push_back(std::move(places));
    return with;
  }

  void take(std::size_t port, const Chunk& chunk, std::size_t begin, std::size_t end) override {
    RowStore& store = stores_[port];
    columns_.clear();
    for (std::size_t c = 0; c + 1 < chunk.columns.size(); ++c) columns_.push_back(&chunk.columns[c]);
    const auto* places = chunk.columns.back().data<std::int64_t>();
    for (std::size_t r = begin; r < end; ++r) {
      if (places[r] == kNowhere) continue;
      const auto number = static_cast<std::uint32_t>(places[r]);
      Group& group = groups_[number];
      --group.waiting;
      Slot& row = group.rows.side(port);
      if (chunk.weight(r) < 0) {
        if (row != kNone && row != group.shown.side(port)) gone_[port].push_back(row);
        row = kNone;
      } else {
        row = store.insert(columns_, r);
      }
      if (std::exchange(group.touched, true)) continue;
      touched_.push_back(number);
    }
  }

  void finish_step(std::int64_t step) override {
    fresh_.clear();
    for (const std::uint32_t number : touched_) {
      Group& group = groups_[number];
      group.touched = false;
      const bool paired = group.rows.left != kNone && (group.rows.right != kNone || left_stands_alone());
      const Pair next = paired ? group.rows : Pair{};
      if (next == group.shown) {
        if (!paired) emptied_.push_back(number);
        continue;
      }
      const bool both = paired && group.shown.left != kNone;
      if (quiet_left_ && both && next.right == group.shown.right) continue;
      if (group.shown.left != kNone) builder_.add(group.shown.left, -1, step, group.shown.right);
      for (const std::size_t port : {0U, 1U}) {
        const Slot shown = group.shown.side(port);
        if (shown != kNone && shown != group.rows.side(port)) gone_[port].push_back(shown);
      }
      group.shown = next;
      if (paired) {
        fresh_.push_back(next);
      } else {
        emptied_.push_back(number);
      }
    }
    touched_.clear();
    for (const Pair& pair : fresh_) builder_.add(pair.left, 1, step, pair.right);
  }

  void write_group(const Group& group, ByteWriter& out) const;
  Status read_group(Group& group, ByteReader& in);

  [[nodiscard]] bool left_stands_alone() const { return kind_ == plan::JoinKind::Left; }

  void flush(Output& out) override {
    builder_.flush(out, weighted_, stepped(), [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (const std::size_t port : {0U, 1U}) {
      for (const Slot slot : gone_[port]) stores_[port].erase(slot);
      gone_[port].clear();
    }
    for (const std::uint32_t number : emptied_) {
      const Group& group = groups_[number];
      if (group.waiting != 0 || group.rows != Pair{} || group.shown != Pair{}) continue;
      if (!std::exchange(groups_[number].touched, true)) retired_.push_back(number);
    }
    for (const std::uint32_t number : retired_) {
      groups_[number].touched = false;
      table_.erase(number);
    }
    emptied_.clear();
    retired_.clear();
  }

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(stores_[0], ChunkBuilder::kIndex, 0);
    piece.read(stores_[1], ChunkBuilder::kSecond, stores_[0].types().size());
  }

  plan::JoinKind kind_;
  bool weighted_;
  bool quiet_left_;
  std::vector<std::uint32_t> keys_[2];
  RowStore stores_[2];
  GroupTable table_;
  ChunkBuilder builder_;
  std::vector<Group> groups_;

  std::vector<std::uint32_t> touched_;
  std::vector<Pair> fresh_;
  std::vector<Slot> gone_[2];           // to be erased once the rows collected so far are out
  std::vector<std::uint32_t> emptied_;  // may be forgotten then
  std::vector<std::uint32_t> retired_;
  std::vector<const Vector*> columns_;
  std::vector<std::uint32_t> row_groups_;
};

void KeyedJoinOperator::write_state(ByteWriter& out) const {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 0; number < groups_.size(); ++number) {
    if (groups_[number].rows != Pair{} || groups_[number].shown != Pair{}) numbers.push_back(number);
  }
  out.varint(numbers.size());
  for (const std::uint32_t number : numbers) {
    table_.keys().write_row(number, out);
    write_group(groups_[number], out);
  }
}

/// By side: whether a row is there; whether one is shown, and whether it is another than that.
void KeyedJoinOperator::write_group(const Group& group, ByteWriter& out) const {
  for (const std::size_t port : {0U, 1U}) {
    const Slot row = port == 0 ? group.rows.left : group.rows.right;
    const Slot shown = port == 0 ? group.shown.left : group.shown.right;
    out.fixed<std::uint8_t>(row != kNone ? 1 : 0);
    if (row != kNone) stores_[port].write_row(row, out);
    out.fixed<std::uint8_t>(shown != kNone ? 1 : 0);
    if (shown == kNone) continue;
    out.fixed<std::uint8_t>(shown != row ? 1 : 0);
    if (shown != row) stores_[port].write_row(shown, out);
  }
}

Status KeyedJoinOperator::read_state(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  for (std::size_t k = 0; k < count; ++k) {
    DART_TRY([[maybe_unused]] const std::uint32_t number, table_.restore_key(in));
    DART_TRY_STATUS(read_group(groups_.emplace_back(), in));
  }
  return {};
}

Status KeyedJoinOperator::read_group(Group& group, ByteReader& in) {
  for (const std::size_t port : {0U, 1U}) {
    DART_TRY(const bool any_row, read_flag(in));
    if (any_row) {
      DART_TRY(group.rows.side(port), stores_[port].read_row(in));
    }
    DART_TRY(const bool any_shown, read_flag(in));
    if (!any_shown) continue;
    DART_TRY(const bool another, read_flag(in));
    if (another) {
      DART_TRY(group.shown.side(port), stores_[port].read_row(in));
    } else {
      group.shown.side(port) = group.rows.side(port);
    }
  }
  return {};
}

}  // namespace

Made make_keyed_join(const NodeContext& context) { return std::make_unique<KeyedJoinOperator>(context); }

}  // namespace dart::engine
