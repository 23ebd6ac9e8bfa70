#include "connectors/generators/zipf.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace dart::connectors {

Zipf::Zipf(std::size_t n, double skew) {
  DART_CHECK(n >= 1 && n <= kMost);
  cumulative_.reserve(n);
  double sum = 0;
  for (std::size_t rank = 0; rank < n; ++rank) {
    const auto place = static_cast<double>(rank + 1);
    sum += skew == 1.0 ? 1.0 / place : std::pow(place, -skew);
    cumulative_.push_back(sum);
  }
  guide_.resize(std::max<std::size_t>(1024, n * 2));
  for (std::size_t g = 0; g < guide_.size(); ++g) {
    // Rounding may put u a hair below the part's lower end, so the guide looks one part back.
    const double least = static_cast<double>(g > 0 ? g - 1 : 0) / static_cast<double>(guide_.size()) * sum;
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), least);
    guide_[g] = static_cast<std::uint32_t>(
        std::min<std::ptrdiff_t>(found - cumulative_.begin(), static_cast<std::ptrdiff_t>(n - 1)));
  }
}

}  // namespace dart::connectors
