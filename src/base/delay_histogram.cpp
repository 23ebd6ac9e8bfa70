#include "base/delay_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace dart {

std::int64_t DelayHistogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    seen += counts_[b];
    if (seen < rank) continue;
    if (b < (2U << kSubBits)) return static_cast<std::int64_t>(b);
    const std::size_t shift = (b >> kSubBits) - 1;
    const std::uint64_t top = ((b & ((1U << kSubBits) - 1)) + (1U << kSubBits) + 1) << shift;
    return static_cast<std::int64_t>(std::min<std::uint64_t>(top - 1, max_));
  }
  return static_cast<std::int64_t>(max_);
}

}  // namespace dart
