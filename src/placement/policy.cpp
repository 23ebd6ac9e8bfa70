#include "placement/policy.hpp"

#include <algorithm>
#include <array>

#include "placement/policies/one_way.hpp"
#include "placement/policies/policies.hpp"

namespace dart::placement {

namespace {

/// A query's instances as a graph, walked once in the order of its stages.
class Reckoning {
 public:
  Reckoning(const QuerySpec& spec, std::span<const Placed> placed, std::span<const Candidate> known)
      : spec_(spec) {
    for (const Placed& it : placed) order_.push_back(&it);
    std::stable_sort(order_.begin(), order_.end(),
                     [](const Placed* a, const Placed* b) { return a->id < b->id; });
    for (const Candidate& it : known) known_.push_back(&it);
    std::stable_sort(known_.begin(), known_.end(),
                     [](const Candidate* a, const Candidate* b) { return a->node.id < b->node.id; });
    left_us_.assign(order_.size(), kUnwalked);
  }

  Estimate estimate() {
    Estimate result;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (role(i) == StageRole::Source) result.source_to_sink.push_back({left_us(i)});
    }
    result.bytes_per_s = bytes_per_s();
    return result;
  }

 private:
  static constexpr std::int64_t kUnwalked = -1;

  [[nodiscard]] std::optional<StageRole> role(std::size_t place) const {
    const std::uint32_t stage = order_[place]->id.stage;
    return stage < spec_.stages.size() ? std::optional(spec_.stages[stage].role) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::size_t> find(InstanceId id) const {
    const auto at =
        std::lower_bound(order_.begin(), order_.end(), id,
                         [](const Placed* it, const InstanceId& wanted) { return it->id < wanted; });
    if (at == order_.end() || (*at)->id != id) return std::nullopt;
    return static_cast<std::size_t>(at - order_.begin());
  }

  [[nodiscard]] Candidate candidate(const overlay::NodeHandle& node) const {
    const auto at = std::lower_bound(known_.begin(), known_.end(), node.id,
                                     [](const Candidate* it, const NodeId& id) { return it->node.id < id; });
    if (at != known_.end() && (*at)->node.id == node.id) return **at;
    return {node, {}, {}};
  }

  [[nodiscard]] std::int64_t link_us(std::size_t from, std::size_t to) const {
    return one_way_us(candidate(order_[from]->host), candidate(order_[to]->host));
  }

  /// From an instance to the end, by the longest way. A record that goes in circles counts each place once.
  std::int64_t left_us(std::size_t place) {
    if (left_us_[place] != kUnwalked) return left_us_[place];
    left_us_[place] = 0;
    std::int64_t longest = 0;
    for (const InstanceId& to : order_[place]->to) {
      if (const auto next = find(to)) longest = std::max(longest, link_us(place, *next) + left_us(*next));
    }
    return left_us_[place] = longest;
  }

  /// Instances of one stage in the order in which rows pass them.
  [[nodiscard]] std::vector<std::size_t> downwards() const {
    std::vector<std::size_t> inputs(order_.size());
    for (const Placed* it : order_) {
      for (const InstanceId& to : it->to) {
        if (const auto next = find(to)) ++inputs[*next];
      }
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == 0) order.push_back(i);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const InstanceId& to : order_[order[i]]->to) {
        const auto next = find(to);
        if (next && --inputs[*next] == 0) order.push_back(*next);
      }
    }
    return order;
  }

  [[nodiscard]] EdgeKind edge_kind(std::uint32_t from, std::uint32_t to) const {
    for (const EdgeShape& edge : spec_.edges) {
      if (edge.from == from && edge.to == to) return edge.kind;
    }
    return EdgeKind::Merge;
  }

  /// A reader whose rate nobody knows counts as one row a second.
  [[nodiscard]] static double rate_of(const StageShape& stage) {
    return stage.rows_per_s > 0 ? stage.rows_per_s : 1;
  }

  [[nodiscard]] double bytes_per_s() const {
    std::vector<double> rows(order_.size());  // that come in
    double bytes = 0;
    for (const std::size_t place : downwards()) {
      if (!role(place)) continue;
      const Placed& it = *order_[place];
      const StageShape& stage = spec_.stages[it.id.stage];
      if (stage.role == StageRole::Source) rows[place] = it.away ? 0 : rate_of(stage);
      const double out = rows[place] * stage.selectivity;
      for (const InstanceId& to : it.to) {
        const auto next = find(to);
        if (!next) continue;
        // Rows dealt out by key: each receiver of a stage has its share.
        const bool dealt = edge_kind(it.id.stage, to.stage) == EdgeKind::Hash;
        const auto receivers = static_cast<double>(std::count_if(
            it.to.begin(), it.to.end(), [&](const InstanceId& one) { return one.stage == to.stage; }));
        const double share = dealt ? out / receivers : out;
        rows[*next] += share;
        if (it.host.id != order_[*next]->host.id) bytes += share * stage.bytes_per_row;
      }
    }
    return bytes;
  }

  const QuerySpec& spec_;
  std::vector<const Placed*> order_;     // by instance
  std::vector<const Candidate*> known_;  // by node
  std::vector<std::int64_t> left_us_;
};

}  // namespace

std::span<const Policy* const> policies() {
  static const std::array<const Policy*, 4> all{&route_policy(), &cost_policy(), &random_policy(),
                                                &central_policy()};
  return all;
}

const Policy* find_policy(std::string_view name) {
  for (const Policy* policy : policies()) {
    if (policy->name() == name) return policy;
  }
  return nullptr;
}

Estimate estimate(const QuerySpec& spec, std::span<const Placed> placed, std::span<const Candidate> known) {
  return Reckoning(spec, placed, known).estimate();
}

}  // namespace dart::placement
