#include <algorithm>
#include <queue>

#include "engine/aggregate_states.hpp"
#include "engine/chunk_builder.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/aggregate_calls.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/step_operator.hpp"

namespace dart::engine {

namespace {

using plan::EmitPolicy;
using Slot = RowStore::Slot;

/// GROUP BY over a changelog or a stream. PerStep: remembers the results last emitted for each group, and
/// after each step emits the old and the new row of the groups whose row differs. AtEnd: takes everything in,
/// emits at the end. per_block: the groups of a step are emitted when it ends, then forgotten. The one group
/// of an aggregate without keys exists from the start; its first row belongs to step 0, before any input.
class AggregateOperator final : public StepOperator {
 public:
  explicit AggregateOperator(const NodeContext& context)
      : node_(context.kind<plan::Aggregate>()),
        weighted_(context.node().weighted),
        stepped_(context.node().stepped),
        layout_(aggregate_inputs(node_.calls)),
        feed_(layout_),
        states_(layout_),
        table_(context.input_types(0, node_.keys)),
        results_store_(result_types(layout_)),
        builder_(context.output_types()),
        results_(layout_.calls().size()) {
    for (Vector& column : results_) result_columns_.push_back(&column);
    always_ = node_.keys.empty() && !node_.per_block;
    if (always_) {
      std::uint32_t group = 0;
      table_.find_or_insert({}, 1, &group);
      admit();
      touch(group);
    }
  }

  [[nodiscard]] std::size_t state_bytes() const override {
    return table_.bytes() + states_.bytes() + results_store_.bytes() + groups_.size() * sizeof(Group);
  }

 protected:
  void write_state(ByteWriter& out) const override {
    out.fixed<std::uint8_t>(started_ ? 1 : 0);
    if (!started_) return;
    const std::vector<std::uint32_t> groups = groups_in_order();
    out.varint(groups.size());
    for (const std::uint32_t group : groups) {
      const Group& state = groups_[group];
      table_.keys().write_row(group, out);
      out.fixed(state.rows);
      out.fixed<std::uint8_t>(state.result != RowStore::kNone ? 1 : 0);
      if (state.result != RowStore::kNone) results_store_.write_row(state.result, out);
      layout_.serialize(states_.at(group), out);
    }
  }

  Status read_state(ByteReader& in) override {
    DART_TRY(started_, read_flag(in));
    if (!started_) return {};
    table_.clear();  // of the group that is there before any row
    states_.clear();
    groups_.clear();
    touched_.clear();
    DART_TRY(const std::size_t count, in.count());
    for (std::size_t g = 0; g < count; ++g) {
      DART_TRY(const std::uint32_t group, table_.restore_key(in));
      admit();
      touch(group);
      if (node_.expires_by_key && table_.keys().is_null(group, *node_.expires_by_key)) {
        return fail(ErrorCode::Data, "a window without an end");
      }
      DART_TRY(groups_[group].rows, read_total(in));
      DART_TRY(const bool shown, read_flag(in));
      if (shown) {
        DART_TRY(groups_[group].result, results_store_.read_row(in));
      }
      DART_TRY_STATUS(layout_.deserialize(states_.at(group), in));
    }
    if (node_.emit == EmitPolicy::AtEnd) return {};
    for (const std::uint32_t group : touched_) groups_[group].touched = false;
    touched_.clear();
    return {};
  }

  void prepare(const Chunk& chunk) override {
    start();
    keys_.clear();
    for (const std::uint32_t key : node_.keys) keys_.push_back(&chunk.columns[key]);
    row_groups_.resize(std::max(row_groups_.size(), chunk.rows));
    table_.find_or_insert(keys_, chunk.rows, row_groups_.data());
    admit();
    feed_.prepare(chunk);
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) override {
    constexpr std::size_t kFar = 6;
    if (end + kFar < chunk.rows) {
      __builtin_prefetch(states_.at(row_groups_[end + kFar]));
      __builtin_prefetch(&groups_[row_groups_[end + kFar]]);
    }
    feed_.update(chunk, begin, end, row_groups_.data(), states_.data());
    const std::int64_t* weights = chunk.weight_data();
    for (std::size_t r = begin; r < end; ++r) {
      groups_[row_groups_[r]].rows += weights == nullptr ? 1 : weights[r];
      touch(row_groups_[r]);
    }
  }

  void finish_step(std::int64_t step) override {
    start();
    if (node_.emit == EmitPolicy::PerStep || node_.per_block) {
      emit_touched(step);
    } else if (node_.emit == EmitPolicy::AtClose) {
      for (const std::uint32_t group : touched_) groups_[group].touched = false;
      touched_.clear();
    }
  }

  void flush(Output& out) override {
    builder_.flush(out, weighted_, stepped_, [this](ChunkBuilder::Piece& piece) { fill(piece); });
    for (const Slot slot : old_results_) results_store_.erase(slot);
    old_results_.clear();
    for (const std::uint32_t group : retired_) {
      const Group& state = groups_[group];
      if (state.alive && !state.touched && state.result == RowStore::kNone &&
          (state.rows == 0 || node_.per_block || node_.emit == EmitPolicy::AtClose)) {
        forget(group);
      }
    }
    retired_.clear();
  }

  /// The windows of these groups are closed: nothing will change them, their rows stand as emitted.
  void expire(EventTime watermark, std::int64_t step) override {
    if (node_.emit == EmitPolicy::AtClose) {
      emit_closed(watermark, step);
      return;
    }
    while (!expiries_.empty() && expiries_.top().first <= watermark) {
      const auto [end, group] = expiries_.top();
      expiries_.pop();
      // The number may belong to a later group by now.
      if (groups_[group].alive && table_.keys().get<std::int64_t>(group, *node_.expires_by_key) == end)
        forget(group);
    }
  }

  void finish_input(Output& out) override {
    start();
    if (node_.emit == EmitPolicy::AtEnd) emit_touched(0);
    if (node_.emit == EmitPolicy::AtClose) emit_closed(kMaxEventTime, last_step());
    flush(out);
  }

 private:
  struct Group {
    std::int64_t rows = 0;          // weights of the rows it holds
    Slot result = RowStore::kNone;  // what was emitted for it and stands
    bool alive = false;
    bool touched = false;
  };

  /// Before the first step: the row of the empty input.
  void start() {
    if (started_) return;
    started_ = true;
    if (always_ && node_.emit == EmitPolicy::PerStep) emit_touched(0);
  }

  /// Arrays by group reach as far as the table's groups.
  void admit() {
    states_.grow(table_.end());
    if (groups_.size() < table_.end()) groups_.resize(table_.end());
  }

  void touch(std::uint32_t group) {
    Group& state = groups_[group];
    if (state.touched) return;
    state.touched = true;
    touched_.push_back(group);
    if (state.alive) return;
    state.alive = true;
    if (node_.emit == EmitPolicy::AtClose) {
      if (arrivals_.size() <= group) arrivals_.resize(group + 1);
      arrivals_[group] = ++last_arrival_;
    }
    if (node_.expires_by_key) {
      expiries_.emplace(table_.keys().get<std::int64_t>(group, *node_.expires_by_key), group);
    }
  }

  void forget(std::uint32_t group) {
    Group& state = groups_[group];
    if (!state.alive) return;
    if (state.result != RowStore::kNone) results_store_.erase(state.result);
    states_.reset(group);
    state = Group{};
    table_.erase(group);
  }

  /// The net difference of the touched groups: all retractions, then all insertions.
  void emit_touched(std::int64_t step) {
    finalize_touched();
    const bool standing = node_.emit == EmitPolicy::PerStep && !node_.per_block;
    inserts_.clear();
    for (std::size_t k = 0; k < touched_.size(); ++k) {
      const std::uint32_t group = touched_[k];
      Group& state = groups_[group];
      state.touched = false;
      const bool exists = state.rows > 0 || always_;
      if (!exists || !standing) retired_.push_back(group);
      if (exists && state.result != RowStore::kNone && results_store_.equal(state.result, result_columns_, k))
        continue;
      if (state.result != RowStore::kNone) {
        builder_.add(group, -1, step, state.result);
        old_results_.push_back(state.result);
        state.result = RowStore::kNone;
      }
      if (!exists) continue;
      const Slot slot = results_store_.insert(result_columns_, k);
      inserts_.emplace_back(group, slot);
      if (standing) {
        state.result = slot;
      } else {
        old_results_.push_back(slot);
      }
    }
    touched_.clear();
    for (const auto& [group, slot] : inserts_) builder_.add(group, 1, step, slot);
  }

  /// AtClose: the rows of the windows that the watermark closes, in order of their ends, then of the first
  /// arrival of their keys.
  void emit_closed(EventTime watermark, std::int64_t step) {
    for (const std::uint32_t group : touched_) groups_[group].touched = false;
    touched_.clear();
    std::int64_t last_end = 0;
    std::size_t first = 0;  // of the window at hand, in touched_
    const auto by_arrival = [this](std::uint32_t a, std::uint32_t b) { return arrivals_[a] < arrivals_[b]; };
    while (!expiries_.empty() && expiries_.top().first <= watermark) {
      const auto [end, group] = expiries_.top();
      expiries_.pop();
      Group& state = groups_[group];
      const bool same = state.alive && table_.keys().get<std::int64_t>(group, *node_.expires_by_key) == end;
      if (!same || state.touched) continue;  // the number belongs to a later group, or was had already
      if (end != last_end) {
        std::sort(touched_.begin() + static_cast<std::ptrdiff_t>(first), touched_.end(), by_arrival);
        first = touched_.size();
        last_end = end;
      }
      state.touched = true;
      touched_.push_back(group);
    }
    std::sort(touched_.begin() + static_cast<std::ptrdiff_t>(first), touched_.end(), by_arrival);
    emit_touched(step);
  }

  /// The groups that are there, in the order that their rows are emitted in as far as it is decided.
  [[nodiscard]] std::vector<std::uint32_t> groups_in_order() const {
    if (node_.emit == EmitPolicy::AtEnd) return touched_;
    std::vector<std::uint32_t> groups;
    for (std::uint32_t group = 0; group < groups_.size(); ++group) {
      if (groups_[group].alive) groups.push_back(group);
    }
    if (node_.emit == EmitPolicy::AtClose) {
      std::sort(groups.begin(), groups.end(),
                [this](std::uint32_t a, std::uint32_t b) { return arrivals_[a] < arrivals_[b]; });
    }
    return groups;
  }

  void finalize_touched() {
    for (std::size_t c = 0; c < results_.size(); ++c) {
      results_[c].reset(layout_.calls()[c].bound.result, touched_.size());
      for (std::size_t k = 0; k < touched_.size(); ++k) {
        if (layout_.finalize(c, states_.at(touched_[k]), results_[c], k))
          ++counters.errors[kResultOutOfRange];
      }
    }
  }

  void fill(ChunkBuilder::Piece& piece) {
    piece.read(table_.keys(), ChunkBuilder::kIndex, 0);
    piece.read(results_store_, ChunkBuilder::kSecond, node_.keys.size());
  }

  plan::Aggregate node_;
  bool weighted_;
  bool stepped_;
  AggregateLayout layout_;
  AggregateFeed feed_;
  AggregateStates states_;
  GroupTable table_;
  RowStore results_store_;
  ChunkBuilder builder_;
  std::vector<Vector> results_;
  std::vector<const Vector*> result_columns_;
  std::vector<Group> groups_;
  bool always_ = false;
  bool started_ = false;

  std::vector<const Vector*> keys_;
  std::vector<std::uint32_t> row_groups_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint32_t> retired_;  // may be forgotten once their last rows are out
  std::vector<Slot> old_results_;       // to be erased once their rows are out
  std::vector<std::pair<std::uint32_t, Slot>> inserts_;
  using Expiry = std::pair<std::int64_t, std::uint32_t>;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
  std::vector<std::uint64_t> arrivals_;  // AtClose, by group: when its first row came
  std::uint64_t last_arrival_ = 0;
};

}  // namespace

Made make_aggregate(const NodeContext& context) { return std::make_unique<AggregateOperator>(context); }

}  // namespace dart::engine
