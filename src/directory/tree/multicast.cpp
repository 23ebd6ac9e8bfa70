#include <algorithm>

#include "directory/tree/tree.hpp"

namespace dart::directory::tree {

void Tree::on(Multicast& input) {
  const std::uint64_t number = next_number_++;
  Asked asked{Ask::Publish, input.tag, input.group, {}, INT64_MAX, INT64_MAX};
  if (input.payload.size() > limits::kPayloadBytes || !ask(number, asked)) {
    ++counters_.full_asked;
    out_->emplace_back(Published{input.tag, false});
    return;
  }
  route(input.group, number, overlay::HopMode::Direct, true,
        Multi{input.group, CastId::draw(random_), 0, std::move(input.payload)});
}

void Tree::handle(const overlay::NodeHandle& from, Multi& m) {
  Group* group = find(m.group);
  if (group == nullptr) {
    tell(from, Leave{m.group});
    return;
  }
  if (group->parent.id == from.id) group->parent_heard_us = now_.us;
  take(m.group, *group, m);
}

void Tree::take(const Key& key, Group& group, Multi& m) {
  if (group.has_seen(m.id)) {
    ++counters_.repeated;
    return;
  }
  const std::int64_t age_us = std::int64_t{m.age_ms} * 1000;
  if (age_us >= config_.keep.us) {
    ++counters_.outdated;
    return;
  }
  if (group.seen.size() < limits::kSeen) {
    group.seen.push_back(m.id);
  } else {
    group.seen[group.next_seen++ % limits::kSeen] = m.id;
  }
  for (const Child& child : group.children) tell(child.node, m);
  const std::int64_t born_us = now_.us - age_us;
  // Whoever enters a group hears what is said from then on.
  if (group.member && born_us >= group.member_since_us) {
    ++counters_.delivered;
    out_->emplace_back(Delivered{key, m.id, m.payload});
  }
  group.recent_bytes += m.payload.size();
  group.recent.push_back({m.id, born_us, now_.us, std::move(m.payload)});
  while (group.recent.size() > limits::kRecent || group.recent_bytes > limits::kRecentBytes) {
    ++counters_.full_recent;
    group.recent_bytes -= group.recent.front().payload.size();
    group.recent.pop_front();
  }
}

void Tree::want_missing(const Key& key, const Group& group, const Beat& m) {
  Want want{key, {}};
  for (const CastId& id : m.recent) {
    if (!group.has_seen(id)) want.ids.push_back(id);
  }
  if (!want.ids.empty()) tell(group.parent, std::move(want));
}

void Tree::handle(const overlay::NodeHandle& from, const Want& m) {
  const Group* group = find(m.group);
  if (group == nullptr || find(m.group)->child(from.id) == nullptr) return;
  for (const Recent& one : group->recent) {
    if (std::find(m.ids.begin(), m.ids.end(), one.id) == m.ids.end()) continue;
    ++counters_.given_again;
    const std::int64_t age_ms = (now_.us - one.born_us) / 1000;
    tell(from, Multi{m.group, one.id, static_cast<std::uint32_t>(age_ms), one.payload});
  }
}

void Tree::forget_old(Group& group) {
  const auto old = [&](const Recent& one) { return one.born_us <= now_.us - config_.keep.us; };
  for (const Recent& one : group.recent) {
    if (old(one)) group.recent_bytes -= one.payload.size();
  }
  std::erase_if(group.recent, old);
}

}  // namespace dart::directory::tree
