#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

constexpr std::size_t kWitnesses = 2;
constexpr std::size_t kLookBehind = 3;
/// Rounds of asking before a node with no witness left decides alone.
constexpr std::uint8_t kLonelyRounds = 3;

}  // namespace

void OverlayNode::check_adjacents() {
  if (now_.us < accuse_after_) return;
  for (const Side side : kSides) {
    const PeerIndex index = leaves_.adjacent(side);
    if (index == kNoPeer) continue;
    Adjacency& it = adjacency(side);
    const std::int64_t since = std::max({peers_[index].heard_us, it.since_us, accuse_after_});
    std::int64_t due = since + config_.suspect_after.us;
    if (due <= now_.us) {
      suspect(peers_[index].handle, false);
    } else if (it.asked_us <= since && find_suspicion(peers_[index].handle.id) == nullptr) {
      // A heartbeat is missing. Ask, so that silence later on is not just two lost messages.
      due = since + config_.suspect_after.us * 2 / 3;
      if (due <= now_.us) {
        it.asked_us = now_.us;
        send(peers_[index].handle, Probe{stamp(), true, coordinate_});
        due = since + config_.suspect_after.us;
      }
    }
    if (due > now_.us && due < now_.us + config_.heartbeat.us)
      deadlines_.set_earlier(Timer::Suspicions, {due});
  }
}

std::optional<std::int64_t> OverlayNode::in_vain_at(PeerIndex index) const {
  for (const Side side : kSides) {
    const Adjacency& it = adjacency(side);
    if (leaves_.adjacent(side) != index || it.asked_us <= peers_[index].heard_us ||
        it.asked_us <= it.since_us)
      continue;
    return it.asked_us + answer_wait(peers_[index].handle.id).us;
  }
  return std::nullopt;
}

bool OverlayNode::vouched(PeerIndex index) const {
  return std::any_of(std::begin(kSides), std::end(kSides), [&](Side side) {
    const std::int64_t vouched_us = adjacency(side).vouched_us;
    return leaves_.adjacent(side) == index && vouched_us != 0 &&
           now_.us - vouched_us < config_.suspect_after.us;
  });
}

OverlayNode::Suspicion* OverlayNode::find_suspicion(const NodeId& id) {
  const auto found = std::find_if(suspicions_.begin(), suspicions_.end(),
                                  [&](const Suspicion& one) { return one.node.id == id; });
  return found == suspicions_.end() ? nullptr : &*found;
}

void OverlayNode::suspect(const NodeHandle& node, bool refused) {
  if (Suspicion* known = find_suspicion(node.id); known != nullptr) {
    if (refused && !known->refused) {
      known->refused = true;
      known->next_us = now_.us;
      deadlines_.set_earlier(Timer::Suspicions, now_);
    }
    return;
  }
  const PeerIndex index = peers_.find(node.id);
  if (index == kNoPeer || !leaves_.contains(index) || suspicions_.size() >= limits::kSuspicions) return;
  ++counters_.suspected;
  peers_[index].avoid_us = now_.us + config_.suspect_after.us;
  Suspicion suspicion;
  suspicion.node = node;
  suspicion.next_us = now_.us;
  suspicion.refused = refused;
  suspicions_.push_back(suspicion);
  deadlines_.set_earlier(Timer::Suspicions, now_);
  // Neighbours may have died together: look at once at those behind it, not one death after the other.
  for (const Side side : kSides) {
    std::size_t rank = 0;
    while (rank < leaves_.size(side) && leaves_.at(side, rank) != index) ++rank;
    for (std::size_t i = rank + 1; i < leaves_.size(side) && i <= rank + kLookBehind; ++i) {
      Check check;
      check.target = peers_[leaves_.at(side, i)].handle;
      check.tries = 1;  // one less than in quiet times
      start_check(check);
    }
  }
}

void OverlayNode::clear_suspicion(const NodeId& id) {
  if (Suspicion* known = find_suspicion(id); known != nullptr) {
    ++counters_.refuted;
    suspicions_.erase(suspicions_.begin() + (known - suspicions_.data()));
  }
}

void OverlayNode::run_suspicions() {
  std::vector<NodeHandle> dead;
  for (std::size_t i = 0; i < suspicions_.size();) {
    Suspicion& it = suspicions_[i];
    const PeerIndex index = peers_.find(it.node.id);
    if (index == kNoPeer || !leaves_.contains(index) || !peers_[index].handle.same_life(it.node)) {
      suspicions_.erase(suspicions_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    if (it.next_us <= now_.us) {
      if (!ask_witnesses(it)) dead.push_back(it.node);
      ++it.round;
      it.next_us = now_.us + 2 * config_.answer_within.us + std::min<std::int64_t>(distance(index), 500'000);
    }
    deadlines_.set_earlier(Timer::Suspicions, {it.next_us});
    ++i;
  }
  for (const NodeHandle& node : dead) bury(node, false, true);
}

bool OverlayNode::ask_witnesses(Suspicion& suspicion) {
  // Everybody around the circle as far as it is known, this node in the middle.
  std::vector<PeerIndex> around;
  for (std::size_t i = leaves_.size(Side::Left); i-- > 0;) around.push_back(leaves_.at(Side::Left, i));
  around.push_back(kNoPeer);
  for (std::size_t i = 0; i < leaves_.size(Side::Right); ++i) around.push_back(leaves_.at(Side::Right, i));
  const PeerIndex target = peers_.find(suspicion.node.id);
  const auto place = std::find(around.begin(), around.end(), target) - around.begin();
  std::vector<PeerIndex> witnesses;
  const auto add = [&](std::ptrdiff_t at) {
    if (at < 0 || at >= static_cast<std::ptrdiff_t>(around.size())) return;
    const PeerIndex index = around[static_cast<std::size_t>(at)];
    if (index == kNoPeer || index == target || find_suspicion(peers_[index].handle.id) != nullptr) return;
    if (std::find(witnesses.begin(), witnesses.end(), index) == witnesses.end()) witnesses.push_back(index);
  };
  // One beyond it, which should hear it, and the own neighbour on the other side, which is known to live.
  const auto size = static_cast<std::ptrdiff_t>(around.size());
  const auto own = std::find(around.begin(), around.end(), kNoPeer) - around.begin();
  add(place > own ? place + 1 : place - 1);
  add(place > own ? own - 1 : own + 1);
  for (std::ptrdiff_t step = 1; step < size; ++step) {
    add(place + step);
    add(place - step);
  }
  // At first not to one whose host refuses, or that was asked for a word a moment ago.
  if (suspicion.round > 0 || (!suspicion.refused && !in_vain_at(target))) {
    send(suspicion.node, Suspect{suspicion.node, suspicion.refused});
  }
  // First the one that should hear it; more when that one does not answer.
  const std::size_t first = suspicion.round == 0 ? 0 : suspicion.round * kWitnesses - 1U;
  if (first >= witnesses.size()) {
    if (suspicion.refused && witnesses.empty()) return false;
    return suspicion.round < kLonelyRounds;
  }
  const std::size_t last = std::min(first + (suspicion.round == 0 ? 1 : kWitnesses), witnesses.size());
  for (std::size_t i = first; i < last; ++i) {
    send(peers_[witnesses[i]].handle, Suspect{suspicion.node, suspicion.refused});
  }
  return true;
}

void OverlayNode::handle(const NodeHandle& from, const Suspect& m) {
  if (m.suspect.id == self_.id) {
    if (m.suspect.same_life(self_)) send(from, ProbeReply{0, member(), coordinate_, badge_});
    return;
  }
  if (!member() || m.suspect.id.is_zero()) return;
  if (now_.us < accuse_after_) return;
  Check check;
  if (const Lost* lost = find_lost(m.suspect.id);
      lost != nullptr && lost->node.same_life(m.suspect) && fresh(lost->buried_us)) {
    send(from, Obituary{m.suspect, lost->left, leaves(true, true)});
    return;
  }
  const PeerIndex index = peers_.find(m.suspect.id);
  if (index != kNoPeer && peers_[index].handle.same_life(m.suspect)) {
    // Somebody has just vouched for it: that this node hears nothing says more about the way between.
    if (vouched(index)) return;
    const std::int64_t silence = now_.us - peers_[index].heard_us;
    const Suspicion* own = find_suspicion(m.suspect.id);
    const bool refused_both = own != nullptr && own->refused && m.refused;
    const auto in_vain = in_vain_at(index);
    if (refused_both || (in_vain && *in_vain <= now_.us) ||
        (!in_vain && own != nullptr && silence > config_.suspect_after.us)) {
      // Two have asked it and hear nothing.
      send(from, Verdict{m.suspect, Finding::Silent});
      bury(m.suspect, false, true);
      return;
    }
    if (!m.refused && silence < config_.suspect_after.us / 2) {
      send(from, Verdict{m.suspect, Finding::Alive});
      return;
    }
    if (in_vain) {
      // It has been asked already.
      check.tries = UINT8_MAX;
      check.due_us = *in_vain;
    }
  }
  check.target = m.suspect;
  check.purpose = CheckFor::Witness;
  check.asker = from;
  start_check(check);
}

bool OverlayNode::fresh(std::int64_t buried_us) const {
  return buried_us != 0 && now_.us - buried_us < 2 * config_.suspect_after.us;
}

bool OverlayNode::knows(const NodeHandle& node) const {
  const PeerIndex index = peers_.find(node.id);
  return index != kNoPeer && peers_[index].handle.same_life(node);
}

void OverlayNode::handle(const NodeHandle& from, const Verdict& m) {
  Suspicion* own = find_suspicion(m.suspect.id);
  const PeerIndex index = peers_.find(m.suspect.id);
  if (index == kNoPeer || !peers_[index].handle.same_life(m.suspect) || !knows(from)) return;
  for (const Side side : kSides) {
    if (m.finding == Finding::Alive && leaves_.adjacent(side) == index) adjacency(side).vouched_us = now_.us;
  }
  if (own == nullptr || !own->node.same_life(m.suspect)) return;
  if (m.finding == Finding::Silent) {
    bury(m.suspect, false, true);
    return;
  }
  // Somebody hears it: only the way between it and here is cut. Ask again later.
  peers_[index].heard_us = std::max(peers_[index].heard_us, now_.us - config_.suspect_after.us / 2);
  clear_suspicion(m.suspect.id);
  refuse_twins(m.suspect);
}

void OverlayNode::handle(const NodeHandle& from, const Obituary& m) {
  if (!member()) return;
  if (m.dead.id == self_.id) {
    // Taken for dead: say to everybody near that this is not so.
    if (m.dead.same_life(self_)) {
      announce_to_leaves();
      consider(m.leaves);
    }
    return;
  }
  const PeerIndex index = peers_.find(m.dead.id);
  if (index != kNoPeer && peers_[index].handle.same_life(m.dead)) {
    const bool lately =
        peers_[index].heard_us != 0 && now_.us - peers_[index].heard_us < config_.suspect_after.us / 2;
    if (lately && !m.left) {
      send(m.dead, Obituary{m.dead, false, {}});
    } else if (!knows(from) || (!m.left && now_.us < accuse_after_)) {
      // From a stranger, perhaps a life that is over; or it may have waited in a queue of ours, and its
      // subject is back for long: see for oneself.
      Check check;
      check.target = m.dead;
      check.due_us = accuse_after_;
      start_check(check);
    } else {
      bury(m.dead, m.left, true);
    }
  } else if (index == kNoPeer && !m.dead.id.is_zero()) {
    add_lost({m.dead, leaves_.wants(m.dead.id), m.left, 0, 0, now_.us});
  }
  consider(m.leaves);
}

std::vector<OverlayNode::Tell> OverlayNode::whom_to_tell(PeerIndex dead, bool& next_to_it) {
  std::vector<Tell> told;
  for (const Side side : kSides) {
    std::size_t rank = 0;
    while (rank < leaves_.size(side) && leaves_.at(side, rank) != dead &&
           find_suspicion(peers_[leaves_.at(side, rank)].handle.id) != nullptr) {
      ++rank;
    }
    if (rank == leaves_.size(side) || leaves_.at(side, rank) != dead) continue;
    // It stood next to this node, or nobody between is known to live: nobody else tells the far end of this
    // side.
    next_to_it = next_to_it || rank == 0;
    const Side other = opposite(side);
    for (std::size_t i = 0; i < leaves_.size(other); ++i) {
      if (leaves_.at(other, i) != dead) told.push_back({peers_[leaves_.at(other, i)].handle, side});
    }
  }
  return told;
}

bool OverlayNode::stands_near(PeerIndex index) const {
  for (const Side side : kSides) {
    for (std::size_t i = 0; i < leaves_.size(side) && i <= kLookBehind; ++i) {
      if (leaves_.at(side, i) == index) return true;
    }
  }
  return false;
}

void OverlayNode::bury(const NodeHandle& node, bool left, bool tell) {
  const NodeHandle dead = node;  // the argument may live in what is erased here
  const PeerIndex index = peers_.find(dead.id);
  if (index == kNoPeer || !peers_[index].handle.same_life(dead)) return;
  bool next_to_it = false;
  const auto told = whom_to_tell(index, next_to_it);
  const std::int64_t untold_us = tell && told.empty() && stands_near(index) ? now_.us : 0;
  std::array<bool, 2> gaps{};
  for (const Side side : kSides) {
    if (leaves_.adjacent(side) != index) continue;
    gaps[static_cast<std::size_t>(side)] = true;
    Adjacency& it = adjacency(side);
    if (!left) it.hold_until = std::max(it.hold_until, it.promised_until);
  }
  std::erase_if(suspicions_, [&](const Suspicion& one) { return one.node.id == dead.id; });
  std::vector<Contact> next_lives;
  std::erase_if(checks_, [&](const Check& check) {
    if (!check.target.same_life(dead)) return false;
    if (check.purpose == CheckFor::Twin) next_lives.push_back(check.joiner);
    return check.purpose == CheckFor::Leaf || check.purpose == CheckFor::Twin;
  });
  peers_.use(index);
  drop_from_table(index);
  const bool was_leaf = leaves_.remove(peers_, index);
  peers_.release(index);
  add_lost({dead, was_leaf, left, 0, untold_us, now_.us});
  for (const Contact& joiner : next_lives) admit(joiner);
  for (PendingHop& hop : hops_) {
    if (hop.to == dead.id) hop.due_us = now_.us;
  }
  if (!hops_.empty()) deadlines_.set_earlier(Timer::Hops, now_);
  if (!was_leaf) return;
  ++counters_.deaths;
  out_->emplace_back(Died{dead});
  leaf_set_changed();
  if (tell) spread(dead, left, told, next_to_it);
  for (const Side side : kSides) {
    // Whoever stands next now knows best who stands behind it.
    const PeerIndex next = leaves_.adjacent(side);
    if (!gaps[static_cast<std::size_t>(side)] || next == kNoPeer) continue;
    send(peers_[next].handle, ContactsRequest{ContactsKind::Leaves, 0, stamp(), coordinate_});
  }
  if (!held_.empty()) deadlines_.set_earlier(Timer::Held, now_ + config_.least_hop_wait);
}

void OverlayNode::spread(const NodeHandle& dead, bool left, const std::vector<Tell>& told, bool next_to_it) {
  for (const Tell& tell : told) {
    send(tell.to, Obituary{dead, left, leaves(tell.gap == Side::Left, tell.gap == Side::Right)});
  }
  if (!next_to_it) return;
  // Those that were found dead before the ones in front of them.
  for (Lost& lost : lost_) {
    if (lost.untold_us == 0 || lost.node.id == dead.id) continue;
    if (fresh(lost.untold_us)) {
      for (const Tell& tell : told) send(tell.to, Obituary{lost.node, lost.left, {}});
    }
    lost.untold_us = 0;
  }
}

}  // namespace dart::overlay
