#include "overlay/leaf_set.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace dart::overlay {

bool LeafSet::wants(const NodeId& id) const {
  if (id == self_) return false;
  for (const Side side : kSides) {
    const Half& it = half(side);
    if (it.size < limits::kLeafSide || way(side, id) < way(side, it.ids[it.size - 1U])) {
      return true;
    }
  }
  return false;
}

bool LeafSet::insert(PeerTable& peers, PeerIndex index) {
  const bool left = insert(peers, index, Side::Left);
  const bool right = insert(peers, index, Side::Right);
  if (left || right) changed(peers);
  return left || right;
}

bool LeafSet::insert(PeerTable& peers, PeerIndex index, Side side) {
  Half& it = half(side);
  const NodeId id = peers[index].handle.id;
  const uint128 mine = way(side, id);
  std::size_t rank = 0;
  while (rank < it.size && way(side, it.ids[rank]) < mine) ++rank;
  if (rank < it.size && it.places[rank] == index) return false;
  if (rank == limits::kLeafSide) return false;
  peers.use(index);
  if (it.size == limits::kLeafSide) {
    peers.release(it.places[it.size - 1U]);
  } else {
    ++it.size;
  }
  const auto first = static_cast<std::ptrdiff_t>(rank);
  std::copy_backward(it.places.begin() + first, it.places.begin() + it.size - 1, it.places.begin() + it.size);
  std::copy_backward(it.ids.begin() + first, it.ids.begin() + it.size - 1, it.ids.begin() + it.size);
  it.places[rank] = index;
  it.ids[rank] = id;
  return true;
}

bool LeafSet::remove(PeerTable& peers, PeerIndex index) {
  bool removed = false;
  for (const Side side : kSides) {
    Half& it = half(side);
    const auto end = it.places.begin() + it.size;
    const auto found = std::find(it.places.begin(), end, index);
    if (found == end) continue;
    const auto gap = it.ids.begin() + (found - it.places.begin());
    std::copy(gap + 1, it.ids.begin() + it.size, gap);
    std::copy(found + 1, end, found);
    --it.size;
    peers.release(index);
    removed = true;
  }
  if (removed) changed(peers);
  return removed;
}

bool LeafSet::contains(PeerIndex index) const {
  return std::any_of(std::begin(kSides), std::end(kSides), [&](Side side) {
    const Half& it = half(side);
    return std::find(it.places.begin(), it.places.begin() + it.size, index) != it.places.begin() + it.size;
  });
}

void LeafSet::look_for_overlap() {
  const Half& left = half(Side::Left);
  const Half& right = half(Side::Right);
  overlaps_ = left.size == 0 || right.size == 0;
  for (std::size_t i = 0; i < right.size && !overlaps_; ++i) {
    overlaps_ = left.places[left.size - 1U] == right.places[i];
  }
}

bool LeafSet::spans_part() const {
  return !overlaps_ && size(Side::Left) == limits::kLeafSide && size(Side::Right) == limits::kLeafSide;
}

bool LeafSet::covers(const Key& key) const {
  if (overlaps_) return true;
  if (!spans_part()) return false;
  // Seen from this node: after many deaths the far end of a side may stand anywhere, but never nearer than a
  // gap.
  const NodeId& first = id_at(Side::Left, limits::kLeafSide - 1);
  const NodeId& last = id_at(Side::Right, limits::kLeafSide - 1);
  return self_.clockwise_to(key) <= self_.clockwise_to(last) ||
         key.clockwise_to(self_) <= first.clockwise_to(self_);
}

void LeafSet::changed(PeerTable& peers) {
  const bool met = overlaps_;
  look_for_overlap();
  if (met || overlaps_) close_circle(peers);
  hashed_ = false;
}

void LeafSet::close_circle(PeerTable& peers) {
  for (const Side side : kSides) {
    const Half& other = half(opposite(side));
    for (std::size_t i = 0; i < other.size; ++i) insert(peers, other.places[i], side);
  }
  look_for_overlap();
}

void LeafSet::hash_windows() const {
  for (const Side side : kSides) hashes_[static_cast<std::size_t>(side)] = hash_window(side);
  hashed_ = true;
}

std::uint64_t LeafSet::hash_window(Side side) const {
  // Seen from the neighbour this window reaches one place further on its far side and one less on this one.
  std::uint64_t hash = mix64(self_.high ^ self_.low);
  const Half& near = half(side);
  const Half& far = half(opposite(side));
  const std::size_t far_size = std::min<std::size_t>(far.size, limits::kLeafSide - 1);
  for (std::size_t i = 0; i < near.size; ++i) {
    const NodeId& id = near.ids[i];
    hash ^= mix64(id.high ^ id.low);
  }
  for (std::size_t i = 0; i < far_size; ++i) {
    const auto end = near.places.begin() + near.size;
    if (overlaps_ && std::find(near.places.begin(), end, far.places[i]) != end) continue;
    const NodeId& id = far.ids[i];
    hash ^= mix64(id.high ^ id.low);
  }
  return hash;
}

void LeafSet::check_invariants(const PeerTable& peers) const {
  for (const Side side : kSides) {
    const Half& it = half(side);
    DART_CHECK(it.size <= limits::kLeafSide);
    for (std::size_t i = 0; i < it.size; ++i) {
      const Peer& peer = peers[it.places[i]];
      DART_CHECK(peer.uses > 0 && peer.handle.id != self_);
      DART_CHECK(peer.handle.id == it.ids[i]);
      DART_CHECK(i == 0 || way(side, peers[it.places[i - 1]].handle.id) < way(side, peer.handle.id));
    }
  }
  DART_CHECK((size(Side::Left) == 0) == (size(Side::Right) == 0));
  if (!overlaps_) return;
  for (const Side side : kSides) {
    const Half& it = half(side);
    const Half& other = half(opposite(side));
    for (std::size_t i = 0; i < other.size; ++i) {
      const auto end = it.places.begin() + it.size;
      const bool here = std::find(it.places.begin(), end, other.places[i]) != end;
      DART_CHECK(here ||
                 (it.size == limits::kLeafSide && way(side, it.ids[it.size - 1U]) < way(side, other.ids[i])));
    }
  }
}

}  // namespace dart::overlay
