#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "columnar/aggregate.hpp"
#include "columnar/chunk.hpp"

namespace dart::engine {

/// What an operator needs to know of one aggregate call over its input.
struct AggregateInput {
  columnar::BoundAggregate bound;
  std::vector<std::uint32_t> arguments;   ///< input columns
  std::optional<std::uint32_t> filter;    ///< boolean input column
  std::optional<std::uint32_t> position;  ///< bigint input column
};

/// The layout of the states of several aggregates side by side, a group's in one piece of `stride` bytes.
class AggregateLayout {
 public:
  explicit AggregateLayout(std::vector<AggregateInput> calls);

  [[nodiscard]] const std::vector<AggregateInput>& calls() const { return calls_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] std::size_t offset(std::size_t call) const { return offsets_[call]; }
  void init(std::byte* states) const;
  void destroy(std::byte* states) const;
  void combine(std::byte* into, const std::byte* from) const;
  /// Result of call `call`; an out-of-range result is NULL and true.
  bool finalize(std::size_t call, const std::byte* states, columnar::Vector& out, std::size_t row) const {
    const columnar::BoundAggregate& bound = calls_[call].bound;
    return bound.finalize(bound.parameters.get(), states + offsets_[call], out, row);
  }
  void serialize(const std::byte* states, ByteWriter& out) const;
  [[nodiscard]] Status deserialize(std::byte* states, ByteReader& in) const;
  [[nodiscard]] std::size_t owned_bytes(const std::byte* states) const;
  [[nodiscard]] bool owns_memory() const { return owns_memory_; }

 private:
  std::vector<AggregateInput> calls_;
  std::vector<std::size_t> offsets_;
  std::size_t stride_ = 0;
  bool owns_memory_ = false;
};

/// The states of many groups in one array, which grows by moving (states allow that).
class AggregateStates {
 public:
  explicit AggregateStates(const AggregateLayout& layout) : layout_(&layout) {}
  ~AggregateStates() { clear(); }
  AggregateStates(const AggregateStates&) = delete;
  AggregateStates& operator=(const AggregateStates&) = delete;
  AggregateStates(AggregateStates&& other) noexcept;
  AggregateStates& operator=(AggregateStates&& other) noexcept;

  /// Groups below `groups` exist from now on, fresh ones from init.
  void grow(std::size_t groups);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::byte* at(std::size_t group) { return bytes_.get() + group * layout_->stride(); }
  [[nodiscard]] const std::byte* at(std::size_t group) const {
    return bytes_.get() + group * layout_->stride();
  }
  [[nodiscard]] std::byte* data() { return bytes_.get(); }
  void reset(std::size_t group);
  void clear();
  [[nodiscard]] std::size_t bytes() const;

 private:
  const AggregateLayout* layout_;
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// The rows of one chunk that each call takes in: those with a true FILTER and, where the aggregate skips
/// NULL, no NULL argument. Prepared once a chunk, then handed out by ranges of rows.
class AggregateFeed {
 public:
  explicit AggregateFeed(const AggregateLayout& layout);

  /// Rows before `first` will not be asked for.
  void prepare(const columnar::Chunk& chunk, std::size_t first = 0);
  /// Updates the states of rows [begin, end); ranges of one chunk must come in ascending order. groups[row]
  /// names each row's group in `states`.
  void update(const columnar::Chunk& chunk, std::size_t begin, std::size_t end, const std::uint32_t* groups,
              std::byte* states);

 private:
  struct Call {
    bool all = true;                       // every row is taken
    std::vector<std::uint32_t> selection;  // otherwise: these
    std::size_t cursor = 0;
    std::vector<const columnar::Vector*> arguments;
    const std::int64_t* positions = nullptr;
    columnar::Vector flat_position;
  };
  void select(const columnar::Chunk& chunk, const AggregateInput& input, std::size_t first, Call& call);

  const AggregateLayout* layout_;
  std::vector<Call> calls_;
  std::vector<std::uint32_t> identity_;  // 0, 1, 2, ...: a selection of any range
};

}  // namespace dart::engine
