#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"
#include "columnar/numeric_math.hpp"

/// width_bucket: which of `count` equal parts of [low, high) a value is in; 0 before, count + 1 behind.
/// Bounds may be reversed, then the first part begins at `low` and contains it. Exact for numeric.
namespace dart::columnar {
namespace {

constexpr const char* kCount = "count must be greater than zero";
constexpr const char* kEqualBounds = "lower bound cannot equal upper bound";
constexpr const char* kIntRange = "integer out of range";
constexpr const char* kOverflow = "value overflows numeric format";

// Literal bounds and count, prepared: everything stands at the operand's scale as it is in the loop.
struct Buckets {
  std::uint64_t factor = 1;  ///< brings the operand to the scale of the bounds
  std::uint64_t low = 0;
  std::int64_t range = 1;  ///< |high - low|
  std::int64_t count = 1;
  bool reversed = false;
};

// range * count fits 62 bits, so that all products do.
template <bool reversed, bool scaled>
void bucket_of_short(const KernelCall& call) {
  const Buckets& buckets = state_of<Buckets>(call);
  const std::uint64_t factor = buckets.factor;
  const std::uint64_t low = buckets.low;
  const std::int64_t range = buckets.range;
  const std::int64_t count = buckets.count;
  const double inverse = 1.0 / static_cast<double>(range);
  map_unary<std::int64_t, std::int64_t>(call, [=](std::int64_t operand) {
    const std::uint64_t place =
        scaled ? static_cast<std::uint64_t>(operand) * factor : static_cast<std::uint64_t>(operand);
    const auto distance = static_cast<std::int64_t>(reversed ? low - place : place - low);
    const bool inside = static_cast<std::uint64_t>(distance) < static_cast<std::uint64_t>(range);
    const std::int64_t scaled_distance = inside ? distance * count : 0;
    // The product is off by less than one from the exact quotient, and the rest tells in which direction.
    auto quotient = static_cast<std::int64_t>(static_cast<double>(scaled_distance) * inverse);
    const std::int64_t rest = scaled_distance - quotient * range;
    quotient += static_cast<std::int64_t>(rest >= range) - static_cast<std::int64_t>(rest < 0);
    return inside ? quotient + 1 : (distance < 0 ? 0 : count + 1);
  });
}

const char* bucket_of(int128 operand, int128 low, int128 high, std::int64_t count, std::int64_t& bucket) {
  if (count <= 0) return kCount;
  if (low == high) return kEqualBounds;
  const bool reversed = low > high;
  if (reversed ? operand > low : operand < low) {
    bucket = 0;
    return nullptr;
  }
  if (reversed ? operand <= high : operand >= high) {
    if (count == std::numeric_limits<std::int32_t>::max()) return kIntRange;
    bucket = count + 1;
    return nullptr;
  }
  const auto size = [](int128 a, int128 b) { return static_cast<uint128>(a) - static_cast<uint128>(b); };
  const uint128 distance = reversed ? size(low, operand) : size(operand, low);
  const uint128 range = reversed ? size(low, high) : size(high, low);
  uint128 quotient = 0;
  uint128 rest = 0;
  if (!multiply_divide_floor(distance, static_cast<uint128>(count), range, quotient, rest)) return kOverflow;
  bucket = static_cast<std::int64_t>(quotient) + 1;
  return nullptr;
}

struct Scales {
  int operand = 0;
  int low = 0;
  int high = 0;
  int common = 0;
};

int128 unscaled_at(const Vector& vector, std::size_t row) {
  if (vector.type().physical() == PhysicalType::Int64) return vector.at<std::int64_t>(row);
  return vector.at<int128>(row);
}

void bucket_of_any(const KernelCall& call) {
  const Scales& scales = state_of<Scales>(call);
  auto* const out = call.out.mutable_data<std::int64_t>();
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = 0;
    if (call.out.is_null(row)) continue;
    int128 operand = 0;
    int128 low = 0;
    int128 high = 0;
    const char* reason = kOverflow;
    if (rescale(unscaled_at(*call.arguments[0], row), scales.operand, scales.common, operand) &&
        rescale(unscaled_at(*call.arguments[1], row), scales.low, scales.common, low) &&
        rescale(unscaled_at(*call.arguments[2], row), scales.high, scales.common, high)) {
      reason = bucket_of(operand, low, high, call.arguments[3]->at<std::int64_t>(row), out[row]);
    }
    if (reason != nullptr) call.errors.mark(row, reason);
  }
}

int128 unscaled_of(const Value& value) {
  return value.type().physical() == PhysicalType::Int64 ? value.bigint() : value.get<int128>();
}

// The prepared form, when bounds and count are literals of which all products stay small.
std::optional<Buckets> prepare(const Scales& scales, LogicalType operand, Constants constants) {
  const Value* const low = known(constants, 1);
  const Value* const high = known(constants, 2);
  const Value* const count = known(constants, 3);
  if (low == nullptr || high == nullptr || count == nullptr) return std::nullopt;
  int128 from = 0;
  int128 to = 0;
  if (!rescale(unscaled_of(*low), scales.low, scales.common, from) ||
      !rescale(unscaled_of(*high), scales.high, scales.common, to)) {
    return std::nullopt;
  }
  if (operand.precision + scales.common - scales.operand > kMaxShortPrecision ||
      !fits_precision(from, kMaxShortPrecision) || !fits_precision(to, kMaxShortPrecision) || from == to) {
    return std::nullopt;
  }
  const int128 range = from > to ? from - to : to - from;
  const std::int64_t parts = count->bigint();
  constexpr int128 kLargest = int128{1} << 62;
  if (parts <= 0 || parts >= std::numeric_limits<std::int32_t>::max() || range * parts >= kLargest)
    return std::nullopt;
  return Buckets{
      static_cast<std::uint64_t>(kShortPowersOfTen[static_cast<std::size_t>(scales.common - scales.operand)]),
      static_cast<std::uint64_t>(from), static_cast<std::int64_t>(range), parts, from > to};
}

Result<BoundFunction> bind_numeric(Types types, Constants constants) {
  Scales scales{types[0].scale, types[1].scale, types[2].scale, 0};
  scales.common = std::max({scales.operand, scales.low, scales.high});
  const LogicalType result = LogicalType::of(TypeId::Int);
  if (const auto buckets = prepare(scales, types[0], constants)) {
    const bool scaled = buckets->factor != 1;
    const Kernel kernel = buckets->reversed
                              ? (scaled ? bucket_of_short<true, true> : bucket_of_short<true, false>)
                              : (scaled ? bucket_of_short<false, true> : bucket_of_short<false, false>);
    return bound_with(result, kernel, *buckets);
  }
  return bound_with(result, bucket_of_any, scales);
}

const char* bucket_of_double(double operand, double low, double high, std::int64_t count,
                             std::int64_t& bucket) {
  if (count <= 0) return kCount;
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high)) {
    return "operand, lower bound, and upper bound cannot be NaN";
  }
  if (std::isinf(low) || std::isinf(high)) return "lower and upper bounds must be finite";
  if (low == high) return kEqualBounds;
  const bool reversed = low > high;
  if (reversed ? operand > low : operand < low) {
    bucket = 0;
  } else if (reversed ? operand <= high : operand >= high) {
    if (count == std::numeric_limits<std::int32_t>::max()) return kIntRange;
    bucket = count + 1;
  } else {
    // Halves, where the difference of the bounds is no double.
    const double part = std::isinf(high - low) ? (operand / 2 - low / 2) / (high / 2 - low / 2)
                        : reversed             ? (low - operand) / (low - high)
                                               : (operand - low) / (high - low);
    bucket = static_cast<std::int64_t>(static_cast<double>(count) * part);
    // The quotient may round to 1, which would be a lie.
    if (bucket >= count) bucket = count - 1;
    ++bucket;
  }
  return nullptr;
}

void double_kernel(const KernelCall& call) {
  each_row<std::int64_t, double, double, double, std::int64_t>(
      call, [](std::int64_t& r, double operand, double low, double high, std::int64_t count) {
        return bucket_of_double(operand, low, high, count, r);
      });
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr std::string_view kSummary = "the part of count equal parts of low to high that x is in";
  return {
      {"width_bucket", {Numeric, Numeric, Numeric, Int}, false, bind_numeric, kSummary},
      {"width_bucket", {Double, Double, Double, Int}, false, bind_plain<double_kernel, Int>, kSummary},
  };
}

}  // namespace

std::span<const ScalarFunction> width_bucket_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
