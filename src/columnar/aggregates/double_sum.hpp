#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dart::columnar {

/// An unevaluated sum of two doubles. Adding is Knuth's TwoSum, without a branch: what the addition rounds
/// away is kept in `low`, so 10^8 values put in and taken out again do not drift.
struct DoublePair {
  double high = 0;
  double low = 0;

  void add(double value) {
    const double sum = high + value;
    const double part = sum - high;
    low += (high - (sum - part)) + (value - part);
    high = sum;
  }
  void add(const DoublePair& other) {
    add(other.high);
    low += other.low;
  }
  /// Adds value * weight, the part lost by the multiplication too.
  void add_times(double value, double weight) {
    const double product = value * weight;
    add(product);
    low += std::fma(value, weight, -product);
  }
  [[nodiscard]] double value() const { return high + low; }
};

/// Values up to this size are ordinary: not even 2^53 of them overflow. (2^970.)
inline constexpr double kOrdinary = 0x1p970;
[[nodiscard]] inline bool is_ordinary(double value) { return std::abs(value) <= kOrdinary; }

/// Whether values[selection[k]] for all k < count (values[k] when selection is null) are ordinary.
[[nodiscard]] bool all_ordinary(const double* values, const std::uint32_t* selection, std::size_t count);
/// The sum of values next to each other; false, and nothing said about `sum`, when one is not ordinary.
[[nodiscard]] bool sum_ordinary(const double* values, std::size_t count, DoublePair& sum);

/// Sum and count of doubles, exact under retraction up to 1e-9 of the greatest sum there was. What is not
/// ordinary (NaN, the infinities, values whose sum could overflow on the way) is held apart, on the heap, so
/// that it can be taken out again.
class DoubleSum {
 public:
  DoubleSum() = default;
  DoubleSum(const DoubleSum&) = delete;
  DoubleSum& operator=(const DoubleSum&) = delete;

  void add_ordinary(double value) {
    sum_.add(value);
    ++count_;
  }
  void add_ordinary(const DoublePair& sum, std::int64_t count) {
    sum_.add(sum);
    count_ += count;
  }
  void add(double value, std::int64_t weight) {
    if (!is_ordinary(value)) {
      add_special(value, weight);
    } else if (weight == 1) {
      sum_.add(value);
    } else if (weight == -1) {
      sum_.add(-value);
    } else {
      sum_.add_times(value, static_cast<double>(weight));
    }
    count_ += weight;
  }
  void combine(const DoubleSum& other) {
    sum_.add(other.sum_);
    count_ += other.count_;
    if (other.special_) combine_special(*other.special_);
  }

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// NaN and infinities as SQL adds them; `overflow` when finite values make an infinite sum.
  [[nodiscard]] double value(bool& overflow) const {
    overflow = false;
    return special_ ? special_value(overflow) : sum_.value();
  }

  void serialize(ByteWriter& out) const;
  Status deserialize(ByteReader& in);
  [[nodiscard]] std::size_t owned_bytes() const { return special_ ? sizeof(Special) : 0; }

 private:
  struct Special {
    std::int64_t nan = 0;
    std::int64_t positive_infinity = 0;
    std::int64_t negative_infinity = 0;
    DoublePair huge;  // the values / 2^128
  };

  void add_special(double value, std::int64_t weight);
  void combine_special(const Special& other);
  [[nodiscard]] double special_value(bool& overflow) const;

  DoublePair sum_;
  std::int64_t count_ = 0;
  std::unique_ptr<Special> special_;
};

/// A double that is not NaN as an integer of the same order; -0 is below 0.
[[nodiscard]] inline std::int64_t number_key(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}
/// A double as an integer of the same order: NaN (any) above all numbers and equal to itself, -0 equal to 0,
/// as PostgreSQL compares.
[[nodiscard]] inline std::int64_t ordered_key(double value) {
  constexpr std::int64_t kNan = 0x7FF8000000000000;
  return value != value ? kNan : number_key(value + 0.0);
}
[[nodiscard]] inline double from_ordered_key(std::int64_t key) {
  return std::bit_cast<double>(key ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(key >> 63) >> 1));
}

}  // namespace dart::columnar
