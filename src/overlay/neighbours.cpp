#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

/// Heartbeats in a row whose view of the leaf set differs before leaf sets are exchanged: news needs a
/// moment.
constexpr std::uint8_t kMismatches = 2;
/// Measurements older than this are not believed.
constexpr std::int64_t kOldestStampUs = 60'000'000;
/// A node that claims a place next to this one by mistake is corrected at most this often.
constexpr std::int64_t kCorrectEveryUs = 100'000;

}  // namespace

bool OverlayNode::side_ready(Side side, TimePoint now) const {
  const Adjacency& it = adjacency(side);
  if (now.us < it.hold_until) return false;
  return leaves_.adjacent(side) == kNoPeer || now.us < it.lease_until;
}

bool OverlayNode::ready(TimePoint now) const {
  return member() && side_ready(Side::Left, now) && side_ready(Side::Right, now);
}

void OverlayNode::send_heartbeats() {
  for (const Side side : kSides) send_heartbeat(side);
}

void OverlayNode::send_heartbeat(Side side) {
  const PeerIndex index = leaves_.adjacent(side);
  if (index == kNoPeer || !member()) return;
  Adjacency& it = adjacency(side);
  Heartbeat beat;
  beat.stamp = stamp();
  beat.echo = it.stamp;
  beat.echo_age_us = static_cast<std::uint32_t>(
      it.stamp == 0 ? 0 : std::clamp<std::int64_t>(now_.us - it.stamp_us, 0, UINT32_MAX));
  beat.grant = it.stamp != 0 && now_.us >= it.hold_until;
  if (beat.grant) it.promised_until = std::max(it.promised_until, it.stamp_us + config_.promise().us);
  beat.to_right = side == Side::Right;
  beat.leaf_hash = leaves_.shared_hash(side);
  beat.coordinate = coordinate_;
  beat.badge = badge_;
  send(peers_[index].handle, std::move(beat));
}

void OverlayNode::handle(const NodeHandle& from, const Heartbeat& m) {
  if (!member()) return;
  lowest_level_ = std::min(lowest_level_, std::max<std::uint32_t>(m.feature_level, 1));
  if (m.echo != 0 && m.echo <= stamp()) {
    const std::int64_t age = now_.us - static_cast<std::int64_t>(m.echo);
    if (age < kOldestStampUs) measured(from, m.coordinate, age - m.echo_age_us);
  }
  const Side side = m.to_right ? Side::Left : Side::Right;
  const PeerIndex index = peers_.find(from.id);
  if (index == kNoPeer || leaves_.adjacent(side) != index) {
    if (now_.us - corrected_us_ >= kCorrectEveryUs) {
      corrected_us_ = now_.us;
      send(from, ContactsReply{ContactsKind::Leaves, 0, 0, coordinate_, leaves(true, true)});
    }
    return;
  }
  show_badge(from, m.badge);
  Adjacency& it = adjacency(side);
  const bool first = it.stamp == 0;
  if (m.stamp > it.stamp) {
    it.stamp = m.stamp;
    it.stamp_us = now_.us;
  }
  if (m.grant && m.echo != 0 && m.echo <= stamp()) {
    it.lease_until = std::max(it.lease_until, static_cast<std::int64_t>(m.echo) + config_.lease.us);
  }
  if (m.leaf_hash == leaves_.shared_hash(side)) {
    it.mismatches = 0;
  } else if (++it.mismatches >= kMismatches || (!leaves_.spans_ring() && !leaves_.spans_part())) {
    it.mismatches = 0;
    send(from, ContactsReply{ContactsKind::Leaves, 0, 0, coordinate_, leaves(true, true)});
  }
  if (first) send_heartbeat(side);
  check_joined();
  if (!held_.empty() && ready(now_)) run_held();
}

void OverlayNode::handle(const NodeHandle& from, const Probe& m) {
  const PeerIndex index = peers_.find(from.id);
  if (index != kNoPeer && peers_[index].handle.same_life(from)) peers_[index].coordinate = m.coordinate;
  if (m.member && index != kNoPeer && member()) offer_to_table(index);
  send(from, ProbeReply{m.stamp, member(), coordinate_, badge_});
}

void OverlayNode::handle(const NodeHandle& from, const ProbeReply& m) {
  if (m.stamp == 0 || m.stamp > stamp()) return;
  const std::int64_t rtt = now_.us - static_cast<std::int64_t>(m.stamp);
  if (rtt >= kOldestStampUs) return;
  if (phase_ == Phase::Joining) {
    join_measured(from, m.coordinate, rtt);
  } else if (member()) {
    measured(from, m.coordinate, rtt);
    show_badge(from, m.badge);
  }
}

void OverlayNode::handle(const NodeHandle& from, const Announce& m) {
  const PeerIndex index = peers_.find(from.id);
  if (!member()) return;
  if (index != kNoPeer) {
    peers_[index].coordinate = m.coordinate;
    offer_to_table(index);
    return;
  }
  consider({Contact{from, m.coordinate}});
}

void OverlayNode::handle(const NodeHandle& from, const Leaving& m) {
  if (!member()) return;
  bury(from, true, false);
  consider(m.leaves);
}

void OverlayNode::leaf_set_changed() {
  neighbours_changed_ = true;
  remembered_ = false;
  for (const Side side : kSides) {
    const PeerIndex index = leaves_.adjacent(side);
    const NodeId who = index == kNoPeer ? NodeId{} : peers_[index].handle.id;
    Adjacency& it = adjacency(side);
    if (who == it.who) continue;
    // A lease from the one before stays good while that one stands behind the newcomer: it does not take
    // over.
    const PeerIndex before = it.who.is_zero() ? kNoPeer : peers_.find(it.who);
    if (before == kNoPeer || !leaves_.contains(before)) it.lease_until = 0;
    it.who = who;
    it.stamp = 0;
    it.stamp_us = 0;
    it.mismatches = 0;
    it.since_us = now_.us;
    it.vouched_us = 0;
    if (index != kNoPeer) send_heartbeat(side);
  }
}

void OverlayNode::probe_a_leaf() {
  // The adjacent ones have their heartbeats; the others take turns.
  const std::size_t left = leaves_.size(Side::Left);
  const std::size_t right = leaves_.size(Side::Right);
  const std::size_t count = (left > 1 ? left - 1 : 0) + (right > 1 ? right - 1 : 0);
  if (count == 0) return;
  const std::size_t turn = next_leaf_++ % count;
  const PeerIndex index = left > 1 && turn < left - 1
                              ? leaves_.at(Side::Left, turn + 1)
                              : leaves_.at(Side::Right, turn - (left > 1 ? left - 1 : 0) + 1);
  Check check;
  check.target = peers_[index].handle;
  start_check(check);
}

void OverlayNode::check_joined() {
  if (joined_ || !ready(now_) || leaves_.empty()) return;
  joined_ = true;
  join_.reset();
  deadlines_.clear(Timer::Join);
  out_->emplace_back(Joined{});
  remember(false);
}

void OverlayNode::doubt_leaves(const NodeHandle& from, const std::vector<Contact>& theirs) {
  // An adjacent neighbour sees another leaf set. Those that it should know and does not may be dead.
  const PeerIndex sender = peers_.find(from.id);
  if (sender == kNoPeer || now_.us < accuse_after_) return;
  for (const Side side : kSides) {
    if (leaves_.adjacent(side) != sender) continue;
    for (const Side half : kSides) {
      // On its own side it sees one further than this node, on the other one less.
      const std::size_t seen =
          half == side ? leaves_.size(half) : std::min(leaves_.size(half), limits::kLeafSide - 1);
      for (std::size_t i = 0; i < seen; ++i) {
        const PeerIndex index = leaves_.at(half, i);
        if (index == sender || now_.us - peers_[index].heard_us < config_.suspect_after.us) continue;
        const NodeHandle& leaf = peers_[index].handle;
        if (std::any_of(theirs.begin(), theirs.end(), [&](const Contact& c) { return c.node.id == leaf.id; }))
          continue;
        Check check;
        check.target = leaf;
        start_check(check);
      }
    }
  }
}

void OverlayNode::announce_to_leaves() {
  for (const Contact& leaf : leaves(true, true)) send(leaf.node, Announce{coordinate_});
}

}  // namespace dart::overlay
