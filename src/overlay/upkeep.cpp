#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

constexpr std::size_t kNearby = 12;
constexpr std::int64_t kMendsPerRefresh = 10;
/// Capacity that a list of an idle node may keep.
constexpr std::size_t kIdlePlaces = 2;

}  // namespace

std::vector<Contact> OverlayNode::row_contacts(unsigned row) const {
  std::vector<Contact> contacts;
  if (row >= table_.rows()) return contacts;
  contacts.reserve(NodeId::kBase);
  for (const auto& slot : table_.row(row)) {
    if (slot.best != kNoPeer) contacts.push_back(contact_of(slot.best));
  }
  return contacts;
}

std::vector<Contact> OverlayNode::nearby_contacts(const Coordinate& around) const {
  std::vector<Contact> contacts;
  if (!around.known()) {
    // Somebody who does not know where it is: leaves are anywhere, and measuring some of them tells.
    contacts = leaves(true, true);
    if (contacts.size() > kNearby) contacts.resize(kNearby);
    return contacts;
  }
  std::vector<std::pair<std::int64_t, PeerIndex>> ways;
  ways.reserve(peers_.size());
  for (PeerIndex i = 0; i < peers_.end(); ++i) {
    if (peers_[i].uses == 0 || !peers_[i].coordinate.known()) continue;
    ways.emplace_back(around.round_trip(peers_[i].coordinate).us, i);
  }
  const std::size_t count = std::min(kNearby, ways.size());
  std::partial_sort(ways.begin(), ways.begin() + static_cast<std::ptrdiff_t>(count), ways.end());
  for (std::size_t i = 0; i < count; ++i) contacts.push_back(contact_of(ways[i].second));
  return contacts;
}

void OverlayNode::request_row(unsigned row, std::size_t nearest) {
  // Whoever stands in this row shares the digits before it, so its own row of that number fits here.
  auto contacts = row_contacts(row);
  if (contacts.empty()) return;
  if (nearest == 0) {
    ask_for_row(contacts[static_cast<std::size_t>(random_.below(contacts.size()))].node, row, true);
    return;
  }
  const std::size_t count = std::min(nearest, contacts.size());
  std::partial_sort(contacts.begin(), contacts.begin() + static_cast<std::ptrdiff_t>(count), contacts.end(),
                    [this](const Contact& a, const Contact& b) {
                      return coordinate_.round_trip(a.coordinate) < coordinate_.round_trip(b.coordinate);
                    });
  for (std::size_t i = 0; i < count; ++i) ask_for_row(contacts[i].node, row, count == 1);
}

void OverlayNode::ask_for_row(const NodeHandle& entry, unsigned row, bool checked) {
  send(entry, ContactsRequest{ContactsKind::Row, static_cast<std::uint8_t>(row), stamp(), coordinate_});
  if (!checked) return;
  // Nobody else looks after those that stand in the table alone: silence is a reason to ask twice more.
  Check check;
  check.target = entry;
  check.purpose = CheckFor::Entry;
  start_check(check, true);
}

void OverlayNode::refresh_row() {
  if (table_.rows() == 0) return;
  // The nearest in a row knows those around here best; the others keep an eye on the rest.
  request_row(static_cast<unsigned>(random_.below(table_.rows())), random_.chance(1, 2) ? 1 : 0);
}

void OverlayNode::mend_slot(const Key& key, PeerIndex next) {
  // Passive repair of MSPastry (DSN'04, section 3): only a place that somebody needs, and seldom, because
  // most places that are empty down there have nobody to fill them.
  if (now_.us - mended_us_ < config_.row_refresh.us / kMendsPerRefresh) return;
  const unsigned row = self_.id.shared_digits(key);
  if (row >= NodeId::kDigits || !leaves_.spans_part() || leaves_.covers(key)) return;
  const NodeHandle& asked = peers_[next].handle;
  if (table_.slot(row, key.digit(row)).best != kNoPeer || self_.id.shared_digits(asked.id) < row) return;
  mended_us_ = now_.us;
  ask_for_row(NodeHandle(asked), row, true);
}

void OverlayNode::give_back_memory() {
  const auto shrink = [](auto& places) {
    if (places.capacity() > kIdlePlaces && 4 * places.size() < places.capacity()) places.shrink_to_fit();
  };
  shrink(hops_);
  shrink(requests_);
  shrink(held_);
  shrink(suspicions_);
  shrink(checks_);
}

void OverlayNode::rediscover() {
  std::vector<const Lost*> neighbours;
  for (const Lost& lost : lost_) {
    if (lost.was_leaf && !lost.left) neighbours.push_back(&lost);
  }
  for (; calls_ > 0 && !neighbours.empty(); --calls_) {
    const auto pick = static_cast<std::size_t>(random_.below(neighbours.size()));
    send(neighbours[pick]->node, Probe{stamp(), true, coordinate_});
    neighbours.erase(neighbours.begin() + static_cast<std::ptrdiff_t>(pick));
  }
  calls_ = 1;
}

std::vector<NodeHandle> OverlayNode::replica_set(const Key& key, std::size_t count) const {
  std::vector<NodeHandle> nodes;
  for (const Contact& contact : leaves(true, true)) nodes.push_back(contact.node);
  nodes.push_back(self_);
  std::sort(nodes.begin(), nodes.end(),
            [&](const NodeHandle& a, const NodeHandle& b) { return closer(key, a.id, b.id); });
  if (nodes.size() > count) nodes.resize(count);
  return nodes;
}

std::optional<KeyRange> OverlayNode::range_of(const NodeId& node, std::size_t rank) const {
  // All that are known around here, in the order of the circle, this node's left end first.
  std::vector<NodeId> around;
  for (std::size_t i = leaves_.size(Side::Left); i-- > 0;) {
    around.push_back(peers_[leaves_.at(Side::Left, i)].handle.id);
  }
  around.push_back(self_.id);
  for (std::size_t i = 0; i < leaves_.size(Side::Right); ++i) {
    around.push_back(peers_[leaves_.at(Side::Right, i)].handle.id);
  }
  std::size_t count = around.size();
  std::size_t place = 0;
  const bool whole = leaves_.spans_ring();
  if (whole) {
    std::sort(around.begin(), around.end());
    around.erase(std::unique(around.begin(), around.end()), around.end());
    count = around.size();
    if (rank + 1 >= count) return KeyRange{node, NodeId::from_number(node.number() - 1)};
  }
  while (place < count && around[place] != node) ++place;
  if (place == count) return std::nullopt;
  if (!whole && (place < rank + 1 || place + rank + 1 >= count)) return std::nullopt;
  const NodeId& before = around[(place + count - rank - 1) % count];
  const NodeId& after = around[(place + rank + 1) % count];
  // Halfway belongs to the smaller id, as everywhere.
  Key first = NodeId::from_number(before.number() + before.clockwise_to(node) / 2);
  if (!closer(first, node, before)) first = NodeId::from_number(first.number() + 1);
  Key last = NodeId::from_number(node.number() + node.clockwise_to(after) / 2);
  if (!closer(last, node, after)) last = NodeId::from_number(last.number() - 1);
  return KeyRange{first, last};
}

}  // namespace dart::overlay
