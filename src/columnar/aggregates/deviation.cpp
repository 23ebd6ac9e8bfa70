#include <array>
#include <cmath>

#include "columnar/aggregates/cascaded_sum.hpp"
#include "columnar/aggregates/exact.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"
#include "columnar/aggregates/wide_integer.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// Which of the four.
struct Deviation {
  bool sample = false;  ///< divide by count - 1
  bool root = false;    ///< the standard deviation
  int scale = 0;        ///< of an exact argument
};
const Deviation& deviation_of(Parameters parameters) { return *static_cast<const Deviation*>(parameters); }

/// variance and stddev of double.
class DoubleDeviation {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<double> values(*rows.arguments[0]);
    for_each_row<DoubleDeviation>(
        rows, [=](DoubleDeviation& state, std::size_t row, auto weight) { state.add(values[row], weight); });
  }
  void combine(const DoubleDeviation& other) {
    count_ += other.count_;
    not_finite_ += other.not_finite_;
    huge_ += other.huge_;
    sum_.add(other.sum_);
    squares_.add(other.squares_);
  }
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    const Deviation& wanted = deviation_of(parameters);
    if (count_ <= (wanted.sample ? 1 : 0)) return no_result<double>(out, row);
    double& result = out.mutable_data<double>()[row];
    if (not_finite_ > 0) {
      result = std::nan("");
      return false;
    }
    if (huge_ > 0) return no_result<double>(out, row, true);
    const auto count = static_cast<double>(count_);
    const double scaled = scaled_covariance(count, sum_, sum_, squares_).value();
    result = scaled <= 0 ? 0 : scaled / count / (wanted.sample ? count - 1 : count);
    if (wanted.root) result = std::sqrt(result);
    return false;
  }
  void serialize(ByteWriter& out) const {
    out.fixed(count_);
    out.fixed(not_finite_);
    out.fixed(huge_);
    out.fixed(sum_);
    out.fixed(squares_);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(count_, read_count(in));
    DART_TRY(not_finite_, read_count(in));
    DART_TRY(huge_, read_count(in));
    DART_TRY(sum_, in.fixed<CascadedSum<3>>());
    DART_TRY(squares_, in.fixed<CascadedSum<3>>());
    return {};
  }

 private:
  template <class Weight>
  void add(double value, Weight weight) {
    constexpr double kSquareFits = 0x1p480;
    count_ += weight;
    if (!std::isfinite(value)) {
      not_finite_ += weight;
    } else if (std::abs(value) > kSquareFits) {
      huge_ += weight;
    } else {
      sum_.add_times(value, static_cast<double>(weight));
      squares_.add_times(value, value, static_cast<double>(weight));
    }
  }

  std::int64_t count_ = 0;
  std::int64_t not_finite_ = 0;
  std::int64_t huge_ = 0;
  CascadedSum<3> sum_;
  CascadedSum<3> squares_;
};

/// variance and stddev of integers and numeric, from exact sums.
template <class T>
class ExactDeviation {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<T> values(*rows.arguments[0]);
    for_each_row<ExactDeviation>(rows, [=](ExactDeviation& state, std::size_t row, auto weight) {
      state.sum_.add_times(values[row], weight);
      state.squares_.add_square(values[row], weight);
      state.count_ += weight;
    });
  }
  void combine(const ExactDeviation& other) {
    sum_.add(other.sum_);
    squares_.add(other.squares_);
    count_ += other.count_;
  }
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    const Deviation& wanted = deviation_of(parameters);
    if (count_ <= (wanted.sample ? 1 : 0)) return no_result<int128>(out, row);
    int128 result = 0;
    if (!exact_deviation({sum_.words(), squares_.words(), count_, wanted.scale, wanted.sample, wanted.root},
                         kDefaultScale, result)) {
      return no_result<int128>(out, row, true);
    }
    out.mutable_data<int128>()[row] = result;
    return false;
  }
  void serialize(ByteWriter& out) const {
    sum_.serialize(out);
    squares_.serialize(out);
    out.fixed(count_);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY_STATUS(sum_.deserialize(in));
    DART_TRY_STATUS(squares_.deserialize(in));
    DART_TRY(count_, read_count(in));
    return {};
  }

 private:
  // 64 bits for the number of rows beside those of one value and of one square.
  WideInteger<sizeof(T) / 8 + 1> sum_;
  WideInteger<sizeof(T) / 4 + 1> squares_;
  std::int64_t count_ = 0;
};

template <bool kSample, bool kRoot>
Result<BoundAggregate> bind_deviation(std::span<const LogicalType> types, std::span<const Value* const>,
                                      bool) {
  const LogicalType type = types[0];
  const auto wanted = std::make_shared<Deviation>(Deviation{kSample, kRoot, type.scale});
  if (type.id == TypeId::Double) return bound_as<DoubleDeviation>(type, wanted);
  const auto result = LogicalType::numeric(kMaxPrecision, kDefaultScale);
  return type.physical() == PhysicalType::Int128 ? bound_as<ExactDeviation<int128>>(result, wanted)
                                                 : bound_as<ExactDeviation<std::int64_t>>(result, wanted);
}

}  // namespace

std::span<const AggregateFunction> deviation_aggregates() {
  static const std::vector<AggregateFunction> kList = [] {
    struct Name {
      std::string_view name;
      decltype(AggregateFunction::bind) bind;
      std::string_view summary;
    };
    constexpr std::string_view kSampleVariance = "the variance of the rows as a sample";
    constexpr std::string_view kSampleDeviation = "the standard deviation of the rows as a sample";
    const std::array names = {
        Name{"variance", bind_deviation<true, false>, kSampleVariance},
        Name{"var_samp", bind_deviation<true, false>, kSampleVariance},
        Name{"var_pop", bind_deviation<false, false>, "the variance of the rows as the whole population"},
        Name{"stddev", bind_deviation<true, true>, kSampleDeviation},
        Name{"stddev_samp", bind_deviation<true, true>, kSampleDeviation},
        Name{"stddev_pop", bind_deviation<false, true>,
             "the standard deviation of the rows as the whole population"},
    };
    std::vector<AggregateFunction> list;
    for (const Name& entry : names) {
      for (const TypeId type : {TypeId::Int, TypeId::BigInt, TypeId::Numeric, TypeId::Double}) {
        list.push_back({entry.name, {type}, entry.bind, entry.summary});
      }
    }
    return list;
  }();
  return kList;
}

}  // namespace dart::columnar
