#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dart::connectors {

/// Picks ranks 0..n-1 with weights 1 / (rank + 1)^skew. Pure: the same u gives the same rank everywhere.
class Zipf {
 public:
  /// n from 1 to kMost.
  Zipf(std::size_t n, double skew);
  static constexpr std::size_t kMost = 10'000'000;

  /// u in [0, 1): the first rank whose cumulative weight is at least u times the sum of all.
  [[nodiscard]] std::size_t rank(double u) const {
    const double wanted = u * cumulative_.back();
    std::size_t rank = guide_[static_cast<std::size_t>(u * static_cast<double>(guide_.size()))];
    while (cumulative_[rank] < wanted) ++rank;
    return rank;
  }

 private:
  std::vector<double> cumulative_;
  std::vector<std::uint32_t> guide_;  // by leading part of u: a rank that is not yet too high
};

}  // namespace dart::connectors
