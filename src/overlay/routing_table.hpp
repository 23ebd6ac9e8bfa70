#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/node_id.hpp"
#include "overlay/peer_table.hpp"

namespace dart::overlay {

/// For each number of shared leading digits (row) and each next digit (column) the nearest known node by
/// delay, and one spare. Rows exist only as far down as somebody stands in them.
class RoutingTable {
 public:
  struct Slot {
    PeerIndex best = kNoPeer;
    PeerIndex spare = kNoPeer;
  };
  using Row = std::array<Slot, NodeId::kBase>;

  explicit RoutingTable(const NodeId& self) : self_(self) {}

  /// Offers a peer; `near(a, b)` says whether a is clearly nearer than b. True when it was taken.
  template <class Near>
  bool offer(PeerTable& peers, PeerIndex index, Near&& near) {
    Slot& slot = make_slot(peers[index].handle.id);
    if (slot.best == index || slot.spare == index) return false;
    if (slot.best == kNoPeer) return put(peers, slot.best, index);
    if (near(index, slot.best)) {
      if (slot.spare != kNoPeer) peers.release(slot.spare);
      slot.spare = slot.best;
      slot.best = index;
      peers.use(index);
      return true;
    }
    if (slot.spare == kNoPeer || near(index, slot.spare)) return put(peers, slot.spare, index);
    return false;
  }
  /// Whether offer() would take somebody who is not in the table yet; `near(b)` says whether that one is
  /// clearly nearer than b.
  template <class Near>
  [[nodiscard]] bool wants(const NodeId& id, Near&& near) const {
    const unsigned row = self_.shared_digits(id);
    if (row >= rows_.size()) return row < NodeId::kDigits;
    const Slot& slot = rows_[row][id.digit(row)];
    return slot.best == kNoPeer || slot.spare == kNoPeer || near(slot.best) || near(slot.spare);
  }
  /// Asks for the memory of the place of `id`.
  void fetch_slot(const NodeId& id) const {
    const unsigned row = self_.shared_digits(id);
    if (row < rows_.size()) __builtin_prefetch(&rows_[row][id.digit(row)]);
  }
  /// Asks for the memory of whom offer() would compare `id` with.
  void fetch(const PeerTable& peers, const NodeId& id) const {
    const unsigned row = self_.shared_digits(id);
    if (row >= rows_.size()) return;
    const Slot& slot = rows_[row][id.digit(row)];
    if (slot.best != kNoPeer) peers.fetch(slot.best);
    if (slot.spare != kNoPeer) peers.fetch(slot.spare);
  }
  /// After a new measurement: the spare and the best change places if the spare is clearly nearer.
  template <class Near>
  void reorder(const PeerTable& peers, PeerIndex index, Near&& near) {
    Slot* slot = find_slot(peers[index].handle.id);
    if (slot == nullptr || slot->spare == kNoPeer || (slot->best != index && slot->spare != index)) return;
    if (near(slot->spare, slot->best)) std::swap(slot->best, slot->spare);
  }
  /// The spare moves up. True when it was there; the peer may be forgotten by this. `vacant` tells whether
  /// the slot is empty now.
  bool remove(PeerTable& peers, PeerIndex index, bool& vacant);

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] const Row& row(std::size_t index) const { return rows_[index]; }
  /// Nothing where the row does not exist.
  [[nodiscard]] Slot slot(unsigned row, unsigned column) const {
    return row < rows_.size() ? rows_[row][column] : Slot{};
  }
  [[nodiscard]] std::size_t bytes() const { return rows_.capacity() * sizeof(Row); }
  void check_invariants(const PeerTable& peers) const;

 private:
  Slot& make_slot(const NodeId& id);
  Slot* find_slot(const NodeId& id);
  static bool put(PeerTable& peers, PeerIndex& place, PeerIndex index) {
    if (place != kNoPeer) peers.release(place);
    place = index;
    peers.use(index);
    return true;
  }

  NodeId self_;
  std::vector<Row> rows_;
};

}  // namespace dart::overlay
