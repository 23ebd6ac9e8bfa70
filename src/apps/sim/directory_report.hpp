#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/sim/cost.hpp"
#include "sim/directory_chaos.hpp"

namespace dart::apps {

/// What went wrong with one seed of `dart sim chaos --directory`, with the command that repeats it; empty
/// when nothing did. `again` is the hash of the second run.
[[nodiscard]] std::vector<std::string> complaints_of(const sim::DirectoryChaosReport& report,
                                                     std::uint64_t again, std::uint32_t nodes);

/// All seeds together.
class DirectorySummary {
 public:
  void add(const sim::DirectoryChaosReport& report, std::uint64_t again);
  [[nodiscard]] bool clean() const { return bad_ == 0; }
  /// Faults and operations of which there were too few to have shown anything, and what did not go well often
  /// enough while faults were on.
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string json(const Cost& cost) const;
  [[nodiscard]] std::string text(const Cost& cost) const;

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t bad_ = 0;
  sim::DirectoryChaosReport sum_;
};

}  // namespace dart::apps
