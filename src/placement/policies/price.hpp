#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "placement/policy.hpp"

namespace dart::placement {

/// A candidate and what it would cost to let it run an instance, in microseconds: delays, plus what its load
/// is worth.
struct Priced {
  Candidate candidate;
  std::int64_t cost_us = 0;
  bool full = false;  ///< it has said that it takes no more
};

/// How many instances of the query that is being placed stand on a node already, beyond what it has told.
class Taken {
 public:
  void add(const NodeId& node);
  [[nodiscard]] std::uint32_t on(const NodeId& node) const;

 private:
  std::vector<std::pair<NodeId, std::uint32_t>> counts_;  // by id
};

/// What a node's load is worth, with `more` instances than it has told of. Instances count strongly: each
/// costs more than the one before.
[[nodiscard]] std::int64_t load_us(const Load& load, std::uint32_t more);
[[nodiscard]] bool is_full(const Load& load, std::uint32_t more);

/// The first limits::kTries to ask. Of those that are hardly worse than the best, two are drawn by their
/// cost and the one with fewer instances goes first (the power of two choices), so that many queries that
/// see the same nodes do not all go to one of them.
[[nodiscard]] std::vector<Candidate> in_order(std::vector<Priced> priced, Random& random);

}  // namespace dart::placement
