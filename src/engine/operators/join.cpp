#include <algorithm>
#include <array>
#include <queue>
#include <tuple>
#include <utility>

#include "engine/chunk_builder.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/evaluator.hpp"
#include "engine/group_table.hpp"
#include "engine/merge_operator.hpp"
#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

/// The rows of one key: mostly one, or two while it changes.
class SlotList {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const Slot* begin() const { return count_ <= kInline ? few_ : many_.data(); }
  [[nodiscard]] const Slot* end() const { return begin() + count_; }
  void push_back(Slot slot) {
    if (count_ < kInline) {
      few_[count_++] = slot;
      return;
    }
    if (count_ == kInline) many_.assign(few_, few_ + kInline);
    many_.push_back(slot);
    ++count_;
  }
  /// False when it is not there.
  bool erase(Slot slot) {
    Slot* first = count_ <= kInline ? few_ : many_.data();
    Slot* last = first + count_;
    Slot* at = std::find(first, last, slot);
    if (at == last) return false;
    std::move(at + 1, last, at);
    --count_;
    if (count_ < kInline) return true;
    many_.pop_back();
    if (count_ == kInline) std::copy(many_.begin(), many_.end(), few_);
    return true;
  }
  void clear() {
    count_ = 0;
    many_.clear();
  }

 private:
  static constexpr std::size_t kInline = 2;
  std::uint32_t count_ = 0;
  Slot few_[kInline] = {};
  std::vector<Slot> many_;  // all of them, when more than kInline
};

/// The rows of one input, in lists by key group.
struct JoinSide {
  explicit JoinSide(std::vector<columnar::LogicalType> types) : store(std::move(types)) {}

  RowStore store;
  std::vector<SlotList> lists;        // by group
  std::vector<std::int64_t> weights;  // by slot
  std::vector<std::uint32_t> groups;  // by slot
  std::vector<std::uint32_t> keys;    // input columns
  std::vector<Slot> leaving;          // weight 0 at some point of the step
  std::vector<Slot> gone;             // out of the lists, erased after the flush

  /// Adds `weight` to an equal row of the group, or takes the row in; returns its slot.
  Slot change(std::uint32_t group, std::span<const Vector* const> columns, std::size_t row,
              std::int64_t weight) {
    for (const Slot slot : lists[group]) {
      if (!store.equal(slot, columns, row)) continue;
      weights[slot] += weight;
      if (weights[slot] == 0) leaving.push_back(slot);
      return slot;
    }
    const Slot slot = store.insert(columns, row);
    if (weights.size() <= slot) {
      weights.resize(slot + 1, 0);
      groups.resize(slot + 1, 0);
    }
    weights[slot] = weight;
    groups[slot] = group;
    lists[group].push_back(slot);
    return slot;
  }

  void unlink(Slot slot) {
    if (!lists[groups[slot]].erase(slot)) return;
    gone.push_back(slot);
  }

  [[nodiscard]] std::size_t bytes() const {
    return store.bytes() + weights.capacity() * 12 + lists.capacity() * sizeof(lists[0]) +
           store.size() * sizeof(Slot);
  }
};

/// Incremental join of two changelogs (dL x R, then L' x dR), inner or left. A step's pairs are collected,
/// pairs that come and go within it cancel, further conditions are evaluated over all of them at once, and
/// the NULL rows of a left join are settled last, from the number of partners that each left row has then.
class JoinOperator final : public MergeOperator {
 public:
  explicit JoinOperator(const NodeContext& context)
      : MergeOperator(context.node().stepped, context.input_types(0), context.input_types(1)),
        node_(context.kind<plan::Join>()),
        weighted_(context.node().weighted),
        sides_{JoinSide(context.input_types(0)), JoinSide(context.input_types(1))},
        table_(context.input_types(0, node_.left_keys)),
        builder_(context.output_types()),
        types_(context.output_types()) {
    sides_[0].keys = node_.left_keys;
    sides_[1].keys = node_.right_keys;
    for (const plan::ExpressionPtr& condition : node_.conditions) conditions_.emplace_back(condition);
  }

  [[nodiscard]] std::size_t state_bytes() const override {
    return sides_[0].bytes() + sides_[1].bytes() + table_.bytes();
  }

 private:
  void write_state(ByteWriter& out) const override;
  Status read_state(ByteReader& in) override;

  static constexpr std::size_t kFewPairs = 16;
  static constexpr std::size_t kFar = 8;  // rows fetched ahead
  static constexpr std::int64_t kNullKey = std::int64_t{1} << 32;

  struct Pair {
    Slot left;
    Slot right;
    std::int64_t weight;
  };

  /// The chunk with one more column: each row's key group, plus kNullKey where a key is NULL. The group stays
  /// while rows that name it wait.
  Chunk locate(std::size_t port, const Chunk& chunk) override {
    columns_.clear();
    for (const std::uint32_t key : sides_[port].keys) columns_.push_back(&chunk.columns[key]);
    row_groups_.resize(std::max(row_groups_.size(), chunk.rows));
    const std::uint32_t known = table_.end();
    const std::size_t before = table_.size();
    table_.find_or_insert(columns_, chunk.rows, row_groups_.data());
    if (waiting_.size() < table_.end()) {
      waiting_.resize(table_.end(), 0);
      for (JoinSide& side : sides_) side.lists.resize(table_.end());
    }
    Vector places;
    places.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), chunk.rows);
    const bool nulls =
        std::any_of(columns_.begin(), columns_.end(), [](const Vector* v) { return v->has_nulls(); });
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      const std::uint32_t group = row_groups_[r];
      const bool null = nulls && std::any_of(columns_.begin(), columns_.end(),
                                             [&](const Vector* v) { return v->is_null(r); });
      places.mutable_data<std::int64_t>()[r] = group | (null ? kNullKey : 0);
      const bool fresh =
          waiting_[group]++ == 0 && sides_[0].lists[group].empty() && sides_[1].lists[group].empty();
      if (fresh && node_.expires_by_key && (group >= known || table_.size() != before) &&
          !columns_[*node_.expires_by_key]->is_null(r)) {
        expiries_.emplace(table_.keys().get<std::int64_t>(group, *node_.expires_by_key), group);
      }
    }
    Chunk with = chunk;
    with.columns.push_back(std::move(places));
    return with;
  }

  /// Joins rows [begin, end) of one input with what the other holds, and takes them in.
  void take(std::size_t port, const Chunk& chunk, std::size_t begin, std::size_t end) override {
    JoinSide& side = sides_[port];
    const JoinSide& other = sides_[1 - port];
    columns_.clear();
    for (std::size_t c = 0; c + 1 < chunk.columns.size(); ++c) columns_.push_back(&chunk.columns[c]);
    const auto* places = chunk.columns.back().data<std::int64_t>();
    for (std::size_t r = begin; r < end; ++r) {
      if (r + kFar < chunk.rows) {
        const auto next = static_cast<std::uint32_t>(places[r + kFar]);
        __builtin_prefetch(&side.lists[next]);
        __builtin_prefetch(&other.lists[next]);
      }
      const auto group = static_cast<std::uint32_t>(places[r]);
      const std::int64_t weight = chunk.weight(r);
      --waiting_[group];
      const Slot slot = side.change(group, columns_, r, weight);
      if (port == 0 && node_.kind == plan::JoinKind::Left) touch_left(slot);
      if ((places[r] & kNullKey) != 0) continue;
      for (const Slot partner : other.lists[group]) {
        const std::int64_t product = weight * other.weights[partner];
        if (product == 0) continue;
        pairs_.push_back(port == 0 ? Pair{slot, partner, product} : Pair{partner, slot, product});
      }
    }
  }

  void touch_left(Slot left) {
    if (partners_.size() <= left) {
      partners_.resize(left + 1, 0);
      padding_.resize(left + 1, 0);
    }
    touched_.push_back(left);
  }

  void write_side(std::size_t port, std::uint32_t group, ByteWriter& out) const;
  Status read_side(std::size_t port, std::uint32_t group, ByteReader& in);
  void finish_step(std::int64_t step) override;
  void cancel_pairs();
  void cancel_few_pairs();
  void apply_conditions();
  void settle_padding(std::int64_t step);
  void retire();
  void expire(EventTime watermark, std::int64_t step) override;
  void finish_input(std::int64_t step) override {
    if (node_.emit == plan::EmitPolicy::AtClose) expire(kMaxEventTime, step);
  }
  void pad_closed(std::int64_t step);

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(sides_[0].store, ChunkBuilder::kIndex, 0);
    piece.read(sides_[1].store, ChunkBuilder::kSecond, sides_[0].store.types().size());
  }

  void flush(Output& out) override {
    builder_.flush(out, weighted_, stepped(), [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (JoinSide& side : sides_) {
      for (const Slot slot : side.gone) side.store.erase(slot);
      side.gone.clear();
    }
    std::sort(emptied_.begin(), emptied_.end());
    emptied_.erase(std::unique(emptied_.begin(), emptied_.end()), emptied_.end());
    for (const std::uint32_t group : emptied_) {
      if (waiting_[group] != 0 || !sides_[0].lists[group].empty() || !sides_[1].lists[group].empty())
        continue;
      table_.erase(group);
    }
    emptied_.clear();
  }

  plan::Join node_;
  bool weighted_;
  JoinSide sides_[2];
  GroupTable table_;
  ChunkBuilder builder_;
  std::vector<std::int64_t> waiting_;  // by group: rows that have come and wait for their step
  std::vector<Evaluator> conditions_;
  std::vector<std::int64_t> partners_;  // left join, by left slot: weight of its pairs
  std::vector<std::int64_t> padding_;   // left join, by left slot: weight of the NULL row emitted for it

  std::vector<columnar::LogicalType> types_;
  std::vector<Slot> slots_;
  Chunk candidate_chunk_;
  std::vector<Pair> pairs_;
  std::vector<Slot> touched_;
  std::vector<std::pair<Slot, std::int64_t>> padded_;
  std::vector<Slot> closed_alone_;
  std::vector<std::uint32_t> emptied_;
  std::vector<const Vector*> columns_;
  std::vector<std::uint32_t> row_groups_;
  using Expiry = std::pair<std::int64_t, std::uint32_t>;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
};

void JoinOperator::finish_step(std::int64_t step) {
  cancel_pairs();
  if (!conditions_.empty() && !pairs_.empty()) apply_conditions();
  for (const Pair& pair : pairs_) {
    if (pair.weight < 0) builder_.add(pair.left, pair.weight, step, pair.right);
  }
  if (node_.kind == plan::JoinKind::Left) {
    for (const Pair& pair : pairs_) {
      touch_left(pair.left);
      partners_[pair.left] += pair.weight;
    }
    settle_padding(step);
  }
  for (const Pair& pair : pairs_) {
    if (pair.weight > 0) builder_.add(pair.left, pair.weight, step, pair.right);
  }
  for (const auto& [left, weight] : padded_) builder_.add(left, weight, step, RowStore::kNone);
  padded_.clear();
  pairs_.clear();
  retire();
}

/// Adds up the weights of equal pairs and drops those that came and went.
void JoinOperator::cancel_pairs() {
  if (pairs_.size() < 2) return;
  if (pairs_.size() <= kFewPairs) {
    cancel_few_pairs();
    return;
  }
  std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) {
    return std::tie(a.left, a.right) < std::tie(b.left, b.right);
  });
  std::size_t kept = 0;
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    if (kept > 0 && pairs_[kept - 1].left == pairs_[k].left && pairs_[kept - 1].right == pairs_[k].right) {
      pairs_[kept - 1].weight += pairs_[k].weight;
    } else {
      pairs_[kept++] = pairs_[k];
    }
  }
  pairs_.resize(kept);
  std::erase_if(pairs_, [](const Pair& pair) { return pair.weight == 0; });
}

void JoinOperator::cancel_few_pairs() {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    std::size_t same = 0;
    while (same < kept && (pairs_[same].left != pairs_[k].left || pairs_[same].right != pairs_[k].right))
      ++same;
    if (same == kept) {
      pairs_[kept++] = pairs_[k];
    } else {
      pairs_[same].weight += pairs_[k].weight;
    }
  }
  pairs_.resize(kept);
  std::erase_if(pairs_, [](const Pair& pair) { return pair.weight == 0; });
}

/// Keeps the pairs for which every further condition is true; a condition that cannot be computed keeps no
/// pair.
void JoinOperator::apply_conditions() {
  std::vector<ChunkBuilder::Row> rows;
  for (const Pair& pair : pairs_) rows.push_back({pair.left, pair.right, 1, 0});
  candidate_chunk_.columns.resize(types_.size());
  for (std::size_t c = 0; c < types_.size(); ++c) candidate_chunk_.columns[c].reset(types_[c], rows.size());
  candidate_chunk_.rows = rows.size();
  ChunkBuilder::Piece piece(rows, candidate_chunk_.columns, slots_);
  fill(piece);
  std::vector<std::uint8_t> keep(rows.size(), 1);
  for (Evaluator& condition : conditions_) {
    columnar::RowErrors errors;
    const Vector& passed = condition.evaluate(candidate_chunk_, errors);
    for (const auto& mark : errors.marks()) {
      if (std::exchange(keep[mark.row], std::uint8_t{0}) != 0) ++counters.errors[mark.reason];
    }
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (passed.is_null(k) || passed.at<std::uint8_t>(k) == 0) keep[k] = 0;
    }
  }
  std::size_t kept = 0;
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    if (keep[k] != 0) pairs_[kept++] = pairs_[k];
  }
  pairs_.resize(kept);
}

/// The NULL row of a left row stands exactly while the row is there and has no partner.
void JoinOperator::settle_padding(std::int64_t step) {
  if (node_.emit == plan::EmitPolicy::AtClose) touched_.clear();  // settled once, by pad_closed
  for (const Slot left : touched_) {
    const std::int64_t wanted = partners_[left] == 0 ? sides_[0].weights[left] : 0;
    const std::int64_t change = wanted - padding_[left];
    padding_[left] = wanted;
    if (change < 0) builder_.add(left, change, step, RowStore::kNone);
    if (change > 0) padded_.emplace_back(left, change);
  }
  touched_.clear();
}

void JoinOperator::retire() {
  for (JoinSide& side : sides_) {
    for (const Slot slot : side.leaving) {
      if (side.weights[slot] != 0) continue;
      side.unlink(slot);
      emptied_.push_back(side.groups[slot]);
    }
    side.leaving.clear();
  }
}

/// A window is closed: no more rows come for its groups, and nothing asks for those that are there.
void JoinOperator::expire(EventTime watermark, std::int64_t step) {
  while (!expiries_.empty() && expiries_.top().first <= watermark) {
    const auto [end, group] = expiries_.top();
    expiries_.pop();
    const bool empty = sides_[0].lists[group].empty() && sides_[1].lists[group].empty();
    // The number may belong to a later window by now.
    if (empty || table_.keys().get<std::int64_t>(group, *node_.expires_by_key) != end) continue;
    for (JoinSide& side : sides_) {
      for (const Slot slot : side.lists[group]) {
        if (&side == &sides_[0] && slot < partners_.size()) {
          if (node_.emit == plan::EmitPolicy::AtClose && partners_[slot] == 0) closed_alone_.push_back(slot);
          partners_[slot] = padding_[slot] = 0;
        }
        side.gone.push_back(slot);
      }
      side.lists[group].clear();
    }
    table_.erase(group);
  }
  pad_closed(step);
}

/// AtClose: the left rows of closed windows that have no partner, in order of their windows' ends, then of
/// all columns.
void JoinOperator::pad_closed(std::int64_t step) {
  if (closed_alone_.empty()) return;
  const RowStore& rows = sides_[0].store;
  const std::uint32_t end = node_.left_keys[*node_.expires_by_key];
  std::sort(closed_alone_.begin(), closed_alone_.end(), [&](Slot a, Slot b) {
    int order = rows.compare(a, b, end);
    for (std::size_t c = 0; order == 0 && c < rows.types().size(); ++c) order = rows.compare(a, b, c);
    return order < 0;
  });
  for (const Slot left : closed_alone_) {
    builder_.add(left, sides_[0].weights[left], step, RowStore::kNone);
  }
  closed_alone_.clear();
}

void JoinOperator::write_state(ByteWriter& out) const {
  std::vector<std::uint32_t> groups;
  for (std::uint32_t group = 0; group < sides_[0].lists.size(); ++group) {
    if (!sides_[0].lists[group].empty() || !sides_[1].lists[group].empty()) groups.push_back(group);
  }
  out.varint(groups.size());
  for (const std::uint32_t group : groups) {
    table_.keys().write_row(group, out);
    for (const std::size_t port : {0U, 1U}) write_side(port, group, out);
  }
}

void JoinOperator::write_side(std::size_t port, std::uint32_t group, ByteWriter& out) const {
  const SlotList& list = sides_[port].lists[group];
  out.varint(static_cast<std::uint64_t>(list.end() - list.begin()));
  for (const Slot slot : list) {
    sides_[port].store.write_row(slot, out);
    out.fixed(sides_[port].weights[slot]);
    if (port == 1 || node_.kind != plan::JoinKind::Left) continue;
    out.fixed(partners_[slot]);
    out.fixed(padding_[slot]);
  }
}

Status JoinOperator::read_state(ByteReader& in) {
  DART_TRY(const std::size_t groups, in.count());
  for (std::size_t g = 0; g < groups; ++g) {
    DART_TRY(const std::uint32_t group, table_.restore_key(in));
    waiting_.resize(table_.end(), 0);
    for (JoinSide& side : sides_) side.lists.resize(table_.end());
    for (const std::size_t port : {0U, 1U}) DART_TRY_STATUS(read_side(port, group, in));
    if (node_.expires_by_key && !table_.keys().is_null(group, *node_.expires_by_key)) {
      expiries_.emplace(table_.keys().get<std::int64_t>(group, *node_.expires_by_key), group);
    }
  }
  return {};
}

Status JoinOperator::read_side(std::size_t port, std::uint32_t group, ByteReader& in) {
  JoinSide& side = sides_[port];
  DART_TRY(const std::size_t rows, in.count());
  for (std::size_t r = 0; r < rows; ++r) {
    DART_TRY(const Slot slot, side.store.read_row(in));
    side.weights.resize(std::max<std::size_t>(side.weights.size(), slot + 1), 0);
    side.groups.resize(side.weights.size(), 0);
    side.groups[slot] = group;
    side.lists[group].push_back(slot);
    DART_TRY(side.weights[slot], read_weight(in));
    if (port == 1 || node_.kind != plan::JoinKind::Left) continue;
    partners_.resize(side.weights.size(), 0);
    padding_.resize(side.weights.size(), 0);
    DART_TRY(partners_[slot], read_total(in));
    DART_TRY(padding_[slot], read_total(in));
  }
  return {};
}

}  // namespace

Made make_join(const NodeContext& context) { return std::make_unique<JoinOperator>(context); }

}  // namespace dart::engine
