#include "overlay/peer_table.hpp"

#include "base/check.hpp"
#include "overlay/limits.hpp"

namespace dart::overlay {

namespace {

constexpr std::size_t kFirstSlots = 32;

}  // namespace

PeerIndex PeerTable::find(const NodeId& id) const {
  if (memo_ != kNoPeer && memo_id_ == id) return memo_;
  if (slots_.empty()) return kNoPeer;
  memo_id_ = id;
  memo_ = slots_[slot_of(id)].index;
  return memo_;
}

std::size_t PeerTable::slot_of(const NodeId& id) const {
  const std::size_t mask = slots_.size() - 1;
  const std::size_t hash = hash_of(id);
  const std::uint16_t tag = tag_of(hash);
  std::size_t slot = hash & mask;
  while (slots_[slot].index != kNoPeer &&
         (slots_[slot].tag != tag || peers_[slots_[slot].index].handle.id != id)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void PeerTable::fetch(const NodeId& id) const {
  if (slots_.empty()) return;
  const std::size_t mask = slots_.size() - 1;
  const std::size_t hash = hash_of(id);
  const std::uint16_t tag = tag_of(hash);
  std::size_t slot = hash & mask;
  while (slots_[slot].index != kNoPeer && slots_[slot].tag != tag) slot = (slot + 1) & mask;
  if (slots_[slot].index != kNoPeer) fetch(slots_[slot].index);
}

void PeerTable::rehash(std::size_t slots) {
  slots_.assign(slots, Slot{});
  slots_.shrink_to_fit();
  for (PeerIndex i = 0; i < end(); ++i) {
    const NodeId& id = peers_[i].handle.id;
    if (!id.is_zero()) slots_[slot_of(id)] = {i, tag_of(hash_of(id))};
  }
}

PeerIndex PeerTable::add(const NodeHandle& handle, const Coordinate& coordinate) {
  if (live_ >= limits::kPeers || handle.id.is_zero()) return kNoPeer;
  PeerIndex index = free_;
  if (index != kNoPeer) {
    free_ = static_cast<PeerIndex>(peers_[index].heard_us);
    peers_[index] = {};
  } else {
    // Growth by a quarter, not double: a ring of a hundred thousand nodes is held in one memory.
    if (peers_.size() == peers_.capacity()) peers_.reserve(peers_.size() + peers_.size() / 4 + 8);
    index = end();
    peers_.emplace_back();
  }
  peers_[index].handle = handle;
  peers_[index].coordinate = coordinate;
  ++live_;
  if (4 * live_ > 3 * slots_.size()) {
    rehash(slots_.empty() ? kFirstSlots : 2 * slots_.size());
  } else {
    slots_[slot_of(handle.id)] = {index, tag_of(hash_of(handle.id))};
  }
  return index;
}

void PeerTable::release(PeerIndex index) {
  DART_CHECK(peers_[index].uses > 0);
  if (--peers_[index].uses == 0) erase(index);
}

void PeerTable::drop_unused(PeerIndex index) {
  if (peers_[index].uses == 0 && !peers_[index].handle.id.is_zero()) erase(index);
}

void PeerTable::erase(PeerIndex index) {
  // Backward-shift deletion: what follows in the cluster moves up, so that no tombstones are needed.
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(peers_[index].handle.id);
  slots_[hole] = Slot{};
  for (std::size_t slot = (hole + 1) & mask; slots_[slot].index != kNoPeer; slot = (slot + 1) & mask) {
    const std::size_t home = hash_of(peers_[slots_[slot].index].handle.id) & mask;
    if (((slot - home) & mask) >= ((slot - hole) & mask)) {
      slots_[hole] = slots_[slot];
      slots_[slot] = Slot{};
      hole = slot;
    }
  }
  if (memo_ == index) memo_ = kNoPeer;
  peers_[index] = {};
  peers_[index].heard_us = free_;
  free_ = index;
  --live_;
}

std::size_t PeerTable::bytes() const {
  return peers_.capacity() * sizeof(Peer) + slots_.capacity() * sizeof(Slot);
}

void PeerTable::check_invariants() const {
  std::size_t live = 0;
  for (PeerIndex i = 0; i < end(); ++i) {
    if (peers_[i].handle.id.is_zero()) continue;
    ++live;
    DART_CHECK(peers_[i].uses > 0);
    DART_CHECK(find(peers_[i].handle.id) == i);
  }
  DART_CHECK(live == live_);
}

}  // namespace dart::overlay
