#include <algorithm>
#include <array>

#include "columnar/aggregates/double_sum.hpp"
#include "columnar/aggregates/exact.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"
#include "columnar/aggregates/wide_integer.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// sum and avg of integers, numerics and intervals. T is the argument's physical type; 64 bits more than a
/// value has hold the sum of any number of rows.
template <class T>
class ExactTotal {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Vector& argument = *rows.arguments[0];
    if (rows.groups == nullptr && rows.selection == nullptr && rows.weights == nullptr &&
        !argument.is_constant()) {
      reinterpret_cast<ExactTotal*>(rows.states)->add_all(argument.data<T>(), rows.count);
      return;
    }
    const Argument<T> values(argument);
    for_each_row<ExactTotal>(rows, [=](ExactTotal& state, std::size_t row, auto weight) {
      if constexpr (std::is_same_v<decltype(weight), Once>) {
        state.sum_.add(int128{values[row]});
      } else {
        state.sum_.add_times(values[row], weight);
      }
      state.count_ += weight;
    });
  }
  void combine(const ExactTotal& other) {
    sum_.add(other.sum_);
    count_ += other.count_;
  }
  void serialize(ByteWriter& out) const {
    sum_.serialize(out);
    out.fixed(count_);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY_STATUS(sum_.deserialize(in));
    DART_TRY(count_, read_count(in));
    return {};
  }

 protected:
  void add_all(const T* values, std::size_t count) {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      for (std::size_t begin = 0; begin < count; begin += kBlock) {
        sum_.add(block_sum(values + begin, std::min(kBlock, count - begin)));
      }
    } else {
      for (std::size_t row = 0; row < count; ++row) sum_.add(values[row]);
    }
    count_ += static_cast<std::int64_t>(count);
  }

  WideInteger<sizeof(T) / 8 + 1> sum_;
  std::int64_t count_ = 0;

 private:
  static constexpr std::size_t kBlock = 1U << 16;

  // The halves of the words and their signs are summed apart: loops of vector instructions, no carry.
  static int128 block_sum(const std::int64_t* values, std::size_t count) {
    constexpr std::uint64_t kLow = 0xFFFFFFFF;
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t negative = 0;
    for (std::size_t row = 0; row < count; ++row) {
      const auto bits = static_cast<std::uint64_t>(values[row]);
      low += bits & kLow;
      high += bits >> 32;
      negative += bits >> 63;
    }
    return static_cast<int128>(low) + (static_cast<int128>(high) << 32) -
           (static_cast<int128>(negative) << 64);
  }
};

/// bigint and interval results.
template <class T>
class ShortSum : public ExactTotal<T> {
 public:
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    const int128 sum = this->sum_.low128();
    const auto result = static_cast<std::int64_t>(sum);
    if (this->count_ <= 0) return no_result<std::int64_t>(out, row);
    if (result != sum) return no_result<std::int64_t>(out, row, true);
    out.mutable_data<std::int64_t>()[row] = result;
    return false;
  }
};

/// numeric(38, s) results.
template <class T>
class LongSum : public ExactTotal<T> {
 public:
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    const int128 sum = this->sum_.low128();
    if (this->count_ <= 0) return no_result<int128>(out, row);
    if (!this->sum_.fits128() || !fits_numeric(sum)) return no_result<int128>(out, row, true);
    out.mutable_data<int128>()[row] = sum;
    return false;
  }
};

/// How many digits an average has more than its argument.
struct AverageDigits {
  int more = 0;
};

/// numeric and interval results.
template <class T, class Out>
class ExactAverage : public ExactTotal<T> {
 public:
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    if (this->count_ <= 0) return no_result<Out>(out, row);
    const int more = static_cast<const AverageDigits*>(parameters)->more;
    int128 result = 0;
    if (!exact_average(this->sum_.words(), this->count_, more, result)) return no_result<Out>(out, row, true);
    out.mutable_data<Out>()[row] = static_cast<Out>(result);
    return false;
  }
};

class DoubleTotal : public DoubleSum {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Vector& argument = *rows.arguments[0];
    const Argument<double> values(argument);
    const double* const data = argument.data<double>();
    const bool plain = rows.weights == nullptr && !argument.is_constant();
    DoublePair sum;
    if (plain && rows.groups == nullptr && rows.selection == nullptr && sum_ordinary(data, rows.count, sum)) {
      reinterpret_cast<DoubleTotal*>(rows.states)->add_ordinary(sum, static_cast<std::int64_t>(rows.count));
    } else if (plain && all_ordinary(data, rows.selection, rows.count)) {
      for_each_row<DoubleTotal>(
          rows, [=](DoubleTotal& state, std::size_t row, auto) { state.add_ordinary(data[row]); });
    } else {
      for_each_row<DoubleTotal>(
          rows, [=](DoubleTotal& state, std::size_t row, auto weight) { state.add(values[row], weight); });
    }
  }
  void combine(const DoubleTotal& other) { DoubleSum::combine(other); }
};

template <bool kAverage>
class DoubleResult : public DoubleTotal {
 public:
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (count() <= 0) return no_result<double>(out, row);
    bool overflow = false;
    const double sum = value(overflow);
    if (overflow) return no_result<double>(out, row, true);
    out.mutable_data<double>()[row] = kAverage ? sum / static_cast<double>(count()) : sum;
    return false;
  }
};

Result<BoundAggregate> bind_sum(std::span<const LogicalType> types, std::span<const Value* const>, bool) {
  const LogicalType type = types[0];
  const auto numeric = LogicalType::numeric(kMaxPrecision, type.scale);
  switch (type.id) {
    case TypeId::Int:
      return bound_as<ShortSum<std::int64_t>>(LogicalType::of(TypeId::BigInt));
    case TypeId::Interval:
      return bound_as<ShortSum<std::int64_t>>(type);
    case TypeId::Double:
      return bound_as<DoubleResult<false>>(type);
    default:
      return type.physical() == PhysicalType::Int128 ? bound_as<LongSum<int128>>(numeric)
                                                     : bound_as<LongSum<std::int64_t>>(numeric);
  }
}

Result<BoundAggregate> bind_average(std::span<const LogicalType> types, std::span<const Value* const>, bool) {
  const LogicalType type = types[0];
  if (type.id == TypeId::Double) return bound_as<DoubleResult<true>>(type);
  if (type.id == TypeId::Interval) {
    return bound_as<ExactAverage<std::int64_t, std::int64_t>>(type, std::make_shared<AverageDigits>());
  }
  const int scale = std::max<int>(kDefaultScale, type.scale);
  const auto numeric = LogicalType::numeric(kMaxPrecision, scale);
  const auto digits = std::make_shared<AverageDigits>(AverageDigits{scale - type.scale});
  return type.physical() == PhysicalType::Int128
             ? bound_as<ExactAverage<int128, int128>>(numeric, digits)
             : bound_as<ExactAverage<std::int64_t, int128>>(numeric, digits);
}

}  // namespace

std::span<const AggregateFunction> sum_aggregates() {
  constexpr std::string_view kSum = "the sum; of integers as bigint, of bigint as numeric";
  constexpr std::string_view kAverage = "the mean; of integers and numeric as numeric";
  static const std::array kList = {
      AggregateFunction{"sum", {TypeId::Int}, bind_sum, kSum},
      AggregateFunction{"sum", {TypeId::BigInt}, bind_sum, kSum},
      AggregateFunction{"sum", {TypeId::Numeric}, bind_sum, kSum},
      AggregateFunction{"sum", {TypeId::Double}, bind_sum, kSum},
      AggregateFunction{"sum", {TypeId::Interval}, bind_sum, kSum},
      AggregateFunction{"avg", {TypeId::Int}, bind_average, kAverage},
      AggregateFunction{"avg", {TypeId::BigInt}, bind_average, kAverage},
      AggregateFunction{"avg", {TypeId::Numeric}, bind_average, kAverage},
      AggregateFunction{"avg", {TypeId::Double}, bind_average, kAverage},
      AggregateFunction{"avg", {TypeId::Interval}, bind_average, kAverage},
  };
  return kList;
}

}  // namespace dart::columnar
