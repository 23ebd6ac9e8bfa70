#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/int128.hpp"
#include "placement/limits.hpp"
#include "placement/policies/one_way.hpp"
#include "placement/policies/policies.hpp"
#include "placement/policies/price.hpp"
#include "placement/policies/stage_flow.hpp"

namespace dart::placement {

namespace {

/// Nodes that are weighed for one instance, and senders by which; the rest of a large query changes little.
constexpr std::size_t kConsidered = 256;
constexpr std::size_t kWeighed = 64;
/// Streams that one instance takes in before a Combine is put in front of it.
constexpr std::size_t kFanIn = 16;
/// Bytes times delay that a Combine has to save, in hundredths, and what running it costs.
constexpr std::int64_t kSavedPercent = 10;
constexpr std::int64_t kCombineUs = 2'000;
/// How much longer the way of a row may get for it.
constexpr std::int64_t kDetourShare = 10;
constexpr std::int64_t kDetourUs = 1'000;
/// Of a stream whose rows nobody has counted.
constexpr std::int64_t kUnknownRate = 1'000;
constexpr double kMostRate = 1e12;

/// Rows that come from one place, as they are summed up: a reader's, or a Combine's.
struct Stream {
  Candidate from;
  std::int64_t rate = 0;  ///< bytes a second, or kUnknownRate
  std::size_t route = 0;  ///< of a reader
  std::optional<std::size_t> spot;
};

std::int64_t whole(double value) { return std::llround(std::clamp(value, 1.0, kMostRate)); }

std::int64_t permille(double selectivity) {
  return std::llround(std::clamp(selectivity, 0.0, 1000.0) * 1000);
}

/// One query's placement by cost.
class Placing {
 public:
  Placing(const StageFlow& flow, Random& random) : flow_(flow), random_(random) {
    gather();
    const auto stages = flow.stages();
    rates_known_ = std::all_of(flow.readers().begin(), flow.readers().end(), [&](std::size_t reader) {
      const StageShape& stage = stages[flow.problem().routes[reader].reader.stage];
      return stage.rows_per_s > 0 && stage.bytes_per_row > 0;
    });
    hosts_.resize(stages.size());
  }

  std::vector<Choice> place() {
    for (const std::uint32_t stage : flow_.later_stages()) place_stage(stage);
    std::vector<Combining> combining;
    for (std::uint32_t s = 0; s < flow_.stages().size(); ++s) {
      if (flow_.stages()[s].role == StageRole::Combine) combining.push_back(combine(s));
    }
    return flow_.choices(combining, [&](InstanceId id) { return hosts_[id.stage][id.number]; });
  }

 private:
  /// The root's surroundings first, then outwards along the routes.
  void gather() {
    for (std::size_t back = 1; back <= limits::kHops; ++back) {
      for (const Route& route : flow_.problem().routes) {
        if (route.hops.size() < back) continue;
        const Hop& hop = route.hops[route.hops.size() - back];
        consider(hop.self, true);
        for (const Candidate& leaf : hop.leaves) consider(leaf, false);
      }
    }
  }

  void consider(const Candidate& candidate, bool itself) {
    const auto at =
        std::lower_bound(considered_.begin(), considered_.end(), candidate,
                         [](const Candidate& a, const Candidate& b) { return a.node.id < b.node.id; });
    if (at != considered_.end() && at->node.id == candidate.node.id) {
      if (itself) *at = candidate;
    } else if (considered_.size() < kConsidered) {
      considered_.insert(at, candidate);
    }
  }

  [[nodiscard]] Stream stream_of(std::size_t reader) const {
    const Route& route = flow_.problem().routes[reader];
    const StageShape& stage = flow_.stages()[route.reader.stage];
    const std::int64_t rate =
        rates_known_ ? whole(stage.rows_per_s * stage.selectivity * stage.bytes_per_row) : kUnknownRate;
    return {route.hops.front().self, rate, reader, std::nullopt};
  }

  /// What flows into a stage; a Combine in between is left out.
  void add_inputs(std::uint32_t stage, std::vector<Stream>& out) const {
    for (const EdgeShape& edge : flow_.problem().spec->edges) {
      if (edge.to != stage || edge.from >= edge.to) continue;
      if (flow_.stages()[edge.from].role == StageRole::Combine) {
        add_inputs(edge.from, out);
      } else if (flow_.stages()[edge.from].role == StageRole::Source) {
        for (const std::size_t reader : flow_.readers()) {
          if (flow_.problem().routes[reader].reader.stage == edge.from) out.push_back(stream_of(reader));
        }
      } else {
        for (const auto& hosts : hosts_[edge.from]) out.push_back({hosts.front(), kUnknownRate, 0, {}});
      }
    }
  }

  /// Evenly spaced ones stand for all.
  static std::vector<Stream> some(const std::vector<Stream>& all) {
    if (all.size() <= kWeighed) return all;
    std::vector<Stream> chosen;
    for (std::size_t i = 0; i < kWeighed; ++i) chosen.push_back(all[i * all.size() / kWeighed]);
    return chosen;
  }

  /// The node of the first stage below that has to be somewhere.
  [[nodiscard]] std::optional<Candidate> anchor(std::uint32_t stage) const {
    for (const EdgeShape& edge : flow_.problem().spec->edges) {
      if (edge.from != stage || edge.to <= edge.from || edge.to >= flow_.stages().size()) continue;
      const std::vector<Candidate> pinned = flow_.pinned(edge.to);
      if (!pinned.empty()) return pinned.front();
      if (auto below = anchor(edge.to)) return below;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool runs_now(InstanceId id, const NodeId& node) const {
    const auto& now = flow_.problem().now;
    return std::any_of(now.begin(), now.end(),
                       [&](const Placed& it) { return it.id == id && it.host.id == node; });
  }

  /// The mean delay of a row by way of `host`, what the bytes on their links are worth, and its load.
  [[nodiscard]] Priced price(InstanceId id, const Candidate& host, std::span<const Stream> inputs,
                             const std::optional<Candidate>& below) const {
    std::int64_t rate = 0;
    int128 sum = 0;
    for (const Stream& input : inputs) {
      rate += input.rate;
      sum += static_cast<int128>(input.rate) * one_way_us(input.from, host);
    }
    const std::int64_t in_us = rate == 0 ? 0 : static_cast<std::int64_t>(sum / rate);
    const std::int64_t out_us = below ? one_way_us(host, *below) : 0;
    const std::int64_t usage_us = in_us + out_us * permille(flow_.stages()[id.stage].selectivity) / 1000;
    Load load = host.load;
    const bool here = runs_now(id, host.node.id);
    if (here && load.instances > 0) --load.instances;
    const std::uint32_t more = taken_.on(host.node.id);
    std::int64_t cost_us = in_us + out_us + usage_us / 4 + load_us(load, more);
    if (here) cost_us -= cost_us / 10;
    return {host, cost_us, is_full(load, more)};
  }

  void place_stage(std::uint32_t stage) {
    std::vector<Stream> inputs;
    add_inputs(stage, inputs);
    inputs = some(inputs);
    const std::vector<Candidate> pinned = flow_.pinned(stage);
    const std::optional<Candidate> below = anchor(stage);
    const StageShape& shape = flow_.stages()[stage];
    const std::uint32_t partitions = shape.role == StageRole::Main ? std::max(1U, shape.partitions) : 1;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      std::vector<Priced> priced;
      for (const Candidate& host : pinned.empty() ? considered_ : pinned) {
        priced.push_back(price({stage, p}, host, inputs, below));
      }
      hosts_[stage].push_back(in_order(std::move(priced), random_));
      taken_.add(hosts_[stage].back().front().node.id);
    }
  }

  // ---- Combine: where ways meet, from the readers towards the root.

  /// The host that takes what the Combine stage gives out.
  [[nodiscard]] std::optional<Candidate> receiver(std::uint32_t stage) const {
    for (const EdgeShape& edge : flow_.problem().spec->edges) {
      if (edge.from != stage || edge.to >= flow_.stages().size()) continue;
      if (!hosts_[edge.to].empty()) return hosts_[edge.to].front().front();
    }
    return std::nullopt;
  }

  Combining combine(std::uint32_t stage) {
    const std::vector<std::size_t> readers = flow_.readers_of(stage);
    const MergedRoutes merged = merge_routes(flow_.problem().routes, readers);
    Combining result{stage, {}, std::vector<std::optional<std::size_t>>(merged.entry.size())};
    const std::optional<Candidate> sink = receiver(stage);
    if (!sink) return result;
    std::vector<std::vector<Stream>> open(merged.junctions.size() + 1);  // the last is the root's
    const std::size_t root = merged.junctions.size();
    for (const std::size_t reader : readers) {
      open[merged.entry[reader].value_or(root)].push_back(stream_of(reader));
    }
    for (const std::size_t place : far_first(merged)) {
      const Junction& junction = merged.junctions[place];
      join_streams(result, *junction.hop, *sink, open[place]);
      auto& on = open[junction.next.value_or(root)];
      on.insert(on.end(), open[place].begin(), open[place].end());
    }
    bound_fan_in(result, *flow_.root(), *sink, open[root], kFanIn);
    return result;
  }

  static std::vector<std::size_t> far_first(const MergedRoutes& merged) {
    std::vector<std::size_t> depth(merged.junctions.size());
    for (std::size_t i = 0; i < depth.size(); ++i) {
      for (auto at = merged.junctions[i].next; at; at = merged.junctions[*at].next) ++depth[i];
    }
    std::vector<std::size_t> order(depth.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return depth[a] > depth[b]; });
    return order;
  }

  struct Offer {
    std::vector<Candidate> candidates;
    bool pays = false;
  };

  /// What one Combine of these streams near `hop` would be worth.
  [[nodiscard]] Offer offer(std::uint32_t stage, const Hop& hop, const Candidate& sink,
                            std::span<const Stream> streams) {
    const InstanceId id{stage, UINT32_MAX};
    std::vector<Candidate> hosts{hop.self};
    hosts.insert(hosts.end(), hop.leaves.begin(), hop.leaves.end());
    std::vector<Priced> priced;
    for (const Candidate& host : hosts) priced.push_back(price(id, host, streams, sink));
    Offer result{in_order(std::move(priced), random_), false};
    const Candidate& host = result.candidates.front();
    if (!rates_known_ || is_full(host.load, taken_.on(host.node.id))) return result;
    int128 before = 0;
    int128 after = 0;
    std::int64_t rate = 0;
    for (const Stream& stream : streams) {
      const std::int64_t direct_us = one_way_us(stream.from, sink);
      const std::int64_t first_us = one_way_us(stream.from, host);
      const std::int64_t longer_us = first_us + one_way_us(host, sink) - direct_us;
      if (longer_us > std::max(kDetourUs, direct_us / kDetourShare)) return result;
      rate += stream.rate;
      before += static_cast<int128>(stream.rate) * direct_us;
      after += static_cast<int128>(stream.rate) * first_us;
    }
    after += static_cast<int128>(given_out(stage, rate)) * one_way_us(host, sink);
    const std::int64_t own_us = kCombineUs + load_us(host.load, taken_.on(host.node.id));
    result.pays = (before - after) * 100 > before * kSavedPercent + static_cast<int128>(rate) * own_us * 100;
    return result;
  }

  [[nodiscard]] std::int64_t given_out(std::uint32_t stage, std::int64_t rate) const {
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<int128>(rate) * permille(flow_.stages()[stage].selectivity) /
                                     1000));
  }

  void join_streams(Combining& result, const Hop& hop, const Candidate& sink, std::vector<Stream>& streams) {
    if (streams.size() < 2) return;
    const Offer it = offer(result.stage, hop, sink, streams);
    if (it.pays && streams.size() <= kFanIn) {
      streams = {add_spot(result, it.candidates, streams)};
    } else {
      bound_fan_in(result, hop, sink, streams, kFanIn);
    }
  }

  /// More than `most` streams become one for each `most` of them, again and again.
  void bound_fan_in(Combining& result, const Hop& hop, const Candidate& sink, std::vector<Stream>& streams,
                    std::size_t most) {
    while (streams.size() > most) {
      std::vector<Stream> fewer;
      for (std::size_t first = 0; first < streams.size(); first += most) {
        const std::span<const Stream> group(streams.data() + first, std::min(most, streams.size() - first));
        if (group.size() == 1) {
          fewer.push_back(group.front());
        } else {
          fewer.push_back(add_spot(result, offer(result.stage, hop, sink, group).candidates, group));
        }
      }
      streams = std::move(fewer);
    }
  }

  Stream add_spot(Combining& result, std::vector<Candidate> candidates, std::span<const Stream> streams) {
    const std::size_t number = result.spots.size();
    Stream joined{candidates.front(), 0, 0, number};
    for (const Stream& stream : streams) {
      joined.rate += stream.rate;
      if (stream.spot) {
        result.spots[*stream.spot].next = number;
      } else {
        result.entry[stream.route] = number;
      }
    }
    joined.rate = given_out(result.stage, joined.rate);
    taken_.add(candidates.front().node.id);
    result.spots.push_back({std::move(candidates), std::nullopt});
    return joined;
  }

  const StageFlow& flow_;
  Random& random_;
  bool rates_known_ = false;
  std::vector<Candidate> considered_;                       // by id
  std::vector<std::vector<std::vector<Candidate>>> hosts_;  // by stage, by partition, best first
  Taken taken_;
};

class CostPolicy final : public Policy {
 public:
  [[nodiscard]] std::string_view name() const override { return "cost"; }
  [[nodiscard]] bool spreads() const override { return true; }

  [[nodiscard]] std::vector<Choice> place(const PlacementProblem& problem, Random& random) const override {
    const StageFlow flow(problem);
    if (flow.root() == nullptr) return {};
    return Placing(flow, random).place();
  }
};

}  // namespace

const Policy& cost_policy() {
  static const CostPolicy policy;
  return policy;
}

}  // namespace dart::placement
