#include "placement/policies/stage_flow.hpp"

#include <algorithm>

namespace dart::placement {

namespace {

bool by_id(const Candidate& a, const Candidate& b) { return a.node.id < b.node.id; }

}  // namespace

StageFlow::StageFlow(const PlacementProblem& problem) : problem_(problem) {
  for (std::size_t i = 0; i < problem.routes.size(); ++i) {
    const Route& route = problem.routes[i];
    if (route.hops.empty()) continue;
    if (root_ == nullptr) root_ = &route.hops.back();
    if (is_reader(route)) readers_.push_back(i);
  }
}

bool StageFlow::is_reader(const Route& route) const {
  return route.reader.stage < stages().size() && stages()[route.reader.stage].role == StageRole::Source;
}

std::vector<std::size_t> StageFlow::readers_of(std::uint32_t stage) const {
  std::vector<std::size_t> found;
  for (const std::size_t reader : readers_) {
    const std::uint32_t from = problem_.routes[reader].reader.stage;
    const auto& edges = problem_.spec->edges;
    const bool feeds = std::any_of(edges.begin(), edges.end(), [&](const EdgeShape& edge) {
      return edge.from == from && edge.to == stage;
    });
    if (feeds) found.push_back(reader);
  }
  return found;
}

std::vector<std::uint32_t> StageFlow::later_stages() const {
  std::vector<std::uint32_t> later;
  for (std::uint32_t s = 0; s < stages().size(); ++s) {
    if (stages()[s].role == StageRole::Main || stages()[s].role == StageRole::Result) later.push_back(s);
  }
  return later;
}

std::vector<Candidate> StageFlow::pinned(std::uint32_t stage) const {
  std::vector<Candidate> pinned;
  for (const overlay::NodeHandle& node : stages()[stage].nodes) {
    Candidate& it = pinned.emplace_back();
    it.node = node;
    for (const Route& route : problem_.routes) {
      for (const Hop& hop : route.hops) {
        if (hop.self.node.id == node.id) it = hop.self;
      }
    }
  }
  if (!pinned.empty()) return pinned;
  // A node that was found by a label sent a JOIN, as a reader does.
  for (const Route& route : problem_.routes) {
    if (route.reader.stage == stage && !route.hops.empty()) pinned.push_back(route.hops.front().self);
  }
  return pinned;
}

std::vector<Candidate> StageFlow::seen() const {
  std::vector<Candidate> all;
  for (const Route& route : problem_.routes) {
    for (const Hop& hop : route.hops) all.push_back(hop.self);
  }
  for (const Route& route : problem_.routes) {
    for (const Hop& hop : route.hops) all.insert(all.end(), hop.leaves.begin(), hop.leaves.end());
  }
  std::stable_sort(all.begin(), all.end(), by_id);
  const auto end = std::unique(all.begin(), all.end(),
                               [](const Candidate& a, const Candidate& b) { return a.node.id == b.node.id; });
  all.erase(end, all.end());
  return all;
}

void StageFlow::add_targets(std::span<const Combining> combining, InstanceId from,
                            std::optional<std::size_t> route, std::vector<InstanceId>& out) const {
  const auto add = [&](InstanceId id) {
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  };
  for (const EdgeShape& edge : problem_.spec->edges) {
    if (edge.from != from.stage || edge.to <= edge.from || edge.to >= stages().size()) continue;
    const StageShape& next = stages()[edge.to];
    if (next.role == StageRole::Combine) {
      const auto found = std::find_if(combining.begin(), combining.end(),
                                      [&](const Combining& it) { return it.stage == edge.to; });
      const auto entry = route && found != combining.end() ? found->entry[*route] : std::nullopt;
      if (entry) {
        add({edge.to, static_cast<std::uint32_t>(*entry)});
      } else {
        add_targets(combining, {edge.to, from.number}, std::nullopt, out);
      }
    } else if (edge.kind == EdgeKind::Forward) {
      add({edge.to, from.number % std::max(1U, next.partitions)});
    } else {
      for (std::uint32_t p = 0; p < std::max(1U, next.partitions); ++p) add({edge.to, p});
    }
  }
}

std::vector<Choice> StageFlow::choices(std::span<const Combining> combining, const Hosts& hosts) const {
  std::vector<Choice> choices;
  if (root_ == nullptr) return choices;
  for (const std::size_t reader : readers_) {
    const Route& route = problem_.routes[reader];
    Choice choice{route.reader, {route.hops.front().self}, {}};
    add_targets(combining, route.reader, reader, choice.to);
    choices.push_back(std::move(choice));
  }
  for (const Combining& it : combining) {
    for (std::size_t i = 0; i < it.spots.size(); ++i) {
      Choice choice{{it.stage, static_cast<std::uint32_t>(i)}, it.spots[i].candidates, {}};
      if (it.spots[i].next) {
        choice.to.push_back({it.stage, static_cast<std::uint32_t>(*it.spots[i].next)});
      } else {
        add_targets(combining, choice.id, std::nullopt, choice.to);
      }
      choices.push_back(std::move(choice));
    }
  }
  for (const std::uint32_t stage : later_stages()) {
    const std::uint32_t partitions =
        stages()[stage].role == StageRole::Main ? std::max(1U, stages()[stage].partitions) : 1;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      Choice choice{{stage, p}, hosts({stage, p}), {}};
      add_targets(combining, choice.id, std::nullopt, choice.to);
      choices.push_back(std::move(choice));
    }
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) { return a.id < b.id; });
  return choices;
}

std::vector<Combining> combine_at_junctions(
    const StageFlow& flow, const std::function<std::vector<Candidate>(const Junction&)>& spot) {
  std::vector<Combining> all;
  for (std::uint32_t stage = 0; stage < flow.stages().size(); ++stage) {
    if (flow.stages()[stage].role != StageRole::Combine) continue;
    MergedRoutes merged = merge_routes(flow.problem().routes, flow.readers_of(stage));
    Combining combining{stage, {}, std::move(merged.entry)};
    for (const Junction& junction : merged.junctions) {
      combining.spots.push_back({spot(junction), junction.next});
    }
    all.push_back(std::move(combining));
  }
  return all;
}

}  // namespace dart::placement
