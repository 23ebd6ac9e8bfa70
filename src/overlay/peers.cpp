#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

/// What an unknown way is taken for when ways are compared.
constexpr std::int64_t kUnknownWayUs = 1'000'000;
/// Calls at one time to nodes that are thought dead, once one of them has answered.
constexpr std::uint8_t kCallsOnHealing = 4;
/// Heartbeats between two calls to one lost node because others still tell of it.
constexpr std::int64_t kCallAgain = 4;

}  // namespace

void OverlayNode::heard(const NodeHandle& from, bool as_member) {
  PeerIndex index = peers_.find(from.id);
  if (index == kNoPeer && as_member) {
    if (!wants({from, Coordinate{}})) return;
    index = peers_.add(from, Coordinate{});
    if (index == kNoPeer) return;
    peers_[index].heard_us = now_.us;
    offer_to_leaves(index);
    offer_to_table(index);
    peers_.drop_unused(index);
    return;
  }
  if (index == kNoPeer || !peers_[index].handle.same_life(from)) return;
  Peer& peer = peers_[index];
  peer.handle.endpoints = from.endpoints;
  peer.heard_us = now_.us;
  peer.silent = 0;
  peer.avoid_us = 0;
  if (!suspicions_.empty()) clear_suspicion(from.id);
  if (as_member && !leaves_.contains(index)) offer_to_leaves(index);
}

PeerIndex OverlayNode::learn(const Contact& contact) {
  if (contact.node.id == self_.id || contact.node.id.is_zero()) return kNoPeer;
  const PeerIndex index = peers_.find(contact.node.id);
  if (index != kNoPeer) {
    Peer& peer = peers_[index];
    if (peer.handle.same_life(contact.node) || !contact.node.replaces(peer.handle)) {
      if (!peer.coordinate.known()) peer.coordinate = contact.coordinate;
      return index;
    }
    // Said to have started again: if it is a neighbour, hear that from itself.
    if (leaves_.contains(index)) {
      if (member()) send(contact.node, Probe{stamp(), true, coordinate_});
      return kNoPeer;
    }
    bool vacant = false;
    table_.remove(peers_, index, vacant);
  }
  if (Lost* lost = find_lost(contact.node.id); lost != nullptr && !contact.node.replaces(lost->node)) {
    // A rumour of somebody who was buried here. If it matters, ask whether it is there after all.
    const bool same = contact.node.same_life(lost->node);
    const bool matters = member() && !(lost->left && same) && leaves_.wants(contact.node.id);
    if (matters && now_.us - lost->called_us > kCallAgain * config_.heartbeat.us) {
      lost->called_us = now_.us;
      send(contact.node, Probe{stamp(), true, coordinate_});
    }
    return kNoPeer;
  }
  return peers_.add(contact.node, contact.coordinate);
}

bool OverlayNode::wants(const Contact& stranger) const {
  const NodeId& id = stranger.node.id;
  if (leaves_.wants(id)) return true;
  if (id == self_.id) return false;
  const bool known = stranger.coordinate.known() && coordinate_.known();
  const std::int64_t way = known ? coordinate_.round_trip(stranger.coordinate).us : kUnknownWayUs;
  return table_.wants(id, [&](PeerIndex other) { return way * 10 < distance(other) * 9; });
}

void OverlayNode::consider(const std::vector<Contact>& contacts) {
  for (const Contact& contact : contacts) peers_.fetch_slot(contact.node.id);
  for (const Contact& contact : contacts) {
    peers_.fetch(contact.node.id);
    table_.fetch(peers_, contact.node.id);
  }
  for (const Contact& contact : contacts) {
    // Most are strangers that nothing here has a place for.
    if (peers_.find(contact.node.id) == kNoPeer && !wants(contact)) continue;
    const PeerIndex index = learn(contact);
    if (index == kNoPeer) continue;
    offer_to_leaves(index);
    if (peers_.find(contact.node.id) == index) {
      offer_to_table(index);
      peers_.drop_unused(index);
    }
  }
}

void OverlayNode::offer_to_leaves(PeerIndex index) {
  if (phase_ == Phase::Idle || !leaves_.wants(peers_[index].handle.id)) return;
  // Held for the moment: whoever falls off the end must not be the one that is being offered.
  if (leaves_.insert(peers_, index)) leaf_set_changed();
}

void OverlayNode::offer_to_table(PeerIndex index) {
  table_.offer(peers_, index, [this](PeerIndex a, PeerIndex b) { return nearer(a, b); });
}

std::int64_t OverlayNode::distance(PeerIndex index) const {
  const Peer& peer = peers_[index];
  if (peer.rtt_us != 0) return peer.rtt_us;
  if (!peer.coordinate.known() || !coordinate_.known()) return kUnknownWayUs;
  return coordinate_.round_trip(peer.coordinate).us;
}

bool OverlayNode::nearer(PeerIndex a, PeerIndex b) const { return distance(a) * 10 < distance(b) * 9; }

void OverlayNode::show_badge(const NodeHandle& from, const Badge& badge) {
  const PeerIndex index = peers_.find(from.id);
  if (index == kNoPeer || (badge.empty() && peers_[index].badge == 0) || !leaves_.contains(index)) return;
  std::uint64_t hash = 0;
  for (const char letter : badge) hash = mix64(hash ^ static_cast<std::uint8_t>(letter));
  const auto mark = static_cast<std::uint32_t>(badge.empty() ? 0 : hash | 1);
  if (mark == peers_[index].badge) return;
  peers_[index].badge = mark;
  out_->emplace_back(BadgeChanged{from, badge});
}

void OverlayNode::measured(const NodeHandle& from, const Coordinate& coordinate, std::int64_t rtt_us) {
  if (rtt_us <= 0) rtt_us = 1;
  coordinate_.observe(coordinate, {rtt_us}, random_);
  const PeerIndex index = peers_.find(from.id);
  if (index == kNoPeer) return;
  Peer& peer = peers_[index];
  peer.coordinate = coordinate;
  const std::int64_t smoothed = peer.rtt_us == 0 ? rtt_us : (std::int64_t{peer.rtt_us} * 7 + rtt_us) / 8;
  peer.rtt_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(smoothed, 1, 60'000'000));
  table_.reorder(peers_, index, [this](PeerIndex a, PeerIndex b) { return nearer(a, b); });
}

std::vector<Contact> OverlayNode::leaves(bool left, bool right) const {
  std::vector<Contact> contacts;
  contacts.reserve(2 * limits::kLeafSide + 1);
  if (left) {
    for (std::size_t i = 0; i < leaves_.size(Side::Left); ++i) {
      contacts.push_back(contact_of(leaves_.at(Side::Left, i)));
    }
  }
  if (!right) return contacts;
  const std::size_t before = contacts.size();
  for (std::size_t i = 0; i < leaves_.size(Side::Right); ++i) {
    const NodeId& id = peers_[leaves_.at(Side::Right, i)].handle.id;
    const auto end = contacts.begin() + static_cast<std::ptrdiff_t>(before);
    const bool again =
        leaves_.spans_ring() &&
        std::any_of(contacts.begin(), end, [&](const Contact& contact) { return contact.node.id == id; });
    if (!again) contacts.push_back(contact_of(leaves_.at(Side::Right, i)));
  }
  return contacts;
}

void OverlayNode::drop_from_table(PeerIndex index) {
  const unsigned row = self_.id.shared_digits(peers_[index].handle.id);
  bool vacant = false;
  if (table_.remove(peers_, index, vacant) && vacant && member()) request_row(row, 0);
}

OverlayNode::Lost* OverlayNode::find_lost(const NodeId& id) {
  const auto found =
      std::find_if(lost_.begin(), lost_.end(), [&](const Lost& lost) { return lost.node.id == id; });
  return found == lost_.end() ? nullptr : &*found;
}

void OverlayNode::add_lost(const Lost& lost) {
  if (Lost* known = find_lost(lost.node.id); known != nullptr) {
    if (!known->node.replaces(lost.node)) *known = lost;
    return;
  }
  // The oldest goes first, and among the old ones those that were never neighbours.
  if (lost_.size() >= limits::kLost) {
    const auto stranger =
        std::find_if(lost_.begin(), lost_.end(), [](const Lost& one) { return !one.was_leaf; });
    lost_.erase(stranger == lost_.end() ? lost_.begin() : stranger);
  }
  lost_.push_back(lost);
}

void OverlayNode::revive(const NodeHandle& node) {
  if (Lost* lost = find_lost(node.id); lost != nullptr) lost_.erase(lost_.begin() + (lost - lost_.data()));
  // Others took it for dead as well: it had better say that it is back.
  send(node, Obituary{node, false, leaves(true, true)});
  if (std::any_of(lost_.begin(), lost_.end(), [](const Lost& lost) { return lost.was_leaf && !lost.left; })) {
    // One back may mean that a partition healed: look for more at once.
    calls_ = kCallsOnHealing;
    deadlines_.set_earlier(Timer::Rediscover, now_ + config_.least_hop_wait);
  }
}

}  // namespace dart::overlay
