#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dart {

/// Counts of delays in microseconds in a fixed number of buckets: exact below 64 µs, then 32 buckets an
/// octave, so a percentile is at most 3.2 % too high. Values are never negative; those beyond 2^41 µs (25
/// days) count as that.
class DelayHistogram {
 public:
  void record(std::int64_t us, std::uint64_t times = 1) {
    const std::uint64_t value = us < 0 ? 0 : static_cast<std::uint64_t>(us);
    const std::uint64_t kept = value > kLargest ? kLargest : value;
    counts_[bucket_of(kept)] += times;
    count_ += times;
    if (kept > max_) max_ = kept;
  }
  void merge(const DelayHistogram& other) {
    for (std::size_t b = 0; b < kBuckets; ++b) counts_[b] += other.counts_[b];
    count_ += other.count_;
    if (other.max_ > max_) max_ = other.max_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t max() const { return static_cast<std::int64_t>(max_); }
  /// The least recorded bound that `share` (0 to 1) of all values do not pass, in microseconds; 0 when empty.
  [[nodiscard]] std::int64_t percentile(double share) const;

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr unsigned kOctaves = 36;
  static constexpr std::size_t kBuckets = (std::size_t{2} << kSubBits) + (kOctaves << kSubBits);
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << (kSubBits + kOctaves)) - 1;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (2U << kSubBits)) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(value >> shift);
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace dart
