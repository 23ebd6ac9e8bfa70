#include "directory/tree/tree.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "directory/tree/message_codec.hpp"

namespace dart::directory::tree {

Tree::Tree(const Config& config, const overlay::NodeHandle& self, Random random)
    : config_(config), self_(self), random_(random) {}

void Tree::step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out) {
  now_ = now;
  ring_ = &ring;
  out_ = &out;
  std::visit([this](auto& i) { on(i); }, input);
  run_timers();
  while (!to_self_.empty()) {
    auto [from, message] = std::move(to_self_.front());
    to_self_.pop_front();
    dispatch(from, message);
  }
}

void Tree::run_timers() {
  while (const auto due = deadlines_.take_due(now_)) {
    switch (*due) {
      case Timer::Beats:
        run_beats();
        break;
      case Timer::Reports:
        run_reports();
        break;
      case Timer::Parents:
        run_parents();
        break;
      case Timer::Attach:
        run_attach();
        break;
      case Timer::Walks:
        run_walks();
        break;
      case Timer::Asked:
        run_asked();
        break;
    }
  }
}

void Tree::tell(const overlay::NodeHandle& to, Message message) {
  ++counters_.sent[message.index()];
  if (to.id == self_.id) {
    to_self_.emplace_back(self_, std::move(message));
    return;
  }
  out_->emplace_back(Tell{to, encode(message)});
}

void Tree::route(const Key& key, std::uint64_t request, overlay::HopMode mode, bool receipt,
                 const Message& message) {
  ++counters_.sent[message.index()];
  out_->emplace_back(RouteTo{key, request, mode, receipt, encode(message)});
}

Group* Tree::find(const Key& key) {
  const auto found = groups_.find(key);
  return found == groups_.end() ? nullptr : &found->second;
}

Group* Tree::find_or_make(const Key& key) {
  if (Group* known = find(key)) return known;
  if (groups_.size() >= limits::kGroups) {
    ++counters_.full_groups;
    return nullptr;
  }
  if (groups_.empty()) {
    // Nodes that begin together are not to speak together.
    const auto phase = [this](Duration every) {
      return now_ + Duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(every.us)))};
    };
    deadlines_.set_earlier(Timer::Beats, phase(config_.beat));
    deadlines_.set_earlier(Timer::Reports, phase(config_.report));
  }
  return &groups_[key];
}

bool Tree::in_ring() const { return ring_->joined() && ring_->phase() == overlay::Phase::Member; }

void Tree::on(Heard& input) {
  auto message = decode(input.payload);
  const bool routed = message && std::holds_alternative<Query>(*message);
  if (!message || routed || input.from.id.is_zero()) {
    ++counters_.malformed;
    return;
  }
  dispatch(input.from, *message);
}

void Tree::on(Reached& input) {
  auto message = decode(input.routed.payload);
  if (!message || input.routed.origin.id.is_zero()) {
    ++counters_.malformed;
    return;
  }
  if (auto* walk = std::get_if<Walk>(&*message)) return enter(std::move(*walk));
  if (auto* query = std::get_if<Query>(&*message)) return handle(input.routed.origin, *query);
  const auto* join = std::get_if<Join>(&*message);
  auto* multi = std::get_if<Multi>(&*message);
  if (join == nullptr && multi == nullptr) {
    ++counters_.malformed;
    return;
  }
  const Key key = join != nullptr ? join->group : multi->group;
  Group* group = key == input.routed.key ? find_or_make(key) : nullptr;
  if (group == nullptr) return;
  become_root(key, *group);
  if (multi != nullptr) {
    take(key, *group, *multi);
  } else if (input.routed.origin.id != self_.id) {
    adopt(key, *group, input.routed.origin, *join);
  }
}

void Tree::on(Passing& input) {
  if (input.routed.origin.id != self_.id) {
    auto message = decode(input.routed.payload);
    if (!message || input.routed.origin.id.is_zero()) {
      ++counters_.malformed;
      return;
    }
    if (const auto* join = std::get_if<Join>(&*message)) {
      if (stop(input.routed.origin, *join)) return;
    } else if (auto* walk = std::get_if<Walk>(&*message); walk != nullptr && find(walk->group) != nullptr) {
      return enter(std::move(*walk));
    }
  }
  out_->emplace_back(PassOn{std::move(input.routed)});
}

void Tree::on(const Arrived& input) {
  const auto found = asked_.find(input.request);
  if (found == asked_.end() || found->second.ask != Ask::Publish) return;
  out_->emplace_back(Published{found->second.tag, input.ok});
  asked_.erase(found);
}

void Tree::on(const Died& input) {
  const auto is_dead = [&](const overlay::NodeHandle& node) {
    return node.id == input.node.id && !node.replaces(input.node);
  };
  for (auto& [key, group] : groups_) {
    std::erase_if(group.children, [&](const Child& child) { return is_dead(child.node); });
    if (group.has_parent() && is_dead(group.parent)) lose_parent(key, group);
  }
}

void Tree::on(const EnterGroup& input) {
  Group* group = find_or_make(input.group);
  if (group == nullptr || group->member) return;
  group->member = true;
  group->member_since_us = now_.us;
  if (!group->root && !group->has_parent() && group->attach_due_us == INT64_MAX) attach(input.group, *group);
}

void Tree::on(const LeaveGroup& input) {
  Group* group = find(input.group);
  if (group == nullptr) return;
  group->member = false;
  group->own.clear();
}

void Tree::on(SetValue& input) {
  Group* group = find(input.group);
  if (group == nullptr || !group->member) {
    ++counters_.not_member;
    return;
  }
  std::erase_if(group->own, [&](const Partial& one) { return one.combine == input.combine; });
  if (!input.value) return;
  auto& counters = input.value->counters;
  if (input.combine != Combine::Counters) counters.clear();
  const auto given = counters.size();
  std::erase_if(counters, [](const auto& one) { return one.first.size() > limits::kCounterName; });
  put_in_order(counters);
  counters.resize(std::min(counters.size(), limits::kCounters));
  counters_.full_counters += given - counters.size();
  group->own.push_back({input.combine, 1, std::move(*input.value)});
}

void Tree::dispatch(const overlay::NodeHandle& from, Message& message) {
  std::visit([&](auto& m) { handle(from, m); }, message);
}

std::optional<GroupView> Tree::view(const Key& key) const {
  const auto found = groups_.find(key);
  if (found == groups_.end()) return std::nullopt;
  const Group& group = found->second;
  return GroupView{group.member, group.root,
                   group.has_parent() ? std::optional<NodeId>(group.parent.id) : std::nullopt,
                   group.children.size(), group.path.size()};
}

void Tree::check_invariants() const {
  DART_CHECK(groups_.size() <= limits::kGroups);
  for (const auto& [key, group] : groups_) {
    DART_CHECK(!group.root || !group.has_parent());
    DART_CHECK(!group.has_parent() || group.attach_due_us == INT64_MAX);
    DART_CHECK(group.root || group.has_parent() || group.attach_due_us != INT64_MAX);
    DART_CHECK(group.children.size() <= limits::kFanOut);
    DART_CHECK(group.recent.size() <= limits::kRecent && group.seen.size() <= limits::kSeen);
    DART_CHECK(group.recent_bytes <= limits::kRecentBytes);
    DART_CHECK(group.member || group.own.empty());
    for (const Child& child : group.children) {
      DART_CHECK(child.node.id != self_.id && child.node.id != group.parent.id);
    }
  }
  DART_CHECK(groups_.empty() || deadlines_.pending(Timer::Beats));
  DART_CHECK(sent_walks_.size() + offered_walks_.size() <= limits::kWalks);
  DART_CHECK(asked_.size() <= limits::kAsked && given_.size() <= limits::kGiven);
}

}  // namespace dart::directory::tree
