#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "placement/policy.hpp"

namespace dart::placement {

/// Nodes on a line, by number: node n stands at n milliseconds of round trip from node 0.
struct ProblemMaker {
  ProblemMaker() {
    spec.name = "q";
    spec.stages.resize(3);
    spec.stages[0].role = StageRole::Source;
    spec.stages[1].role = StageRole::Combine;
    spec.stages[2].role = StageRole::Main;
    spec.edges = {{0, 1, EdgeKind::Merge}, {1, 2, EdgeKind::Hash}};
  }

  static overlay::NodeHandle handle(std::uint32_t number) {
    overlay::NodeHandle node;
    node.id = {number + 1ULL, 0};
    node.incarnation = 1;
    return node;
  }
  static std::uint32_t number(const overlay::NodeHandle& node) {
    return static_cast<std::uint32_t>(node.id.high - 1);
  }
  [[nodiscard]] Candidate at(std::uint32_t number) const {
    Candidate it;
    it.node = handle(number);
    it.coordinate = {static_cast<std::int32_t>(number) * 1000, 0, 0, 0, 100};
    it.load.free_bytes = 1U << 30;
    for (const auto& [node, load] : loads) {
      if (node == number) it.load = load;
    }
    return it;
  }
  /// The way of one more reader: the nodes by number, each with those that it proposes.
  void route(const std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>>& hops) {
    Route& it = routes.emplace_back();
    it.reader = {0, static_cast<std::uint32_t>(routes.size() - 1)};
    for (const auto& [self, leaves] : hops) {
      Hop& hop = it.hops.emplace_back();
      hop.self = at(self);
      for (const std::uint32_t leaf : leaves) hop.leaves.push_back(at(leaf));
    }
  }
  [[nodiscard]] PlacementProblem problem() const {
    PlacementProblem it;
    it.spec = &spec;
    it.routes = routes;
    it.now = now;
    return it;
  }
  [[nodiscard]] std::vector<Choice> place(std::string_view policy, std::uint64_t seed = 1) const {
    Random random(seed);
    const PlacementProblem it = problem();
    return find_policy(policy)->place(it, random);
  }

  QuerySpec spec;
  std::vector<Route> routes;
  std::vector<Placed> now;
  std::vector<std::pair<std::uint32_t, Load>> loads;
};

/// "stage.number @ node -> stage.number …" of each choice, with the first candidate.
inline std::vector<std::string> lines(const std::vector<Choice>& choices) {
  std::vector<std::string> all;
  for (const Choice& choice : choices) {
    std::string line = std::to_string(choice.id.stage) + "." + std::to_string(choice.id.number) + " @ " +
                       std::to_string(ProblemMaker::number(choice.candidates.front().node));
    for (const InstanceId& to : choice.to) {
      line += (&to == choice.to.data() ? " -> " : " ") + std::to_string(to.stage) + "." +
              std::to_string(to.number);
    }
    all.push_back(std::move(line));
  }
  return all;
}

/// What would run if the first candidate of each took it.
inline std::vector<Placed> first_of(const std::vector<Choice>& choices) {
  std::vector<Placed> placed;
  for (const Choice& choice : choices) {
    placed.push_back({choice.id, choice.candidates.front().node, choice.to, false});
  }
  return placed;
}

}  // namespace dart::placement
