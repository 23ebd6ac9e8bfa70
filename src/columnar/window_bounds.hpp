#pragma once

#include <cstdint>

namespace dart::columnar {

/// The greatest multiple of `step` that is not above `time`; step > 0. Windows are aligned to 1970-01-01
/// 00:00:00.
[[nodiscard]] constexpr std::int64_t align_down(std::int64_t time, std::int64_t step) {
  const std::int64_t rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

/// The start of the first window [start, start + size), start a multiple of `slide`, that holds `time`. With
/// slide > size there may be none: then the result is above align_down(time, slide).
[[nodiscard]] constexpr std::int64_t first_window(std::int64_t time, std::int64_t size, std::int64_t slide) {
  return align_down(time - size, slide) + slide;
}

}  // namespace dart::columnar
