#include <algorithm>
#include <map>
#include <numeric>

#include "columnar/window_bounds.hpp"
#include "engine/aggregate_states.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"
#include "engine/operators/aggregate_calls.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/partial_states.hpp"

namespace dart::engine {

namespace {

/// GROUP BY window and keys with one final row per window and key: tumble and hop. Rows go to panes of
/// gcd(size, slide), each with its own groups; a window that the watermark closes combines its panes. Whole
/// chunks are taken at once, and in order of time nearly every chunk falls into one pane. Windows leave in
/// order of their end, a window's rows in order of the first arrival of their key. Of an aggregation that is
/// divided, states come in place of rows, or panes go out in place of windows.
class WindowAggregateOperator final : public Operator {
 public:
  explicit WindowAggregateOperator(const NodeContext& context)
      : node_(context.kind<plan::Aggregate>()),
        window_(*node_.window),
        pane_us_(std::gcd(window_.size_us, window_.slide_us)),
        stepped_(context.node().stepped),
        takes_states_(node_.phase == plan::AggregatePhase::Combine ||
                      node_.phase == plan::AggregatePhase::Final),
        gives_states_(node_.phase == plan::AggregatePhase::Partial ||
                      node_.phase == plan::AggregatePhase::Combine),
        types_(context.output_types()),
        key_types_(context.input_types(0, node_.keys)),
        layout_(aggregate_inputs(node_.calls)),
        feed_(layout_),
        partial_(layout_),
        all_keys_(key_types_),
        window_states_(layout_) {}

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    if (chunk.step_data() != nullptr) step_ = chunk.step_data()[chunk.rows - 1];
    const Vector& times = chunk.columns[window_.time_column];
    if (times.has_nulls() || times.is_constant()) {
      take_without_nulls(chunk, out);
      return;
    }
    take(chunk, out);
  }

  void on_progress(std::size_t, const Progress& progress, Output& out) override {
    step_ = progress.last + 1;
    out.progress(progress);
  }

  void on_watermark(std::size_t, EventTime watermark, Output& out) override {
    move_on(watermark, out);
    out.watermark(watermark);
  }

  void on_end(std::size_t, Output& out) override {
    move_on(kMaxEventTime, out);
    out.end();
  }

  /// What takes states does not mind if those of a pane come in several parts.
  void hand_on(Output& out) override {
    if (gives_states_) give_panes(kMaxEventTime, out);
  }

  [[nodiscard]] std::size_t state_bytes() const override {
    std::size_t bytes = all_keys_.bytes();
    for (const auto& [start, pane] : panes_) bytes += pane.table.bytes() + pane.states.bytes();
    return bytes;
  }

  void snapshot(ByteWriter& out) const override {
    out.fixed(step_);
    out.fixed<std::uint8_t>(closed_any_ ? 1 : 0);
    out.fixed(last_closed_);
    out.varint(panes_.size());
    for (const auto& [start, pane] : panes_) {
      out.fixed(start);
      out.varint(pane.table.size());
      for (std::uint32_t group = 0; group < pane.table.end(); ++group) {
        pane.table.keys().write_row(group, out);
        layout_.serialize(pane.states.at(group), out);
      }
    }
  }
  Status restore(ByteReader& in) override {
    DART_TRY(step_, in.fixed<std::int64_t>());
    DART_TRY(closed_any_, read_flag(in));
    DART_TRY(last_closed_, in.fixed<std::int64_t>());
    DART_TRY(const std::size_t panes, in.count());
    for (std::size_t p = 0; p < panes; ++p) DART_TRY_STATUS(restore_pane(in));
    return {};
  }

 private:
  static constexpr std::int64_t kFarthest = INT64_MAX / 4;

  struct Pane {
    Pane(const std::vector<columnar::LogicalType>& key_types, const AggregateLayout& layout)
        : table(key_types), states(layout) {}
    GroupTable table;
    AggregateStates states;
    std::vector<std::uint32_t> global;  // hop: by the pane's group, its number in all_keys_
  };

  /// A pane's start as it comes from elsewhere: the bounds of windows near it do not overflow.
  [[nodiscard]] bool is_pane(std::int64_t start) const {
    return start > -kFarthest && start < kFarthest && columnar::align_down(start, pane_us_) == start;
  }

  Status restore_pane(ByteReader& in) {
    DART_TRY(const std::int64_t start, in.fixed<std::int64_t>());
    const bool possible = window_.size_us < kFarthest && window_.slide_us < kFarthest &&
                          last_closed_ > -kFarthest && last_closed_ < kFarthest;
    if (!possible || !is_pane(start) || panes_.contains(start)) {
      return fail(ErrorCode::Data, "a pane that cannot be there");
    }
    Pane& pane = pane_at(start);
    DART_TRY(const std::size_t groups, in.count());
    for (std::size_t g = 0; g < groups; ++g) {
      DART_TRY([[maybe_unused]] const auto group, pane.table.restore_key(in));
      pane.states.grow(pane.table.end());
      DART_TRY_STATUS(layout_.deserialize(pane.states.at(g), in));
    }
    return {};
  }

  void take(const Chunk& chunk, Output& out) {
    const auto* times = chunk.columns[window_.time_column].data<std::int64_t>();
    const auto [least, greatest] = std::minmax_element(times, times + chunk.rows);
    const std::int64_t first = columnar::align_down(*least, pane_us_);
    if (*greatest - first < pane_us_) {
      take_run(chunk, first, out);
      return;
    }
    std::size_t begin = 0;
    while (begin < chunk.rows) {
      const std::int64_t start = columnar::align_down(times[begin], pane_us_);
      std::size_t end = begin + 1;
      while (end < chunk.rows && times[end] >= start && times[end] - start < pane_us_) ++end;
      take_run(chunk.slice(begin, end - begin), start, out);
      begin = end;
    }
  }

  void take_without_nulls(const Chunk& chunk, Output& out) {
    const Vector& times = chunk.columns[window_.time_column];
    std::vector<std::uint32_t> rows;
    for (std::uint32_t r = 0; r < chunk.rows; ++r) {
      if (!times.is_null(r)) rows.push_back(r);
    }
    if (rows.size() < chunk.rows) counters.dropped["time is NULL"] += chunk.rows - rows.size();
    if (rows.empty()) return;
    Chunk kept;
    chunk.gather(rows.data(), rows.size(), kept);
    kept.columns[window_.time_column] = kept.columns[window_.time_column].flattened(rows.size());
    take(kept, out);
  }

  /// All rows of the chunk are in the pane that begins at `start`.
  void take_run(const Chunk& chunk, std::int64_t start, Output& out) {
    if (columnar::first_window(start, window_.size_us, window_.slide_us) > start) {
      counters.dropped["between two windows"] += chunk.rows;
      return;
    }
    if (takes_states_ && !is_pane(start)) {
      return out.fail({ErrorCode::Data, "states of a pane that cannot be there", std::nullopt, {}});
    }
    Pane& pane = pane_at(start);
    keys_.clear();
    for (const std::uint32_t key : node_.keys) keys_.push_back(&chunk.columns[key]);
    groups_.resize(std::max(groups_.size(), chunk.rows));
    pane.table.find_or_insert(keys_, chunk.rows, groups_.data());
    pane.states.grow(pane.table.end());
    if (takes_states_) {
      if (auto taken = partial_.combine(chunk, groups_.data(), pane.states); !taken) out.fail(taken.error());
      return;
    }
    feed_.prepare(chunk);
    feed_.update(chunk, 0, chunk.rows, groups_.data(), pane.states.data());
  }

  Pane& pane_at(std::int64_t start) {
    if (newest_ != nullptr && newest_start_ == start) return *newest_;
    auto place = panes_.find(start);
    if (place == panes_.end()) {
      if (spare_.empty()) {
        place = panes_.try_emplace(start, key_types_, layout_).first;
      } else {
        spare_.back().key() = start;
        place = panes_.insert(std::move(spare_.back())).position;
        spare_.pop_back();
      }
    }
    newest_ = &place->second;
    newest_start_ = start;
    return *newest_;
  }

  void move_on(EventTime watermark, Output& out) {
    if (gives_states_) {
      give_panes(watermark, out);
    } else {
      close(watermark, out);
    }
  }

  /// Hands on the states of the panes whose end the watermark has reached, in order, each key in the order of
  /// its first arrival.
  void give_panes(EventTime watermark, Output& out) {
    while (!panes_.empty()) {
      const auto first = panes_.begin();
      if (watermark != kMaxEventTime && first->first + pane_us_ > watermark) return;
      const Pane& pane = first->second;
      arrival_.resize(pane.table.end());
      std::iota(arrival_.begin(), arrival_.end(), 0U);
      for (std::size_t begin = 0; begin < arrival_.size(); begin += out.chunk_rows()) {
        const std::size_t count = std::min(out.chunk_rows(), arrival_.size() - begin);
        start_result(count, first->first);
        const std::span<const std::uint32_t> slots = std::span(arrival_).subspan(begin, count);
        read_keys(pane.table.keys(), slots, 1);
        const std::span<Vector> states = std::span(result_.columns).subspan(1 + key_types_.size());
        for (std::size_t k = 0; k < count; ++k) partial_.write(pane.states.at(slots[k]), states, k);
        out.chunk(result_);
      }
      release(first);
    }
  }

  /// So many rows whose first column is `start`.
  void start_result(std::size_t count, std::int64_t start) {
    result_.columns.resize(types_.size());
    for (std::size_t c = 0; c < types_.size(); ++c) result_.columns[c].reset(types_[c], count);
    std::fill_n(result_.columns[0].mutable_data<std::int64_t>(), count, start);
    result_.rows = count;
  }
  void read_keys(const RowStore& keys, std::span<const std::uint32_t> slots, std::size_t column) {
    for (std::size_t c = 0; c < key_types_.size(); ++c) keys.read(c, slots, result_.columns[column + c], 0);
  }

  /// Emits the windows whose end the watermark has reached, in order.
  void close(EventTime watermark, Output& out) {
    while (!panes_.empty()) {
      const std::int64_t oldest = panes_.begin()->first;
      std::int64_t start = columnar::first_window(oldest, window_.size_us, window_.slide_us);
      if (closed_any_ && start <= last_closed_) start = last_closed_ + window_.slide_us;
      if (start > oldest) {  // every window of the pane is closed
        release(panes_.begin());
        continue;
      }
      if (watermark != kMaxEventTime && start + window_.size_us > watermark) return;
      emit(start, out);
      last_closed_ = start;
      closed_any_ = true;
    }
  }

  void release(std::map<std::int64_t, Pane>::iterator place) {
    newest_ = nullptr;
    Pane& pane = place->second;
    for (const std::uint32_t key : pane.global) {
      if (--uses_[key] == 0) all_keys_.erase(key);
    }
    pane.global.clear();
    pane.table.clear();
    pane.states.clear();
    spare_.push_back(panes_.extract(place));
  }

  void emit(std::int64_t start, Output& out) {
    const auto first = panes_.lower_bound(start);
    const auto last = panes_.lower_bound(start + window_.size_us);
    if (first == last) return;
    if (std::next(first) == last) {
      arrival_.resize(first->second.table.end());
      std::iota(arrival_.begin(), arrival_.end(), 0U);
      write(start, first->second.table.keys(), first->second.states, out);
      return;
    }
    combine(first, last);
    write(start, all_keys_.keys(), window_states_, out);
  }

  /// window_states_[k] = all panes' states of the key arrival_[k].
  void combine(std::map<std::int64_t, Pane>::iterator first, std::map<std::int64_t, Pane>::iterator last) {
    window_states_.clear();
    arrival_.clear();
    for (auto place = first; place != last; ++place) {
      Pane& pane = place->second;
      number_keys(pane);
      for (std::uint32_t group = 0; group < pane.global.size(); ++group) {
        std::uint32_t& position = positions_[pane.global[group]];
        if (position == GroupTable::kNone) {
          position = static_cast<std::uint32_t>(arrival_.size());
          arrival_.push_back(pane.global[group]);
          window_states_.grow(arrival_.size());
        }
        layout_.combine(window_states_.at(position), pane.states.at(group));
      }
    }
    for (const std::uint32_t key : arrival_) positions_[key] = GroupTable::kNone;
  }

  /// Gives the pane's keys their numbers among all panes' keys, for those that came since the last time.
  void number_keys(Pane& pane) {
    const std::uint32_t known = static_cast<std::uint32_t>(pane.global.size());
    const std::uint32_t end = pane.table.end();
    if (known == end) return;
    slots_.resize(end - known);
    std::iota(slots_.begin(), slots_.end(), known);
    std::vector<Vector> cells(key_types_.size());
    std::vector<const Vector*> columns;
    for (std::size_t c = 0; c < key_types_.size(); ++c) {
      cells[c].reset(key_types_[c], slots_.size());
      pane.table.keys().read(c, slots_, cells[c], 0);
      columns.push_back(&cells[c]);
    }
    pane.global.resize(end);
    all_keys_.find_or_insert(columns, slots_.size(), pane.global.data() + known);
    uses_.resize(std::max<std::size_t>(uses_.size(), all_keys_.end()), 0);
    positions_.resize(uses_.size(), GroupTable::kNone);
    for (std::uint32_t group = known; group < end; ++group) ++uses_[pane.global[group]];
  }

  /// The window's rows: key arrival_[k] of `keys` with its states, which stand at k (combined) or at the key
  /// (one pane).
  void write(std::int64_t start, const RowStore& keys, const AggregateStates& states, Output& out) {
    for (std::size_t begin = 0; begin < arrival_.size(); begin += out.chunk_rows()) {
      const std::size_t count = std::min(out.chunk_rows(), arrival_.size() - begin);
      start_result(count, start);
      std::fill_n(result_.columns[1].mutable_data<std::int64_t>(), count, start + window_.size_us);
      read_keys(keys, std::span(arrival_).subspan(begin, count), 2);
      for (std::size_t a = 0; a < layout_.calls().size(); ++a) {
        Vector& column = result_.columns[2 + key_types_.size() + a];
        for (std::size_t k = 0; k < count; ++k) {
          if (layout_.finalize(a, states.at(begin + k), column, k)) ++counters.errors[kResultOutOfRange];
        }
      }
      if (stepped_) {
        result_.steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), count);
        std::fill_n(result_.steps.mutable_data<std::int64_t>(), count, step_);
      }
      out.chunk(result_);
    }
  }

  plan::Aggregate node_;
  plan::WindowAssign window_;
  std::int64_t pane_us_;
  bool stepped_;
  bool takes_states_;
  bool gives_states_;
  std::vector<columnar::LogicalType> types_;
  std::vector<columnar::LogicalType> key_types_;
  AggregateLayout layout_;
  AggregateFeed feed_;
  PartialStates partial_;
  std::map<std::int64_t, Pane> panes_;                          // by start
  std::vector<std::map<std::int64_t, Pane>::node_type> spare_;  // emptied panes, to be used again
  Pane* newest_ = nullptr;
  std::int64_t newest_start_ = 0;
  std::int64_t last_closed_ = 0;
  bool closed_any_ = false;
  std::int64_t step_ = 0;  // the step that a watermark belongs to

  // hop: keys of all panes, so that combining needs no hashing
  GroupTable all_keys_;
  std::vector<std::uint32_t> uses_;       // by key number: panes that hold it
  std::vector<std::uint32_t> positions_;  // by key number: place in the window being emitted
  AggregateStates window_states_;
  std::vector<std::uint32_t> arrival_;  // the window's keys in order of arrival

  std::vector<const Vector*> keys_;
  std::vector<std::uint32_t> groups_;
  std::vector<std::uint32_t> slots_;
  Chunk result_;
};

}  // namespace

Made make_window_aggregate(const NodeContext& context) {
  return std::make_unique<WindowAggregateOperator>(context);
}

}  // namespace dart::engine
