#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/sim/cost.hpp"
#include "base/result.hpp"
#include "sim/query_chaos.hpp"

namespace dart::apps {

/// The queries of `dart sim chaos --queries`: one whose answer depends on the order of all rows, one in
/// partitions.
[[nodiscard]] Result<std::vector<sim::ChaosQuery>> chaos_queries();

/// What went wrong with one seed, with the command that repeats it; empty when nothing did. `again` is the
/// hash of the second run.
[[nodiscard]] std::vector<std::string> complaints_of(const sim::QueryChaosReport& report, std::uint64_t again,
                                                     std::uint32_t nodes);

/// All seeds together.
class QuerySummary {
 public:
  void add(const sim::QueryChaosReport& report, std::uint64_t again);
  [[nodiscard]] bool clean() const { return bad_ == 0; }
  /// What happened too seldom to have shown anything.
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string json(const Cost& cost) const;
  [[nodiscard]] std::string text(const Cost& cost) const;

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t bad_ = 0;
  double slowest_s_ = 0;
  sim::QueryChaosReport sum_;
};

}  // namespace dart::apps
