#include <array>

#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// bool_and and bool_or: how many are true, and how many there are.
template <bool kAnd>
class BooleanCount {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<std::uint8_t> values(*rows.arguments[0]);
    for_each_row<BooleanCount>(rows, [=](BooleanCount& state, std::size_t row, auto weight) {
      state.count_ += weight;
      state.true_ += values[row] * std::int64_t{weight};
    });
  }
  void combine(const BooleanCount& other) {
    count_ += other.count_;
    true_ += other.true_;
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (count_ <= 0) return no_result<std::uint8_t>(out, row);
    out.mutable_data<std::uint8_t>()[row] = kAnd ? true_ == count_ : true_ > 0;
    return false;
  }
  void serialize(ByteWriter& out) const {
    out.fixed(count_);
    out.fixed(true_);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(count_, read_count(in));
    DART_TRY(true_, read_count(in));
    return {};
  }

 private:
  std::int64_t count_ = 0;
  std::int64_t true_ = 0;
};

/// bit_and and bit_or: how many have each bit set, and how many there are.
template <bool kAnd>
class BitCount {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<std::int64_t> values(*rows.arguments[0]);
    for_each_row<BitCount>(rows, [=](BitCount& state, std::size_t row, auto weight) {
      state.count_ += weight;
      const auto bits = static_cast<std::uint64_t>(values[row]);
      for (std::size_t i = 0; i < kBits; ++i) {
        state.set_[i] += static_cast<std::int64_t>(bits >> i & 1U) * std::int64_t{weight};
      }
    });
  }
  void combine(const BitCount& other) {
    count_ += other.count_;
    for (std::size_t i = 0; i < kBits; ++i) set_[i] += other.set_[i];
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (count_ <= 0) return no_result<std::int64_t>(out, row);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kBits; ++i) {
      bits |= std::uint64_t{kAnd ? set_[i] == count_ : set_[i] > 0} << i;
    }
    out.mutable_data<std::int64_t>()[row] = static_cast<std::int64_t>(bits);
    return false;
  }
  void serialize(ByteWriter& out) const {
    out.fixed(count_);
    out.fixed(set_);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(count_, read_count(in));
    for (std::int64_t& count : set_) {
      DART_TRY(count, read_count(in));
    }
    return {};
  }

 private:
  static constexpr std::size_t kBits = 64;

  std::int64_t count_ = 0;
  std::array<std::int64_t, kBits> set_{};
};

template <class State>
Result<BoundAggregate> bind_same_type(std::span<const LogicalType> types, std::span<const Value* const>,
                                      bool) {
  return bound_as<State>(types[0]);
}

}  // namespace

std::span<const AggregateFunction> boolean_aggregates() {
  constexpr std::string_view kAll = "whether all are true";
  constexpr std::string_view kAllBits = "the bits that all have set";
  constexpr std::string_view kAnyBits = "the bits that at least one has set";
  static const std::array kList = {
      AggregateFunction{"bool_and", {TypeId::Bool}, bind_same_type<BooleanCount<true>>, kAll},
      AggregateFunction{"every", {TypeId::Bool}, bind_same_type<BooleanCount<true>>, kAll},
      AggregateFunction{
          "bool_or", {TypeId::Bool}, bind_same_type<BooleanCount<false>>, "whether at least one is true"},
      AggregateFunction{"bit_and", {TypeId::Int}, bind_same_type<BitCount<true>>, kAllBits},
      AggregateFunction{"bit_and", {TypeId::BigInt}, bind_same_type<BitCount<true>>, kAllBits},
      AggregateFunction{"bit_or", {TypeId::Int}, bind_same_type<BitCount<false>>, kAnyBits},
      AggregateFunction{"bit_or", {TypeId::BigInt}, bind_same_type<BitCount<false>>, kAnyBits},
  };
  return kList;
}

}  // namespace dart::columnar
