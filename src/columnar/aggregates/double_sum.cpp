#include "columnar/aggregates/double_sum.hpp"

#include <limits>

#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

constexpr double kHugeScale = 0x1p-128;

}  // namespace

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
