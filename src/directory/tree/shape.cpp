#include <algorithm>
#include <utility>
#include <vector>

#include "directory/tree/tree.hpp"

namespace dart::directory::tree {

namespace {

/// Children are told at each beat of what came within so many of them.
constexpr std::int64_t kToldBeats = 4;
/// A child that missed a report is not recommended; one that missed two makes room for a newcomer.
constexpr std::int64_t kDoubtfulTenths = 15;
constexpr std::int64_t kSilentTenths = 25;
/// A newcomer that asks again is to meet somebody else: drawn from so many of the nearest.
constexpr std::size_t kNearest = 3;

}  // namespace

bool Tree::stop(const overlay::NodeHandle& joiner, const Join& m) {
  const bool known = find(m.group) != nullptr;
  Group* group = find_or_make(m.group);
  // Whoever hangs below the joiner cannot be its parent; somebody nearer to the root can.
  if (group == nullptr || group->is_below(joiner.id)) return false;
  adopt(m.group, *group, joiner, m);
  if (!known) attach(m.group, *group);
  return true;
}

void Tree::handle(const overlay::NodeHandle& from, const Join& m) {
  Group* group = find(m.group);
  if (group == nullptr || from.id == self_.id || group->is_below(from.id)) {
    tell(from, Drop{m.group});
    return;
  }
  adopt(m.group, *group, from, m);
}

void Tree::adopt(const Key& key, Group& group, const overlay::NodeHandle& node, const Join& m) {
  Child* child = group.child(node.id);
  if (child == nullptr) {
    if (group.children.size() >= limits::kFanOut) {
      const std::int64_t heard_us = now_.us - config_.report.us * kSilentTenths / 10;
      std::erase_if(group.children, [&](const Child& one) { return one.heard_us < heard_us; });
    }
    if (group.children.size() >= limits::kFanOut) {
      hand_down(group, node, m);
      return;
    }
    child = &group.children.emplace_back();
  }
  child->node = node;
  child->coordinate = m.coordinate;
  child->heard_us = now_.us;
  beat_child(key, group, *child, true);
}

/// Named is one of the children that are nearest to the newcomer, of those that seem to live and have a place
/// if there are any.
void Tree::hand_down(const Group& group, const overlay::NodeHandle& node, const Join& m) {
  ++counters_.handed_down;
  if (m.handed_down >= limits::kHandedDown) return;
  const std::int64_t heard_us = now_.us - config_.report.us * kDoubtfulTenths / 10;
  std::vector<const Child*> choice;
  for (const Child& one : group.children) {
    if (one.heard_us >= heard_us && one.children < limits::kFanOut) choice.push_back(&one);
  }
  if (choice.empty()) {
    for (const Child& one : group.children) choice.push_back(&one);
  }
  const auto way = [&](const Child* one) { return one->coordinate.round_trip(m.coordinate); };
  std::sort(choice.begin(), choice.end(), [&](const Child* a, const Child* b) {
    return std::pair{way(a), a->node.id} < std::pair{way(b), b->node.id};
  });
  const auto pick = static_cast<std::size_t>(random_.below(std::min(choice.size(), kNearest)));
  tell(node, Full{m.group, m.handed_down + 1, choice[pick]->node});
}

void Tree::handle(const overlay::NodeHandle&, const Full& m) {
  Group* group = find(m.group);
  if (group == nullptr || group->root || group->has_parent()) return;
  if (m.ask.id == self_.id || group->child(m.ask.id) != nullptr) return;
  attach_at(*group, now_.us + config_.attach.us);
  tell(m.ask, Join{m.group, m.handed_down, ring_->coordinate()});
}

void Tree::handle(const overlay::NodeHandle& from, const Beat& m) {
  Group* group = find(m.group);
  if (group == nullptr || group->root || (group->has_parent() && group->parent.id != from.id)) {
    tell(from, Leave{m.group});
    return;
  }
  const bool below = std::find(m.path.begin(), m.path.end(), self_.id) != m.path.end();
  const bool too_deep = m.path.size() >= limits::kPath;
  if (below || too_deep || from.id == self_.id) {
    ++(too_deep ? counters_.too_deep : counters_.loops);
    tell(from, Leave{m.group});
    if (group->has_parent()) lose_parent(m.group, *group);
    return;
  }
  // A child that went elsewhere, and whose word of it was lost.
  std::erase_if(group->children, [&](const Child& child) { return child.node.id == from.id; });
  take_parent(m.group, *group, from, m);
  want_missing(m.group, *group, m);
}

void Tree::take_parent(const Key& key, Group& group, const overlay::NodeHandle& node, const Beat& m) {
  const bool news = !group.has_parent() || group.path != m.path;
  if (!group.has_parent()) ++counters_.attached;
  group.parent = node;
  group.parent_heard_us = now_.us;
  group.attach_due_us = INT64_MAX;
  group.attach_wait_us = 0;
  deadlines_.set_earlier(Timer::Parents, now_ + config_.silent);
  if (!news) return;
  group.path = m.path;
  beat_children(key, group);
}

void Tree::handle(const overlay::NodeHandle& from, Report& m) {
  Group* group = find(m.group);
  Child* child = group == nullptr ? nullptr : group->child(from.id);
  if (child == nullptr) {
    tell(from, Drop{m.group});
    return;
  }
  child->node = from;
  child->heard_us = now_.us;
  child->children = m.children;
  child->members = m.members;
  child->partials = std::move(m.partials);
}

void Tree::handle(const overlay::NodeHandle& from, const Leave& m) {
  if (Group* group = find(m.group)) {
    std::erase_if(group->children, [&](const Child& child) { return child.node.id == from.id; });
  }
}

void Tree::handle(const overlay::NodeHandle& from, const Drop& m) {
  Group* group = find(m.group);
  if (group == nullptr || group->root) return;
  if (group->has_parent() && group->parent.id != from.id) return;
  lose_parent(m.group, *group);
}

void Tree::lose_parent(const Key& key, Group& group) {
  if (group.has_parent()) ++counters_.lost_parents;
  group.parent = {};
  if (!group.path.empty()) {
    group.path.clear();
    beat_children(key, group);
  }
  // Not at once: what made this node lose it may be known to the next hop in a moment.
  attach_at(group, now_.us + static_cast<std::int64_t>(random_.below(50'000)));
}

void Tree::attach_at(Group& group, std::int64_t when_us) {
  group.attach_due_us = when_us;
  deadlines_.set_earlier(Timer::Attach, {when_us});
}

void Tree::attach(const Key& key, Group& group) {
  if (!in_ring()) {
    attach_at(group, now_.us + config_.beat.us);
    return;
  }
  if (!ring_->next_hop(key)) {
    become_root(key, group);
    return;
  }
  group.attach_wait_us = std::clamp(2 * group.attach_wait_us, config_.attach.us, config_.longest_attach.us);
  attach_at(group, now_.us + group.attach_wait_us);
  route(key, next_number_++, overlay::HopMode::Stepwise, false, Join{key, 0, ring_->coordinate()});
}

void Tree::become_root(const Key& key, Group& group) {
  if (group.root) return;
  if (group.has_parent()) tell(group.parent, Leave{key});
  group.root = true;
  group.root_since_us = now_.us;
  group.parent = {};
  group.path.clear();
  group.attach_due_us = INT64_MAX;
  group.attach_wait_us = 0;
  beat_children(key, group);
}

void Tree::beat_child(const Key& key, const Group& group, const Child& child, bool all_recent) {
  Beat beat{key, group.path, {}};
  beat.path.push_back(self_.id);
  const std::int64_t since_us = all_recent ? INT64_MIN : now_.us - kToldBeats * config_.beat.us;
  for (const Recent& one : group.recent) {
    if (one.came_us >= since_us) beat.recent.push_back(one.id);
  }
  tell(child.node, std::move(beat));
}

void Tree::beat_children(const Key& key, const Group& group) {
  for (const Child& child : group.children) beat_child(key, group, child, false);
}

void Tree::run_beats() {
  for (auto it = groups_.begin(); it != groups_.end();) {
    it = tend(it->first, it->second) ? std::next(it) : groups_.erase(it);
  }
  if (!groups_.empty()) deadlines_.set(Timer::Beats, now_ + config_.beat);
}

/// False when this node has no part in the group any more.
bool Tree::tend(const Key& key, Group& group) {
  const std::int64_t silent_since_us = now_.us - config_.child_silent.us;
  std::erase_if(group.children, [&](const Child& child) { return child.heard_us < silent_since_us; });
  forget_old(group);
  if (!group.member && group.children.empty() && group.recent.empty()) {
    if (group.has_parent()) tell(group.parent, Leave{key});
    return false;
  }
  if (in_ring()) {
    const bool is_root = !ring_->next_hop(key);
    if (group.root && !is_root) {
      group.root = false;
      attach(key, group);
    } else if (!group.root && is_root) {
      become_root(key, group);
    }
  }
  beat_children(key, group);
  return true;
}

void Tree::run_parents() {
  std::int64_t next_us = INT64_MAX;
  for (auto& [key, group] : groups_) {
    if (!group.has_parent()) continue;
    const std::int64_t due_us = group.parent_heard_us + config_.silent.us;
    if (due_us <= now_.us) {
      lose_parent(key, group);
    } else {
      next_us = std::min(next_us, due_us);
    }
  }
  if (next_us != INT64_MAX) deadlines_.set_earlier(Timer::Parents, {next_us});
}

void Tree::run_attach() {
  std::int64_t next_us = INT64_MAX;
  for (auto& [key, group] : groups_) {
    if (group.attach_due_us <= now_.us) attach(key, group);
    next_us = std::min(next_us, group.attach_due_us);
  }
  if (next_us != INT64_MAX) deadlines_.set_earlier(Timer::Attach, {next_us});
}

}  // namespace dart::directory::tree
