// long: one operator; its state and the bytes of its state belong together
#include <algorithm>
#include <array>
#include <memory>
#include <queue>
#include <utility>

#include "engine/chunk_builder.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/sort_index.hpp"
#include "engine/step_operator.hpp"
#include "engine/unordered_rows.hpp"
#include "plan/unique_key.hpp"

namespace dart::engine {

namespace {

using plan::EmitPolicy;
using Slot = RowStore::Slot;

/// The rows of a partition that stand so far behind its front that nobody asks for their order: all those
/// whose leading sort words are greater than the bound.
struct Rest {
  UnorderedRows rows;
  std::array<std::uint64_t, 2> bound;
};

/// ORDER BY ... LIMIT, row_number() <= n and DISTINCT ON: the first rows of each partition. The rows at the
/// front are in an ordered index, so nothing is sorted per step; a long tail is kept without order, and gives
/// its best rows to the front when that runs short. A step that touches only rows behind the last listed one
/// changes nothing and is known at once. An equal row that leaves and comes back within a step keeps its
/// slot, so lists of slots compare like lists of rows.
class TopNOperator final : public StepOperator {
 public:
  explicit TopNOperator(const NodeContext& context)
      : node_(context.kind<plan::TopN>()),
        weighted_(context.node().weighted),
        stepped_(context.node().stepped),
        last_(last_rank(node_)),
        kept_(context.other_columns(0, node_.partition)),
        store_(context.input_types(0, kept_)),
        order_(store_, kept_order(node_, kept_)),
        identity_(identity(context, kept_)),
        table_(context.input_types(0, node_.partition)),
        builder_(context.output_types()) {
    if (order_.leading_words() == 0 || last_ > kLongestList) return;
    front_rows_ = std::max(kFrontRows, 4 * last_);
    longest_ = static_cast<std::uint32_t>(4 * front_rows_);
  }

  [[nodiscard]] std::size_t state_bytes() const override {
    std::size_t bytes = store_.bytes() + table_.bytes() + weights_.capacity() * sizeof(std::int64_t);
    for (const Partition& partition : partitions_) {
      bytes += sizeof partition + partition.index.bytes() + partition.listed.capacity() * sizeof(Slot);
      if (partition.rest) bytes += partition.rest->rows.bytes();
    }
    return bytes;
  }

 protected:
  void write_state(ByteWriter& out) const override;
  Status read_state(ByteReader& in) override;

  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const std::uint32_t column : kept_) columns_.push_back(&chunk.columns[column]);
    hashes_.clear();
    chunk_rows_ = chunk.rows;
    keys_.clear();
    for (const std::uint32_t key : node_.partition) keys_.push_back(&chunk.columns[key]);
    row_partitions_.resize(std::max(row_partitions_.size(), chunk.rows));
    table_.find_or_insert(keys_, chunk.rows, row_partitions_.data());
    while (partitions_.size() < table_.end()) partitions_.emplace_back(order_);
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) override {
    for (std::size_t r = begin; r < end; ++r) {
      if (!node_.partition.empty()) fetch_ahead(r, chunk.rows);
      change(row_partitions_[r], r, chunk.weight(r));
    }
  }

  void finish_step(std::int64_t step) override {
    if (node_.emit == EmitPolicy::PerStep) {
      for (const std::uint32_t p : dirty_) {
        partitions_[p].dirty = false;
        relist(partitions_[p], step);
      }
      dirty_.clear();
    }
    for (const Leaving& leaving : leaving_) {
      if (weights_[leaving.slot] != 0) continue;
      SortOrder::Words words;
      order_.encode(leaving.slot, words.data());
      SortIndex& index = partitions_[leaving.partition].index;
      remove(leaving.partition, index.find(words.data(), leaving.slot), leaving.slot);
    }
    leaving_.clear();
    for (const std::uint32_t p : long_) shorten(partitions_[p]);
    long_.clear();
  }

  void flush(Output& out) override {
    builder_.flush(out, weighted_, stepped_, [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (const Slot slot : gone_) store_.erase(slot);
    gone_.clear();
    for (const std::uint32_t p : emptied_) {
      Partition& partition = partitions_[p];
      if (!partition.index.empty() || partition.rest || partition.dirty || !partition.listed.empty())
        continue;
      if (partition.used) table_.erase(p);
      partition.used = false;
    }
    emptied_.clear();
  }

  /// The windows of these partitions are closed.
  void expire(EventTime watermark, std::int64_t step) override {
    while (!expiries_.empty() && expiries_.top().first <= watermark) {
      const std::uint32_t p = expiries_.top().second;
      expiries_.pop();
      if (node_.emit == EmitPolicy::AtClose) relist(partitions_[p], step);
      forget(p);
    }
  }

  void finish_input(Output& out) override {
    if (node_.emit == EmitPolicy::PerStep) return;
    if (node_.emit == EmitPolicy::AtClose) expire(kMaxEventTime, last_step());
    for (Partition& partition : partitions_) {
      if (partition.used) relist(partition, last_step());
    }
    flush(out);
  }

 private:
  /// The weight of a slot that has left the index and waits to be erased.
  static constexpr std::int64_t kGone = INT64_MIN;
  /// A front is cut to this many rows when it has become four times as long.
  static constexpr std::int64_t kFrontRows = 64;
  /// With longer lists all rows stay in order.
  static constexpr std::int64_t kLongestList = 1 << 20;

  struct Partition {
    explicit Partition(const SortOrder& order) : index(order) {}
    bool dirty = false;
    bool used = false;
    std::uint32_t longest = 0;   // rows in the index at which it is cut; 0: as the operator says
    std::unique_ptr<Rest> rest;  // rows behind all of the index; never empty
    SortIndex index;
    std::vector<Slot> listed;        // the first `last_` rows, as emitted; a row of weight n stands n times
    SortOrder::Words boundary = {};  // words of the last listed
  };
  struct Leaving {
    std::uint32_t partition;
    Slot slot;
  };

  static std::int64_t last_rank(const plan::TopN& node) {
    std::int64_t rank = 0;
    return __builtin_add_overflow(node.offset, node.limit, &rank) ? INT64_MAX : rank;
  }

  /// Kept columns that tell a partition's rows apart.
  static std::vector<std::uint32_t> identity(const NodeContext& context,
                                             const std::vector<std::uint32_t>& kept) {
    const auto key = plan::unique_key(context.plan, context.node().inputs[0].node);
    std::vector<std::uint32_t> places;
    for (std::uint32_t place = 0; place < kept.size(); ++place) {
      if (!key || std::find(key->begin(), key->end(), kept[place]) != key->end()) places.push_back(place);
    }
    return places;
  }
  /// The sort keys in kept columns; inside a partition its own columns order nothing.
  static std::vector<plan::SortKey> kept_order(const plan::TopN& node,
                                               const std::vector<std::uint32_t>& kept) {
    std::vector<plan::SortKey> order;
    for (plan::SortKey key : node.order) {
      const auto place = std::find(kept.begin(), kept.end(), key.column);
      if (place == kept.end()) continue;
      key.column = static_cast<std::uint32_t>(place - kept.begin());
      order.push_back(key);
    }
    return order;
  }

  void change(std::uint32_t p, std::size_t row, std::int64_t weight) {
    Partition& partition = partitions_[p];
    if (!partition.used && node_.expires_by_key) {
      expiries_.emplace(table_.keys().get<std::int64_t>(p, *node_.expires_by_key), p);
    }
    partition.used = true;
    SortOrder::Words words;
    if (partition.rest) {
      order_.encode_leading(columns_, row, words.data());
      if (beyond(words.data(), partition.rest->bound)) {
        change_rest(p, row, weight);
        return;
      }
    }
    order_.encode(columns_, row, words.data());
    const SortIndex::Place place = partition.index.find(words.data(), columns_, row);
    const bool full = static_cast<std::int64_t>(partition.listed.size()) >= last_;
    const bool behind =
        full && (last_ == 0 || order_.compare(partition.boundary.data(), partition.listed.back(),
                                              words.data(), columns_, row) < 0);
    if (!behind) mark_dirty(p);
    if (place.slot == RowStore::kNone) {
      partition.index.insert(place, words.data(), take_in(p, row, weight));
      if (too_long(partition)) long_.push_back(p);
      return;
    }
    weights_[place.slot] += weight;
    if (weights_[place.slot] != 0) return;
    if (behind) {
      remove(p, place, place.slot);
    } else {  // may be listed, and may come back within the step
      leaving_.push_back({p, place.slot});
    }
  }

  void mark_dirty(std::uint32_t p) {
    if (std::exchange(partitions_[p].dirty, true)) return;
    dirty_.push_back(p);
  }

  Slot take_in(std::uint32_t p, std::size_t row, std::int64_t weight) {
    const Slot slot = store_.insert(columns_, row);
    if (weights_.size() <= slot) {
      weights_.resize(slot + 1, 0);
      owners_.resize(slot + 1, 0);
    }
    weights_[slot] = weight;
    owners_[slot] = p;
    return slot;
  }

  [[nodiscard]] bool beyond(const std::uint64_t* words, const std::array<std::uint64_t, 2>& bound) const {
    if (words[0] != bound[0]) return words[0] > bound[0];
    return order_.leading_words() == 2 && words[1] > bound[1];
  }

  /// A row behind the front: nobody sees the change, unless the list reaches that far.
  void change_rest(std::uint32_t p, std::size_t row, std::int64_t weight) {
    Partition& partition = partitions_[p];
    UnorderedRows& rows = partition.rest->rows;
    if (static_cast<std::int64_t>(partition.listed.size()) < last_) mark_dirty(p);
    const std::uint64_t hash = hash_of_row(row);
    const Slot slot = rows.find(hash, identity_columns_, row);
    if (slot == RowStore::kNone) {
      rows.insert(hash, take_in(p, row, weight));
      return;
    }
    weights_[slot] += weight;
    if (weights_[slot] != 0) return;
    rows.erase(hash, slot);
    drop(slot);
    if (rows.size() == 0) {
      partition.rest.reset();
      if (partition.index.empty()) emptied_.push_back(p);
    }
  }

  std::uint64_t hash_of_row(std::size_t row) {
    if (hashes_.empty()) {
      identity_columns_.clear();
      for (const std::uint32_t place : identity_) identity_columns_.push_back(columns_[place]);
      hashes_.resize(chunk_rows_);
      hash_rows(identity_columns_, 0, chunk_rows_, hashes_.data());
    }
    return hashes_[row];
  }

  [[nodiscard]] bool too_long(const Partition& partition) const {
    const std::uint32_t longest = partition.longest != 0 ? partition.longest : longest_;
    return longest != 0 && partition.index.size() >= longest;
  }

  /// Hands the far end of a long front to the rest. Rows that share the bound's words stay in front; when
  /// those are many, the next cut waits until the front has doubled.
  void shorten(Partition& partition) {
    if (!too_long(partition)) return;
    std::array<std::uint64_t, 2> bound = {};
    std::int64_t ahead = 0;
    std::vector<std::pair<SortOrder::Words, Slot>> front;
    std::vector<Slot> tail;
    partition.index.scan([&](const std::uint64_t* words, Slot slot) {
      if (++ahead <= front_rows_) std::copy_n(words, order_.leading_words(), bound.begin());
      if (beyond(words, bound)) {
        tail.push_back(slot);
      } else {
        std::copy_n(words, order_.words(), front.emplace_back(SortOrder::Words{}, slot).first.begin());
      }
      return true;
    });
    partition.longest = std::max(longest_, static_cast<std::uint32_t>(2 * front.size()));
    if (tail.empty()) return;
    if (!partition.rest) partition.rest.reset(new Rest{UnorderedRows(store_, identity_), bound});
    partition.rest->bound = bound;
    for (const Slot slot : tail) partition.rest->rows.insert(slot);
    partition.index.clear();
    for (const auto& [words, slot] : front) {
      partition.index.insert(partition.index.find(words.data(), slot), words.data(), slot);
    }
  }

  /// Brings the best rows of the rest to the front.
  void lengthen(Partition& partition) {
    struct Candidate {
      std::array<std::uint64_t, 2> leading;
      Slot slot;
    };
    std::vector<Candidate> candidates;
    SortOrder::Words words = {};
    partition.rest->rows.scan([&](Slot slot) {
      order_.encode_leading(slot, words.data());
      candidates.push_back({{words[0], order_.leading_words() == 2 ? words[1] : 0}, slot});
    });
    const auto wanted = static_cast<std::ptrdiff_t>(
        std::min<std::size_t>(static_cast<std::size_t>(front_rows_), candidates.size()) - 1);
    std::nth_element(candidates.begin(), candidates.begin() + wanted, candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.leading < b.leading; });
    partition.rest->bound = candidates[static_cast<std::size_t>(wanted)].leading;
    for (const Candidate& candidate : candidates) {
      if (beyond(candidate.leading.data(), partition.rest->bound)) continue;
      order_.encode(candidate.slot, words.data());
      partition.index.insert(partition.index.find(words.data(), candidate.slot), words.data(),
                             candidate.slot);
      partition.rest->rows.erase(candidate.slot);
    }
    if (partition.rest->rows.size() == 0) partition.rest.reset();
  }

  /// Partitions are many and small: what the next rows need is asked for while this one is worked on.
  void fetch_ahead(std::size_t row, std::size_t rows) const {
    constexpr std::size_t kFar = 8;
    constexpr std::size_t kNear = 4;
    if (row + kFar < rows) {
      const Partition& far = partitions_[row_partitions_[row + kFar]];
      __builtin_prefetch(&far);
      __builtin_prefetch(&far.listed);
      __builtin_prefetch(&far.boundary);
    }
    if (row + kNear < rows) {
      const Partition& next = partitions_[row_partitions_[row + kNear]];
      next.index.prefetch();
      if (!next.listed.empty()) store_.prefetch(next.listed.back());
    }
  }

  /// Takes a row out of the index; its slot is free once the rows collected so far are out.
  void remove(std::uint32_t p, SortIndex::Place place, Slot slot) {
    partitions_[p].index.erase(place);
    drop(slot);
    if (partitions_[p].index.empty()) emptied_.push_back(p);
  }

  void drop(Slot slot) {
    weights_[slot] = kGone;
    gone_.push_back(slot);
  }

  /// The slots that come first now, into fresh_.
  void list(const Partition& partition) {
    fresh_.clear();
    partition.index.scan([&](const std::uint64_t*, Slot slot) {
      for (std::int64_t n = weights_[slot]; n > 0 && static_cast<std::int64_t>(fresh_.size()) < last_; --n) {
        fresh_.push_back(slot);
      }
      return static_cast<std::int64_t>(fresh_.size()) < last_;
    });
  }

  /// Emits the difference between the rows listed and those that now come first.
  void relist(Partition& partition, std::int64_t step) {
    list(partition);
    while (partition.rest && static_cast<std::int64_t>(fresh_.size()) < last_) {
      lengthen(partition);
      list(partition);
    }
    const auto skip = static_cast<std::size_t>(node_.offset);
    const std::span<const Slot> old_rows =
        std::span(partition.listed).subspan(std::min(skip, partition.listed.size()));
    const std::span<const Slot> new_rows = std::span(fresh_).subspan(std::min(skip, fresh_.size()));
    if (node_.with_rank) {
      differ_by_rank(old_rows, new_rows, step);
    } else {
      differ_as_sets(old_rows, new_rows, step);
    }
    partition.listed.assign(fresh_.begin(), fresh_.end());
    if (!fresh_.empty()) order_.encode(fresh_.back(), partition.boundary.data());
  }

  /// Drops a partition whose window is closed; its slots go once the rows just collected are out.
  void forget(std::uint32_t p) {
    Partition& partition = partitions_[p];
    partition.index.scan([&](const std::uint64_t*, Slot slot) {
      drop(slot);
      return true;
    });
    if (partition.rest) partition.rest->rows.scan([&](Slot slot) { drop(slot); });
    partition.rest.reset();
    partition.longest = 0;
    partition.index.clear();
    partition.listed.clear();
    emptied_.push_back(p);
  }

  void differ_by_rank(std::span<const Slot> old_rows, std::span<const Slot> new_rows, std::int64_t step) {
    const auto rank = [&](std::size_t k) {
      return static_cast<std::uint32_t>(k + 1) + static_cast<std::uint32_t>(node_.offset);
    };
    for (std::size_t k = 0; k < old_rows.size(); ++k) {
      if (k >= new_rows.size() || old_rows[k] != new_rows[k]) builder_.add(old_rows[k], -1, step, rank(k));
    }
    for (std::size_t k = 0; k < new_rows.size(); ++k) {
      if (k >= old_rows.size() || old_rows[k] != new_rows[k]) builder_.add(new_rows[k], 1, step, rank(k));
    }
  }

  /// Both lists stand in the same order: one walk finds what only one of them has.
  void differ_as_sets(std::span<const Slot> old_rows, std::span<const Slot> new_rows, std::int64_t step) {
    inserts_.clear();
    std::size_t o = 0;
    std::size_t n = 0;
    while (o < old_rows.size() || n < new_rows.size()) {
      if (o < old_rows.size() && n < new_rows.size() && old_rows[o] == new_rows[n]) {
        ++o;
        ++n;
      } else if (n == new_rows.size() || (o < old_rows.size() && before(old_rows[o], new_rows[n]))) {
        builder_.add(old_rows[o++], -1, step);
      } else {
        inserts_.push_back(new_rows[n++]);
      }
    }
    for (const Slot slot : inserts_) builder_.add(slot, 1, step);
  }

  [[nodiscard]] bool before(Slot a, Slot b) const {
    SortOrder::Words a_words;
    SortOrder::Words b_words;
    order_.encode(a, a_words.data());
    order_.encode(b, b_words.data());
    return order_.compare(a_words.data(), a, b_words.data(), b) < 0;
  }

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(store_, ChunkBuilder::kIndex, kept_);
    if (!node_.partition.empty()) {
      const auto partition_of = [this](const ChunkBuilder::Row& row) { return owners_[row.index]; };
      piece.read(table_.keys(), partition_of, node_.partition);
    }
    if (!node_.with_rank) return;
    auto* ranks = piece.column(kept_.size() + node_.partition.size()).mutable_data<std::int64_t>();
    for (const ChunkBuilder::Row& row : piece.rows()) *ranks++ = row.second;
  }

  void write_partition(const Partition& partition, ByteWriter& out) const;
  Status read_partition(std::uint32_t p, ByteReader& in);

  plan::TopN node_;
  bool weighted_;
  bool stepped_;
  std::int64_t last_;                // rank of the last row listed: offset + limit
  std::vector<std::uint32_t> kept_;  // input columns; the partition's its key has once for all
  RowStore store_;                   // those of every row
  SortOrder order_;
  std::vector<std::uint32_t> identity_;  // places in kept_
  std::int64_t front_rows_ = 0;          // to which a front is cut
  std::uint32_t longest_ = 0;            // at which it is; 0: never
  GroupTable table_;
  ChunkBuilder builder_;
  std::vector<Partition> partitions_;
  std::vector<std::int64_t> weights_;  // by slot
  std::vector<std::uint32_t> owners_;  // by slot: partition
  using Expiry = std::pair<std::int64_t, std::uint32_t>;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;

  std::vector<const Vector*> columns_;
  std::vector<const Vector*> keys_;
  std::vector<std::uint32_t> row_partitions_;
  std::vector<const Vector*> identity_columns_;
  std::vector<std::uint64_t> hashes_;  // of the chunk's rows, once they are asked for
  std::size_t chunk_rows_ = 0;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> long_;  // with a front to be cut
  std::vector<Leaving> leaving_;
  std::vector<Slot> gone_;
  std::vector<std::uint32_t> emptied_;
  std::vector<Slot> fresh_;
  std::vector<Slot> inserts_;
};

void TopNOperator::write_state(ByteWriter& out) const {
  std::vector<std::uint32_t> used;
  for (std::uint32_t p = 0; p < partitions_.size(); ++p) {
    if (partitions_[p].used) used.push_back(p);
  }
  out.varint(used.size());
  for (const std::uint32_t p : used) {
    table_.keys().write_row(p, out);
    write_partition(partitions_[p], out);
  }
}

/// All rows with their weights, then which of them are listed, by their numbers.
void TopNOperator::write_partition(const Partition& partition, ByteWriter& out) const {
  std::vector<Slot> rows;
  partition.index.scan([&](const std::uint64_t*, Slot slot) {
    rows.push_back(slot);
    return true;
  });
  if (partition.rest) partition.rest->rows.scan([&](Slot slot) { rows.push_back(slot); });
  out.varint(rows.size());
  for (const Slot slot : rows) {
    store_.write_row(slot, out);
    out.fixed(weights_[slot]);
  }
  out.varint(partition.listed.size());
  for (const Slot slot : partition.listed) {
    out.varint(static_cast<std::uint64_t>(std::find(rows.begin(), rows.end(), slot) - rows.begin()));
  }
}

Status TopNOperator::read_state(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  for (std::size_t k = 0; k < count; ++k) {
    DART_TRY(const std::uint32_t p, table_.restore_key(in));
    partitions_.emplace_back(order_);
    partitions_.back().used = true;
    if (node_.expires_by_key) {
      if (table_.keys().is_null(p, *node_.expires_by_key)) {
        return fail(ErrorCode::Data, "a window without an end");
      }
      expiries_.emplace(table_.keys().get<std::int64_t>(p, *node_.expires_by_key), p);
    }
    DART_TRY_STATUS(read_partition(p, in));
  }
  return {};
}

Status TopNOperator::read_partition(std::uint32_t p, ByteReader& in) {
  Partition& partition = partitions_[p];
  std::vector<Slot> rows;
  DART_TRY(const std::size_t count, in.count());
  for (std::size_t k = 0; k < count; ++k) {
    DART_TRY(const Slot slot, store_.read_row(in));
    rows.push_back(slot);
    weights_.resize(std::max<std::size_t>(weights_.size(), slot + 1), 0);
    owners_.resize(weights_.size(), 0);
    owners_[slot] = p;
    DART_TRY(weights_[slot], read_weight(in));
    if (weights_[slot] == 0) return fail(ErrorCode::Data, "a row without weight");
    SortOrder::Words words;
    order_.encode(slot, words.data());
    if (partition.rest && beyond(words.data(), partition.rest->bound)) {
      partition.rest->rows.insert(slot);
      continue;
    }
    const SortIndex::Place place = partition.index.find(words.data(), slot);
    if (place.slot != RowStore::kNone) return fail(ErrorCode::Data, "a row that is there twice");
    partition.index.insert(place, words.data(), slot);
    shorten(partition);
  }
  DART_TRY(const std::size_t listed, in.count());
  for (std::size_t k = 0; k < listed; ++k) {
    DART_TRY(const std::uint64_t row, in.varint());
    if (row >= rows.size()) return fail(ErrorCode::Data, "a listed row that is not there");
    partition.listed.push_back(rows[row]);
  }
  if (!partition.listed.empty()) order_.encode(partition.listed.back(), partition.boundary.data());
  return {};
}

}  // namespace

Made make_top_n(const NodeContext& context) { return std::make_unique<TopNOperator>(context); }

}  // namespace dart::engine
