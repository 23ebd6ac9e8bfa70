// The ways of readers to the root of a query's key, and what the nodes on them propose.

#include <fmt/format.h>

#include <algorithm>

#include "directory/tree/message.hpp"
#include "placement/load_badge.hpp"
#include "placement/message_codec.hpp"
#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

void QueryService::handle(const overlay::NodeHandle&, const Attract& m) {
  const bool meant = m.label.empty() || m.label == "id=" + self_.id.text() ||
                     std::find(labels_.begin(), labels_.end(), m.label) != labels_.end();
  if (!meant || draining_) return;
  route(query_key_of(m.name), Join{m.name, m.round, m.stage, {}}, true);
}

/// A JOIN passes by: this node is on the way, and so may take a part of the query (DART §3, step 3).
void QueryService::on(Passing& input) {
  if (auto message = decode(input.routed.payload)) {
    if (auto* join = std::get_if<Join>(&*message); join != nullptr && join->hops.size() < limits::kHops) {
      join->hops.push_back(own_hop(input.routed.origin));
      input.routed.payload = encode(*message);
    }
  } else {
    ++counters_.malformed;
  }
  out_->emplace_back(PassOn{std::move(input.routed)});
}

/// This node, and those of its leaf set that are nearest to the way: the hash never chooses alone.
Hop QueryService::own_hop(const overlay::NodeHandle&) const {
  Load own = load_;
  own.instances = busy();
  Hop hop{{self_, ring_->coordinate(), own}, {}};
  auto leaves = ring_->leaf_contacts();
  const auto distance = [&](const overlay::Contact& leaf) { return ring_->round_trip(leaf.coordinate).us; };
  std::stable_sort(leaves.begin(), leaves.end(), [&](const overlay::Contact& a, const overlay::Contact& b) {
    return distance(a) < distance(b);
  });
  for (const overlay::Contact& leaf : leaves) {
    if (hop.leaves.size() >= limits::kProposed) break;
    const auto load = leaf_loads_.find(leaf.node.id);
    hop.leaves.push_back({leaf.node, leaf.coordinate, load == leaf_loads_.end() ? Load{} : load->second});
  }
  return hop;
}

void QueryService::handle(const overlay::NodeHandle&, Join& m) {
  ScheduledQuery* query = find(m.name);
  const bool wanted = query != nullptr && query->phase == Phase::Attracting && query->round == m.round &&
                      m.stage < query->spec.stages.size() && !m.hops.empty();
  if (!wanted) {
    ++counters_.dropped_foreign;
    return;
  }
  const overlay::NodeHandle reader = m.hops.front().self.node;
  const bool known = std::any_of(query->routes.begin(), query->routes.end(), [&](const Route& route) {
    return route.reader.stage == m.stage && route.hops.front().self.node.id == reader.id;
  });
  if (known || query->avoided.contains(reader.id)) return;
  if (query->routes.size() >= limits::kInstances) {
    ++counters_.dropped_full;
    return;
  }
  query->routes.push_back({{m.stage, 0}, std::move(m.hops)});
  query->last_join_us = now_.us;
  const bool counted = (query->counts == 0 && !query->uncounted) || query->cause == Cause::Repair;
  if (counted && !readers_missing(*query)) return choose(*query);
  if (!counted) wake(*query, std::max(now_.us + config_.joins_quiet.us, query->due_us));
}

/// Which queries read at nodes like this one? Each of them hears that there is one more.
void QueryService::greet() {
  std::vector<std::string> labels = labels_;
  labels.push_back("id=" + self_.id.text());
  for (const std::string& label : labels) greet_all(fmt::format("{}{}/", kBindPrefix, label), {});
}

void QueryService::greet_all(const std::string& prefix, std::string after) {
  const std::uint64_t tag = next_tag_++;
  greeting_[tag] = prefix;
  out_->emplace_back(AskNames{{tag, prefix, std::move(after)}});
}

void QueryService::on(NamesDone& input) {
  const auto asked = greeting_.find(input.listed.tag);
  if (asked == greeting_.end()) return;
  const std::string prefix = std::move(asked->second);
  greeting_.erase(asked);
  if (input.listed.outcome != directory::Outcome::Ok) {
    to_greet_.insert(prefix);
    deadlines_.set_earlier(Timer::Greeting, {now_.us + config_.ask_again.us});
    return;
  }
  for (const auto& found : input.listed.names) {
    const std::string name = found.name.substr(std::min(prefix.size(), found.name.size()));
    if (!name.empty() && name.size() <= limits::kNameBytes) route(query_key(name), Hello{name});
  }
  if (input.listed.more && !input.listed.names.empty()) greet_all(prefix, input.listed.names.back().name);
}

void QueryService::on(const BadgeShown& input) {
  if (const auto load = load_of_badge(input.badge)) leaf_loads_[input.node.id] = *load;
  while (leaf_loads_.size() > 2 * overlay::limits::kLeafSide * 2) leaf_loads_.erase(leaf_loads_.begin());
}

}  // namespace dart::placement
