#include "overlay/routing_table.hpp"

#include "base/check.hpp"

namespace dart::overlay {

RoutingTable::Slot& RoutingTable::make_slot(const NodeId& id) {
  const unsigned row = self_.shared_digits(id);
  DART_CHECK(row < NodeId::kDigits);
  if (row >= rows_.size()) {
    rows_.reserve(row + 1);
    rows_.resize(row + 1);
  }
  return rows_[row][id.digit(row)];
}

RoutingTable::Slot* RoutingTable::find_slot(const NodeId& id) {
  const unsigned row = self_.shared_digits(id);
  return row < rows_.size() ? &rows_[row][id.digit(row)] : nullptr;
}

bool RoutingTable::remove(PeerTable& peers, PeerIndex index, bool& vacant) {
  vacant = false;
  Slot* slot = find_slot(peers[index].handle.id);
  if (slot == nullptr || (slot->best != index && slot->spare != index)) return false;
  if (slot->best == index) slot->best = slot->spare;
  slot->spare = kNoPeer;
  vacant = slot->best == kNoPeer;
  peers.release(index);
  return true;
}

void RoutingTable::check_invariants(const PeerTable& peers) const {
  for (unsigned row = 0; row < rows_.size(); ++row) {
    for (unsigned column = 0; column < NodeId::kBase; ++column) {
      const Slot& slot = rows_[row][column];
      DART_CHECK(slot.best != kNoPeer || slot.spare == kNoPeer);
      for (const PeerIndex index : {slot.best, slot.spare}) {
        if (index == kNoPeer) continue;
        const NodeId& id = peers[index].handle.id;
        DART_CHECK(peers[index].uses > 0);
        DART_CHECK(self_.shared_digits(id) == row && id.digit(row) == column);
      }
    }
  }
}

}  // namespace dart::overlay
