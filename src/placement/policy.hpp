#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "overlay/coordinate.hpp"
#include "placement/load.hpp"
#include "placement/plan_record.hpp"

namespace dart::placement {

/// A node that could take an instance, with what is known of it.
struct Candidate {
  overlay::NodeHandle node;
  overlay::Coordinate coordinate;
  Load load;
};

/// A node on the way of a JOIN, and the best of its leaf set that it proposes beside itself.
struct Hop {
  Candidate self;
  std::vector<Candidate> leaves;  ///< limits::kProposed at most
};

/// The way of one reader's JOIN to the root of the query's key.
struct Route {
  InstanceId reader;
  /// The reader's own node first, the root last; one entry when the reader's node is the root.
  std::vector<Hop> hops;
};

/// Everything that a policy decides from.
struct PlacementProblem {
  const QuerySpec* spec = nullptr;
  std::vector<Route> routes;  ///< of all readers, by their instance
  /// Where it runs now; empty: nowhere yet. A policy may prefer to leave it.
  std::vector<Placed> now;
};

/// An instance and who should take it: the first that accepts. Readers have their own node alone.
struct Choice {
  InstanceId id;
  std::vector<Candidate> candidates;  ///< best first; not empty
  std::vector<InstanceId> to;         ///< where its rows go: Placed::to
};

/// Decides which instances a query has and where they should run. Pure: the same problem and random numbers
/// give the same choices. One file each, and one entry in `policies()`.
class Policy {
 public:
  virtual ~Policy() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Whether hosts are asked to refuse what would make them busier than others, as long as others may take
  /// it.
  [[nodiscard]] virtual bool spreads() const { return false; }
  /// Every Source reader, the Combine instances that it wants (none, one where routes merge, …), every
  /// partition of Main, the Result if there is one. An edge from a Source goes to its Combine if it has one,
  /// else on to what the Combine would feed.
  [[nodiscard]] virtual std::vector<Choice> place(const PlacementProblem& problem, Random& random) const = 0;
};

/// All policies, in the order to name them: route, cost, random, central.
[[nodiscard]] std::span<const Policy* const> policies();
/// Null when there is none of this name.
[[nodiscard]] const Policy* find_policy(std::string_view name);

/// What a placement would cost, for explain and for revising: of each reader the one-way delay along the
/// links to the last instance, and the bytes a second on all links. Coordinates by node id.
struct Estimate {
  std::vector<Duration> source_to_sink;  ///< by reader
  double bytes_per_s = 0;
};
[[nodiscard]] Estimate estimate(const QuerySpec& spec, std::span<const Placed> placed,
                                std::span<const Candidate> known);

}  // namespace dart::placement
