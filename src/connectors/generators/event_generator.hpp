#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/time.hpp"

namespace dart::connectors {

/// generator = 'events': sensor-like rows, 100,000 a second of event time, in order, 1,000 uniform keys. A
/// pure function of the row's number, so that benchmarks and tests on any machine see the same rows.
class EventGenerator {
 public:
  static constexpr std::int64_t kKeys = 1000;

  /// Other seeds give other keys and values.
  explicit constexpr EventGenerator(std::uint64_t seed = 0) : offset_(seed << 40) {}

  [[nodiscard]] static constexpr EventTime ts(std::uint64_t i) { return static_cast<EventTime>(10 * i); }
  [[nodiscard]] static constexpr std::int64_t id(std::uint64_t i) { return static_cast<std::int64_t>(i); }
  [[nodiscard]] constexpr std::int64_t key(std::uint64_t i) const {
    return static_cast<std::int64_t>(((mix64(i + offset_) >> 32) * static_cast<std::uint64_t>(kKeys)) >> 32);
  }
  /// In [0, 100), a multiple of 100 / 2^20.
  [[nodiscard]] constexpr double value(std::uint64_t i) const {
    return static_cast<double>(mix64(i + offset_) & 0xFFFFF) * 100.0 / 1048576.0;
  }

 private:
  std::uint64_t offset_;
};

}  // namespace dart::connectors
