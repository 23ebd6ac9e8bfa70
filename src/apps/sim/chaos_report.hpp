#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/sim/cost.hpp"
#include "base/result.hpp"
#include "sim/chaos.hpp"

namespace dart::apps {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

/// "3" or "1..200".
[[nodiscard]] Result<SeedRange> parse_seeds(std::string_view text);

/// What went wrong with one seed, with the command that repeats it; empty when nothing did. `again` is the
/// hash of the second run.
[[nodiscard]] std::vector<std::string> complaints_of(const sim::ChaosReport& report, std::uint64_t again,
                                                     std::uint32_t nodes, std::string_view profile);

/// All seeds together.
class ChaosSummary {
 public:
  void add(const sim::ChaosReport& report, std::uint64_t again);
  [[nodiscard]] bool clean() const { return bad_ == 0; }
  /// Faults and operations of which there were too few to have shown anything.
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string json(const Cost& cost) const;
  [[nodiscard]] std::string text(const Cost& cost) const;

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t bad_ = 0;
  sim::ChaosReport sum_;
  double slowest_heal_s_ = 0;
};

}  // namespace dart::apps
