#pragma once

#include <cstdint>
#include <span>

#include "base/int128.hpp"

/// Arithmetic on exact sums when a result is asked for; words are those of a WideInteger. All results are
/// rounded half away from zero; false when one has more than 38 digits.
namespace dart::columnar {

/// Whether a value has at most 38 digits.
[[nodiscard]] bool fits_numeric(int128 unscaled);

/// sum / count with `more_digits` more digits behind the point than the sum has; count > 0.
[[nodiscard]] bool exact_average(std::span<const std::uint64_t> sum, std::int64_t count, int more_digits,
                                 int128& out);

/// low + (high - low) * part / whole with `more_digits` more digits; 0 <= part < whole.
[[nodiscard]] bool exact_between(int128 low, int128 high, std::int64_t part, std::int64_t whole,
                                 int more_digits, int128& out);

/// What variance and standard deviation ask of exact sums.
struct ExactMoments {
  std::span<const std::uint64_t> sum;
  std::span<const std::uint64_t> square_sum;
  std::int64_t count = 0;
  int scale = 0;        ///< digits behind the point of the values
  bool sample = false;  ///< divide by count - 1
  bool root = false;    ///< the standard deviation
};
/// With `out_scale` digits behind the point; count > 0, and > 1 for a sample.
[[nodiscard]] bool exact_deviation(const ExactMoments& moments, int out_scale, int128& out);

}  // namespace dart::columnar
