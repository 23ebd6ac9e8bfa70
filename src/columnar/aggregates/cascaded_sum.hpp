#pragma once

#include <cmath>
#include <cstddef>

namespace dart::columnar {

/// An unevaluated sum of N doubles (cascaded TwoSum): what one part rounds away goes to the next. Three parts
/// hold sums of squares so exactly that a variance can be taken from them after any number of retractions.
template <std::size_t N>
class CascadedSum {
 public:
  void add(double value) {
    for (std::size_t i = 0; i + 1 < N; ++i) {
      const double sum = parts_[i] + value;
      const double part = sum - parts_[i];
      value = (parts_[i] - (sum - part)) + (value - part);
      parts_[i] = sum;
    }
    parts_[N - 1] += value;
  }
  /// Adds a * b, the part that the multiplication rounds away too.
  void add_product(double a, double b) {
    const double product = a * b;
    add(product);
    add(std::fma(a, b, -product));
  }
  /// Adds a * b * factor.
  void add_product(double a, double b, double factor) {
    const double product = a * b;
    add_product(product, factor);
    add_product(std::fma(a, b, -product), factor);
  }
  template <std::size_t M>
  void add(const CascadedSum<M>& other) {
    for (std::size_t i = 0; i < M; ++i) add(other.part(i));
  }
  /// Adds value * weight.
  void add_times(double value, double weight) {
    if (weight == 1) {
      add(value);
    } else {
      add_product(value, weight);
    }
  }
  /// Adds a * b * weight.
  void add_times(double a, double b, double weight) {
    if (weight == 1) {
      add_product(a, b);
    } else {
      add_product(a, b, weight);
    }
  }
  /// Adds a * b * factor.
  template <std::size_t M, std::size_t K>
  void add_product(const CascadedSum<M>& a, const CascadedSum<K>& b, double factor) {
    for (std::size_t i = 0; i < M; ++i) {
      for (std::size_t k = 0; k < K; ++k) add_product(a.part(i), b.part(k), factor);
    }
  }
  template <std::size_t M>
  void add_product(const CascadedSum<M>& a, double factor) {
    for (std::size_t i = 0; i < M; ++i) add_product(a.part(i), factor);
  }

  [[nodiscard]] double part(std::size_t i) const { return parts_[i]; }
  [[nodiscard]] double value() const {
    double sum = 0;
    for (std::size_t i = N; i-- > 0;) sum += parts_[i];
    return sum;
  }

 private:
  double parts_[N] = {};
};

/// count * (sum of x * y) - (sum of x) * (sum of y): count^2 times the covariance. What is so small beside
/// its terms that all values must have been the same to the last bit is 0.
[[nodiscard]] inline CascadedSum<4> scaled_covariance(double count, const CascadedSum<3>& x,
                                                      const CascadedSum<3>& y,
                                                      const CascadedSum<3>& products) {
  CascadedSum<4> difference;
  difference.add_product(products, count);
  const double size = std::abs(difference.value());
  difference.add_product(x, y, -1.0);
  constexpr double kSame = 0x1p-110;
  return std::abs(difference.value()) <= size * kSame ? CascadedSum<4>{} : difference;
}

}  // namespace dart::columnar
