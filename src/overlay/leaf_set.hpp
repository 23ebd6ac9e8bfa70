#pragma once

#include <array>
#include <cstdint>

#include "base/node_id.hpp"
#include "overlay/limits.hpp"
#include "overlay/peer_table.hpp"

namespace dart::overlay {

/// The directions of the circle: growing ids are to the right.
enum class Side : std::uint8_t { Left = 0, Right = 1 };
[[nodiscard]] constexpr Side opposite(Side side) { return side == Side::Left ? Side::Right : Side::Left; }
inline constexpr Side kSides[] = {Side::Left, Side::Right};

/// The nearest nodes on each side, nearest first. In a ring of few nodes one node may stand on both sides.
/// Names peers by index and counts as one use of them for each place.
class LeafSet {
 public:
  explicit LeafSet(const NodeId& self) : self_(self) {}

  /// Whether `id` would find a place.
  [[nodiscard]] bool wants(const NodeId& id) const;
  /// Puts a peer where it belongs, and lets go of whoever falls off the end. True when something changed.
  bool insert(PeerTable& peers, PeerIndex index);
  /// True when it was there. The peer may be forgotten by this.
  bool remove(PeerTable& peers, PeerIndex index);

  [[nodiscard]] std::size_t size(Side side) const { return half(side).size; }
  [[nodiscard]] bool empty() const { return size(Side::Left) == 0 && size(Side::Right) == 0; }
  [[nodiscard]] PeerIndex at(Side side, std::size_t rank) const { return half(side).places[rank]; }
  [[nodiscard]] const NodeId& id_at(Side side, std::size_t rank) const { return half(side).ids[rank]; }
  /// The nearest on a side, or kNoPeer.
  [[nodiscard]] PeerIndex adjacent(Side side) const { return size(side) == 0 ? kNoPeer : at(side, 0); }
  [[nodiscard]] bool contains(PeerIndex index) const;
  /// Both sides are full and apart: there are nodes beyond.
  [[nodiscard]] bool spans_part() const;
  /// Both sides meet: every node of the ring is here.
  [[nodiscard]] bool spans_ring() const { return overlaps_; }
  /// Whether the nodes next to `key` are known.
  [[nodiscard]] bool covers(const Key& key) const;
  /// A hash of the nodes that both this node and its neighbour on `side` should see.
  [[nodiscard]] std::uint64_t shared_hash(Side side) const {
    if (!hashed_) hash_windows();
    return hashes_[static_cast<std::size_t>(side)];
  }
  void check_invariants(const PeerTable& peers) const;

 private:
  struct Half {
    /// Copies of what the peers have: here they lie together.
    std::array<NodeId, limits::kLeafSide> ids{};
    std::array<PeerIndex, limits::kLeafSide> places{};
    std::uint8_t size = 0;
  };
  [[nodiscard]] const Half& half(Side side) const { return halves_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] Half& half(Side side) { return halves_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] uint128 way(Side side, const NodeId& id) const {
    return side == Side::Right ? self_.clockwise_to(id) : id.clockwise_to(self_);
  }
  bool insert(PeerTable& peers, PeerIndex index, Side side);
  void changed(PeerTable& peers);
  /// Where both sides meet, whoever is known on one may stand on the other too: after a death there its place
  /// is taken at once. The hash of a window that goes all around does not tell on which side somebody is.
  void close_circle(PeerTable& peers);
  void look_for_overlap();
  void hash_windows() const;
  [[nodiscard]] std::uint64_t hash_window(Side side) const;

  NodeId self_;
  std::array<Half, 2> halves_;
  // Found when they are asked for: a newcomer's leaf set changes many times before anybody does.
  mutable std::array<std::uint64_t, 2> hashes_{};
  mutable bool hashed_ = false;
  bool overlaps_ = true;
};

}  // namespace dart::overlay
