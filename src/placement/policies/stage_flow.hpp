#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "placement/policies/merged_routes.hpp"
#include "placement/policy.hpp"

namespace dart::placement {

/// Where one Combine instance should run, best first, and the one that it sends to; nothing: to whatever
/// follows its stage.
struct CombineSpot {
  std::vector<Candidate> candidates;
  std::optional<std::size_t> next;
};

/// All instances of one Combine stage; their numbers are their places in `spots`.
struct Combining {
  std::uint32_t stage = 0;
  std::vector<CombineSpot> spots;
  std::vector<std::optional<std::size_t>> entry;  ///< by route: the spot that its reader sends to
};

/// Who sends to whom in a query, once it is known which Combine instances there are.
class StageFlow {
 public:
  /// `problem` outlives it.
  explicit StageFlow(const PlacementProblem& problem);

  /// What is known of the root of the query's key; null when no reader was heard of.
  [[nodiscard]] const Hop* root() const { return root_; }
  [[nodiscard]] const PlacementProblem& problem() const { return problem_; }
  [[nodiscard]] std::span<const StageShape> stages() const { return problem_.spec->stages; }
  /// Indices of the routes of readers.
  [[nodiscard]] std::span<const std::size_t> readers() const { return readers_; }
  /// Of these, the readers whose rows pass the Combine stage `stage`.
  [[nodiscard]] std::vector<std::size_t> readers_of(std::uint32_t stage) const;
  /// Stages whose instances a policy puts somewhere as a whole: Main and Result, in their order.
  [[nodiscard]] std::vector<std::uint32_t> later_stages() const;
  /// Where `stage` has to run; empty: anywhere.
  [[nodiscard]] std::vector<Candidate> pinned(std::uint32_t stage) const;
  /// Every node that was seen, once each, by id: as it described itself, if it did.
  [[nodiscard]] std::vector<Candidate> seen() const;

  using Hosts = std::function<std::vector<Candidate>(InstanceId)>;
  /// All instances, in the order of their ids. `hosts` says where those of Main and Result should run.
  [[nodiscard]] std::vector<Choice> choices(std::span<const Combining> combining, const Hosts& hosts) const;

 private:
  [[nodiscard]] bool is_reader(const Route& route) const;
  void add_targets(std::span<const Combining> combining, InstanceId from, std::optional<std::size_t> route,
                   std::vector<InstanceId>& out) const;

  const PlacementProblem& problem_;
  const Hop* root_ = nullptr;
  std::vector<std::size_t> readers_;
};

/// A Combine on every junction of its readers' ways; `spot` says where one should run.
[[nodiscard]] std::vector<Combining> combine_at_junctions(
    const StageFlow& flow, const std::function<std::vector<Candidate>(const Junction&)>& spot);

}  // namespace dart::placement
