#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace dart::runtime {

/// The share of the machine's processors that this process has used over the last seconds.
class LoadMeter {
 public:
  explicit LoadMeter(std::size_t cores) : cores_(cores) {}
  /// A reading of both clocks, in microseconds.
  void note(std::int64_t now_us, std::int64_t cpu_us);
  [[nodiscard]] std::uint32_t cpu_permille() const;

 private:
  std::size_t cores_;
  std::deque<std::pair<std::int64_t, std::int64_t>> readings_;  // of the last seconds
};

}  // namespace dart::runtime
