#include "engine/operators/over_function.hpp"

#include <deque>

#include "engine/chunk_bytes.hpp"
#include "engine/row_store.hpp"

namespace dart::engine {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::Vector;

namespace {

/// row_number() and count(*) over all rows so far: one counter a partition.
class RunningCount final : public OverFunction {
 public:
  void answer(const Chunk&, const std::uint32_t* groups, std::size_t begin, std::size_t end,
              Vector& out) override {
    auto* numbers = out.mutable_data<std::int64_t>();
    std::int64_t* counts = counts_.data();
    for (std::size_t r = begin; r < end; ++r) numbers[r] = ++counts[groups[r]];
  }
  void grow(std::size_t partitions) override { counts_.resize(std::max(counts_.size(), partitions), 0); }
  [[nodiscard]] LogicalType result() const override { return LogicalType::of(columnar::TypeId::BigInt); }
  [[nodiscard]] std::size_t bytes() const override { return counts_.capacity() * sizeof(std::int64_t); }
  void write(std::size_t partitions, ByteWriter& out) const override {
    for (std::size_t p = 0; p < partitions; ++p) out.fixed(counts_[p]);
  }
  Status read(std::size_t partitions, ByteReader& in) override {
    for (std::size_t p = 0; p < partitions; ++p) {
      DART_TRY(counts_[p], read_total(in));
    }
    return {};
  }

 private:
  std::vector<std::int64_t> counts_;
};

/// lag(x [, offset [, default]]): the value `offset` rows back in the partition.
class Lag final : public OverFunction {
 public:
  Lag(const plan::OverCall& call, LogicalType type)
      : column_(call.arguments[0]),
        offset_(call.direct.empty() ? 1 : static_cast<std::size_t>(call.direct[0].bigint())),
        default_(call.direct.size() > 1 ? call.direct[1] : columnar::Value::null(type)),
        store_({type}) {}

  void answer(const Chunk& chunk, const std::uint32_t* groups, std::size_t begin, std::size_t end,
              Vector& out) override {
    const Vector* const input[] = {&chunk.columns[column_]};
    for (std::size_t r = begin; r < end; ++r) {
      std::deque<RowStore::Slot>& last = last_[groups[r]];
      last.push_back(store_.insert(input, r));
      if (last.size() <= offset_) {
        out.set_value(r, default_);
        continue;
      }
      store_.read(0, std::span(&last.front(), 1), out, r);
      store_.erase(last.front());
      last.pop_front();
    }
  }
  void grow(std::size_t partitions) override { last_.resize(std::max(last_.size(), partitions)); }
  [[nodiscard]] LogicalType result() const override { return store_.types()[0]; }
  [[nodiscard]] std::size_t bytes() const override {
    return store_.bytes() + store_.size() * sizeof(RowStore::Slot);
  }
  void write(std::size_t partitions, ByteWriter& out) const override {
    for (std::size_t p = 0; p < partitions; ++p) {
      out.varint(last_[p].size());
      for (const RowStore::Slot slot : last_[p]) store_.write_row(slot, out);
    }
  }
  Status read(std::size_t partitions, ByteReader& in) override {
    for (std::size_t p = 0; p < partitions; ++p) {
      DART_TRY(const std::size_t rows, in.count());
      if (rows > offset_) return fail(ErrorCode::Data, "lag() remembers too many rows");
      for (std::size_t r = 0; r < rows; ++r) {
        DART_TRY(last_[p].emplace_back(), store_.read_row(in));
      }
    }
    return {};
  }

 private:
  std::uint32_t column_;
  std::size_t offset_;
  columnar::Value default_;
  RowStore store_;
  std::vector<std::deque<RowStore::Slot>> last_;  // by partition, oldest first
};

/// An aggregate over a frame that ends at the current row (Rows) or its last peer (Range). A frame that
/// begins somewhere keeps its rows' arguments, and retracts them as it moves on.
class FramedAggregate final : public OverFunction {
 public:
  FramedAggregate(const plan::Over& over, const plan::OverCall& call, const std::vector<LogicalType>& types)
      : order_(over.order),
        peers_(over.peers && call.frame.unit == plan::Frame::Unit::Range),
        frame_(call.frame),
        layout_({AggregateInput{call.bound, call.arguments, call.filter, position_of(over, call)}}),
        feed_(layout_),
        frame_layout_(
            {AggregateInput{call.bound, identity(call.arguments.size()), std::nullopt, std::nullopt}}),
        states_(layout_),
        frame_store_(argument_types(call, types)) {}

  void answer(const Chunk& chunk, const std::uint32_t* groups, std::size_t begin, std::size_t end,
              Vector& out) override {
    feed_.prepare(chunk, begin);
    if (peers_) {
      for (std::size_t r = begin; r < end; ++r) slide(chunk, groups[r], r);
      feed_.update(chunk, begin, end, groups, states_.data());
      for (std::size_t r = begin; r < end; ++r) finalize(groups[r], out, r);
      return;
    }
    for (std::size_t r = begin; r < end; ++r) {
      slide(chunk, groups[r], r);
      feed_.update(chunk, r, r + 1, groups, states_.data());
      finalize(groups[r], out, r);
    }
  }

  void grow(std::size_t partitions) override {
    states_.grow(partitions);
    if (frame_.preceding) frames_.resize(std::max(frames_.size(), partitions));
  }
  [[nodiscard]] LogicalType result() const override { return layout_.calls()[0].bound.result; }
  [[nodiscard]] std::size_t bytes() const override {
    return states_.bytes() + frame_store_.bytes() + frame_store_.size() * sizeof(Kept);
  }
  void write(std::size_t partitions, ByteWriter& out) const override {
    for (std::size_t p = 0; p < partitions; ++p) {
      layout_.serialize(states_.at(p), out);
      if (!frame_.preceding) continue;
      out.varint(frames_[p].size());
      for (const Kept& kept : frames_[p]) {
        out.fixed(kept.place);
        out.fixed<std::uint8_t>(kept.slot != RowStore::kNone ? 1 : 0);
        if (kept.slot != RowStore::kNone) frame_store_.write_row(kept.slot, out);
      }
    }
  }
  Status read(std::size_t partitions, ByteReader& in) override {
    for (std::size_t p = 0; p < partitions; ++p) {
      DART_TRY_STATUS(layout_.deserialize(states_.at(p), in));
      if (!frame_.preceding) continue;
      DART_TRY(const std::size_t rows, in.count());
      for (std::size_t r = 0; r < rows; ++r) {
        Kept kept{0, RowStore::kNone};
        DART_TRY(kept.place, in.fixed<std::int64_t>());
        DART_TRY(const bool taken, read_flag(in));
        if (taken) {
          DART_TRY(kept.slot, frame_store_.read_row(in));
        }
        frames_[p].push_back(kept);
      }
    }
    return {};
  }

 private:
  struct Kept {
    std::int64_t place;   // the order column's value (Range)
    RowStore::Slot slot;  // kNone: the row was not taken in (FILTER, NULL), but counts as a row of the frame
  };

  static std::optional<std::uint32_t> position_of(const plan::Over& over, const plan::OverCall& call) {
    return call.bound.ordered ? std::optional(over.order) : std::nullopt;
  }
  static std::vector<std::uint32_t> identity(std::size_t count) {
    std::vector<std::uint32_t> columns;
    for (std::uint32_t c = 0; c < count; ++c) columns.push_back(c);
    return columns;
  }
  static std::vector<LogicalType> argument_types(const plan::OverCall& call,
                                                 const std::vector<LogicalType>& types) {
    std::vector<LogicalType> arguments;
    for (const std::uint32_t column : call.arguments) arguments.push_back(types[column]);
    return arguments;
  }

  /// Takes the rows out that the frame of row r leaves behind, and notes r for later.
  void slide(const Chunk& chunk, std::uint32_t partition, std::size_t r) {
    if (!frame_.preceding) return;
    std::deque<Kept>& frame = frames_[partition];
    const std::int64_t place = chunk.columns[order_].at<std::int64_t>(r);
    const bool by_rows = frame_.unit == plan::Frame::Unit::Rows;
    while (!frame.empty() && (by_rows ? static_cast<std::int64_t>(frame.size()) > *frame_.preceding
                                      : frame.front().place < place - *frame_.preceding)) {
      if (frame.front().slot != RowStore::kNone) retract(partition, frame.front());
      frame.pop_front();
    }
    const AggregateInput& call = layout_.calls()[0];
    std::vector<const Vector*> arguments;
    bool taken = true;
    for (const std::uint32_t column : call.arguments) {
      arguments.push_back(&chunk.columns[column]);
      taken = taken && !(call.bound.skips_null && chunk.columns[column].is_null(r));
    }
    if (call.filter) {
      const Vector& filter = chunk.columns[*call.filter];
      taken = taken && !filter.is_null(r) && filter.at<std::uint8_t>(r) != 0;
    }
    frame.push_back({place, taken ? frame_store_.insert(arguments, r) : RowStore::kNone});
  }

  void retract(std::uint32_t partition, const Kept& kept) {
    const columnar::BoundAggregate& bound = frame_layout_.calls()[0].bound;
    cells_.resize(frame_store_.types().size());
    cell_pointers_.clear();
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      cells_[c].reset(frame_store_.types()[c], 1);
      frame_store_.read(c, std::span(&kept.slot, 1), cells_[c], 0);
      cell_pointers_.push_back(&cells_[c]);
    }
    const std::int64_t weight = -1;
    bound.update(bound.parameters.get(), {cell_pointers_, nullptr, 1, nullptr, &weight, &kept.place,
                                          states_.at(partition), layout_.stride()});
    frame_store_.erase(kept.slot);
  }

  void finalize(std::uint32_t partition, Vector& out, std::size_t row) {
    if (layout_.finalize(0, states_.at(partition), out, row)) ++out_of_range;
  }

  std::uint32_t order_;
  bool peers_;
  plan::Frame frame_;
  AggregateLayout layout_;
  AggregateFeed feed_;
  AggregateLayout frame_layout_;  // the same call over the kept arguments
  AggregateStates states_;
  RowStore frame_store_;
  std::vector<std::deque<Kept>> frames_;
  std::vector<Vector> cells_;
  std::vector<const Vector*> cell_pointers_;
};

}  // namespace

std::unique_ptr<OverFunction> make_over_function(const plan::Over& over, const plan::OverCall& call,
                                                 const std::vector<LogicalType>& types, LogicalType result) {
  if (call.name == "row_number") return std::make_unique<RunningCount>();
  if (call.name == "lag") return std::make_unique<Lag>(call, result);
  const bool counts_rows = call.name == "count" && call.arguments.empty() && !call.filter;
  const bool row_by_row = call.frame.unit == plan::Frame::Unit::Rows || !over.peers;
  if (counts_rows && row_by_row && !call.frame.preceding) return std::make_unique<RunningCount>();
  return std::make_unique<FramedAggregate>(over, call, types);
}

}  // namespace dart::engine
