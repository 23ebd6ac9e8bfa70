#include "columnar/aggregates/double_sum.hpp"

#include <cstring>
#include <limits>

#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

constexpr double kHugeScale = 0x1p-128;

constexpr std::uint64_t kNoSign = 0x7FFFFFFFFFFFFFFF;
/// Added to the bits of a double without its sign, sets the highest bit when the double is not ordinary.
constexpr std::uint64_t kMarksBeyond = kNoSign - std::bit_cast<std::uint64_t>(kOrdinary);

/// The hardware's vectors, of 2 or 4 doubles; the sum has eight lanes either way, so that it is the same.
using Pair [[gnu::vector_size(16)]] = double;
using PairBits [[gnu::vector_size(16)]] = std::uint64_t;
using Quad [[gnu::vector_size(32)]] = double;
using QuadBits [[gnu::vector_size(32)]] = std::uint64_t;
constexpr std::size_t kLanes = 8;

/// Whole groups of kLanes values; independent lanes hide the latency of the additions.
template <class Doubles, class Bits>
[[gnu::always_inline]] inline bool sum_lanes(const double* values, std::size_t count, DoublePair* lanes) {
  constexpr std::size_t kWidth = sizeof(Doubles) / sizeof(double);
  constexpr std::size_t kVectors = kLanes / kWidth;
  Doubles high[kVectors] = {};
  Doubles low[kVectors] = {};
  Bits beyond = {};
  for (std::size_t row = 0; row < count; row += kLanes) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      Doubles value;
      std::memcpy(&value, values + row + v * kWidth, sizeof value);
      Bits bits;
      std::memcpy(&bits, &value, sizeof bits);
      beyond |= (bits & kNoSign) + kMarksBeyond;
      const Doubles sum = high[v] + value;
      const Doubles part = sum - high[v];
      low[v] += (high[v] - (sum - part)) + (value - part);
      high[v] = sum;
    }
  }
  std::uint64_t marks = 0;
  for (std::size_t k = 0; k < kWidth; ++k) marks |= beyond[k];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = {high[lane / kWidth][lane % kWidth], low[lane / kWidth][lane % kWidth]};
  }
  return marks >> 63 == 0;
}

#ifdef __x86_64__
[[gnu::target("avx2")]] bool sum_lanes_avx2(const double* values, std::size_t count, DoublePair* lanes) {
  return sum_lanes<Quad, QuadBits>(values, count, lanes);
}
#endif

bool sum_lanes_here(const double* values, std::size_t count, DoublePair* lanes) {
#ifdef __x86_64__
  static const bool kAvx2 = __builtin_cpu_supports("avx2") != 0;
  if (kAvx2) return sum_lanes_avx2(values, count, lanes);
#endif
  return sum_lanes<Pair, PairBits>(values, count, lanes);
}

}  // namespace

bool all_ordinary(const double* values, const std::uint32_t* selection, std::size_t count) {
  std::uint64_t beyond = 0;
  if (selection == nullptr) {
    for (std::size_t row = 0; row < count; ++row) {
      beyond |= (std::bit_cast<std::uint64_t>(values[row]) & kNoSign) + kMarksBeyond;
    }
  } else {
    for (std::size_t k = 0; k < count; ++k) {
      beyond |= (std::bit_cast<std::uint64_t>(values[selection[k]]) & kNoSign) + kMarksBeyond;
    }
  }
  return beyond >> 63 == 0;
}

bool sum_ordinary(const double* values, std::size_t count, DoublePair& sum) {
  const std::size_t whole = count / kLanes * kLanes;
  DoublePair lanes[kLanes];
  if (!sum_lanes_here(values, whole, lanes) || !all_ordinary(values + whole, nullptr, count - whole)) {
    return false;
  }
  sum = {};
  for (const DoublePair& lane : lanes) sum.add(lane);
  for (std::size_t row = whole; row < count; ++row) sum.add(values[row]);
  return true;
}

void DoubleSum::add_special(double value, std::int64_t weight) {
  if (!special_) special_ = std::make_unique<Special>();
  if (std::isnan(value)) {
    special_->nan += weight;
  } else if (std::isinf(value)) {
    (value > 0 ? special_->positive_infinity : special_->negative_infinity) += weight;
  } else {
    special_->huge.add_times(value * kHugeScale, static_cast<double>(weight));
  }
}

void DoubleSum::combine_special(const Special& other) {
  if (!special_) special_ = std::make_unique<Special>();
  special_->nan += other.nan;
  special_->positive_infinity += other.positive_infinity;
  special_->negative_infinity += other.negative_infinity;
  special_->huge.add(other.huge);
}

double DoubleSum::special_value(bool& overflow) const {
  const Special& s = *special_;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (s.nan > 0 || (s.positive_infinity > 0 && s.negative_infinity > 0)) return std::nan("");
  if (s.positive_infinity > 0) return kInfinity;
  if (s.negative_infinity > 0) return -kInfinity;
  if (s.huge.value() == 0) return sum_.value();
  DoublePair total = s.huge;
  total.add(sum_.high * kHugeScale);
  total.low += sum_.low * kHugeScale;
  const double result = total.value() / kHugeScale;
  overflow = std::isinf(result);
  return result;
}

void DoubleSum::serialize(ByteWriter& out) const {
  out.fixed(sum_);
  out.fixed(count_);
  out.fixed(static_cast<std::uint8_t>(special_ ? 1 : 0));
  if (!special_) return;
  out.fixed(special_->nan);
  out.fixed(special_->positive_infinity);
  out.fixed(special_->negative_infinity);
  out.fixed(special_->huge);
}

Status DoubleSum::deserialize(ByteReader& in) {
  DART_TRY(sum_, in.fixed<DoublePair>());
  DART_TRY(count_, read_count(in));
  DART_TRY(const std::uint8_t special, in.fixed<std::uint8_t>());
  if (special > 1) return fail(ErrorCode::Data, "the state of a sum is damaged");
  if (special == 0) return {};
  special_ = std::make_unique<Special>();
  DART_TRY(special_->nan, read_count(in));
  DART_TRY(special_->positive_infinity, read_count(in));
  DART_TRY(special_->negative_infinity, read_count(in));
  DART_TRY(special_->huge, in.fixed<DoublePair>());
  return {};
}

}  // namespace dart::columnar
