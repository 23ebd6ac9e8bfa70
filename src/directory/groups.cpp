// A root looks after the groups of its shards: who is to know of them, who is to be in them.

#include <algorithm>

#include "directory/directory.hpp"

namespace dart::directory {

namespace {

/// So many of the nodes nearest to a shard's centre tell the others which group it has: the root may be new
/// and not know itself.
constexpr std::size_t kTellers = 3;
/// Everybody that a root can see.
constexpr std::size_t kAll = 2 * overlay::limits::kLeafSide + 1;

bool holds(const std::vector<overlay::NodeHandle>& nodes, const NodeId& id, std::size_t first) {
  const auto end = nodes.begin() + static_cast<std::ptrdiff_t>(std::min(first, nodes.size()));
  return std::any_of(nodes.begin(), end, [&](const auto& node) { return node.id == id; });
}

}  // namespace

Directory::Told& Directory::told(ShardNumber number, const NodeId& node) {
  auto& list = told_[number];
  const auto found = std::find_if(list.begin(), list.end(), [&](const Told& t) { return t.node == node; });
  return found != list.end() ? *found : list.emplace_back(Told{node});
}

void Directory::handle(const overlay::NodeHandle& from, const Offered& m) {
  const Shard& shard = shards_[m.shard];
  if (const auto rescue = rescues_.find(m.shard); rescue != rescues_.end()) {
    rescue->second.heard[from.id] = m.votes && m.epoch == shard.group.epoch;
  }
  if (m.epoch != shard.group.epoch || !shard.group.known()) return;
  Told& known = told(m.shard, from.id);
  known.nonce = from.nonce;
  known.epoch = m.epoch;
  if (m.votes && !known.votes) deadlines_.set_earlier(Timer::Groups, now_);
  known.votes = m.votes;
}

void Directory::look_after_groups() {
  bool again = false;
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    if (!shards_[number].group.known()) continue;
    again |= look_after(number);
  }
  if (again) deadlines_.set_earlier(Timer::Groups, now_ + config_.look_after);
}

bool Directory::look_after(ShardNumber number) {
  const Shard& shard = shards_[number];
  // Whoever wanted the group changed has not come to an end; until somebody does, the shard stands still.
  const bool abandoned = shard.votes() && shard.sealed();
  if (abandoned && now_.us - shard.sealed_us > config_.look_after.us) close(number);
  const auto near = ring_->replica_set(centre_of(number), kAll);
  const bool root = is_root(number);
  if (!root && !holds(near, id_, kTellers)) return abandoned;
  const bool untold = spread(number, near, root);
  if (!root) return untold || abandoned;
  if (!attempts_.contains({number, kSuccessor})) {
    if (const auto group = better_group(number, near)) propose(number, *group);
  }
  return true;
}

/// Tells those who may be asked, and from the root the members too. True while somebody has not answered.
bool Directory::spread(ShardNumber number, const std::vector<overlay::NodeHandle>& near, bool root) {
  const Shard& shard = shards_[number];
  bool untold = false;
  const auto tell = [&](const overlay::NodeHandle& node, bool member) {
    if (node.id == id_) return;
    Told& known = told(number, node.id);
    const bool same_life = node.nonce == 0 || known.nonce == node.nonce;
    if (known.epoch == shard.group.epoch && same_life && (!member || known.votes)) return;
    untold = true;
    if (known.next_us > now_.us) return;
    known.next_us = now_.us + config_.look_after.us;
    send(node, Offer{number, shard.group});
  };
  for (std::size_t i = 0; i < std::min(near.size(), limits::kNear); ++i) {
    tell(near[i], root && shard.group.contains(near[i].id));
  }
  if (!root) return untold;
  for (const auto& member : shard.group.members) {
    if (!holds(near, member.id, limits::kNear)) tell(member, true);
  }
  const auto& members = shard.group.members;
  if (!std::all_of(members.begin(), members.end(), [&](const auto& m) { return votes(number, m.id); })) {
    return untold;
  }
  if (shard.group.reformed) return untold;  // alone at first: the others had better not forget anything yet
  for (const auto& former : shard.group.previous) {
    if (shard.group.contains(former.id)) continue;
    if (former.id == id_) {
      forget(number);
    } else if (Told& known = told(number, former.id); !known.settled) {
      known.settled = true;
      send(former, Offer{number, shard.group, true});
    }
  }
  return untold;
}

bool Directory::votes(ShardNumber number, const NodeId& member) {
  const Shard& shard = shards_[number];
  if (member == id_) return shard.votes();
  const Told& known = told(number, member);
  return known.epoch == shard.group.epoch && known.votes;
}

/// One member more, fewer, or another: never two at once, so that most of the old group is in the new one.
std::optional<Group> Directory::better_group(ShardNumber number,
                                             const std::vector<overlay::NodeHandle>& near) {
  const Group& group = shards_[number].group;
  const overlay::NodeHandle* gone = nullptr;
  const overlay::NodeHandle* far = nullptr;
  std::size_t missing = 0;
  for (const auto& member : group.members) {
    const std::pair key{number, member.id};
    if (Group::holds(near, member.id)) {
      missing_since_.erase(key);
      if (!votes(number, member.id)) return std::nullopt;  // one change after the other
      if (!holds(near, member.id, limits::kNear)) far = &member;
      continue;
    }
    const std::int64_t since = missing_since_.try_emplace(key, now_.us).first->second;
    if (now_.us - since < config_.replace_after.us) continue;
    ++missing;
    gone = &member;
  }
  const auto newcomer =
      std::find_if(near.begin(), near.end(), [&](const auto& n) { return !group.contains(n.id); });
  const bool anybody = newcomer != near.end();
  Group next{group.epoch + 1, group.members, group.members};
  const auto remove = [&](const overlay::NodeHandle& member) {
    missing_since_.erase({number, member.id});
    std::erase_if(next.members, [&](const auto& m) { return m.id == member.id; });
  };
  const std::size_t size = group.members.size();
  if (gone != nullptr && anybody) {
    remove(*gone);
  } else if (gone != nullptr && size > 3 && (size % 2 == 0 || missing >= 2)) {
    remove(*gone);  // nobody to replace it: a smaller group survives more
    return next;
  } else if (far != nullptr && anybody && holds(near, newcomer->id, limits::kGroup)) {
    remove(*far);
  } else if (size >= limits::kGroup || !anybody || gone != nullptr) {
    return std::nullopt;
  }
  next.members.push_back(any_life_of(*newcomer));
  return next;
}

void Directory::propose(ShardNumber number, const Group& group) {
  Attempt attempt;
  attempt.shard = number;
  attempt.ask.name = kSuccessor;
  attempt.successor = group;
  attempt.deadline_us = now_.us + config_.attempt.us;
  coordinate(std::move(attempt));
}

/// A member has accepted a successor that may never have been decided: decide it, or one with the same
/// members.
void Directory::close(ShardNumber number) {
  const Group& group = shards_[number].group;
  if (attempts_.contains({number, kSuccessor})) return;
  propose(number, Group{group.epoch + 1, group.members, group.members});
}

}  // namespace dart::directory
