#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "overlay/coordinate.hpp"
#include "overlay/node_handle.hpp"

namespace dart::overlay {

/// The place of a peer in the PeerTable of one node.
using PeerIndex = std::uint16_t;
inline constexpr PeerIndex kNoPeer = 0xFFFF;

/// What one node knows of another.
struct Peer {
  NodeHandle handle;
  Coordinate coordinate;
  std::uint32_t rtt_us = 0;   ///< smoothed round trip; 0: never measured
  std::int64_t heard_us = 0;  ///< own clock at its last message; 0: only heard of
  std::int64_t avoid_us = 0;  ///< not taken as a next hop before this, if there is a choice
  std::uint16_t uses = 0;     ///< places of the leaf set and the routing table that name it
  std::uint8_t silent = 0;    ///< messages in a row that it did not answer
  std::uint32_t badge = 0;    ///< a hash of the last badge that it showed; 0: none
};

/// All peers of one node, each once. Leaf set and routing table name them by index; a peer that neither names
/// any more is forgotten. Found by id through a small open hash table.
class PeerTable {
 public:
  [[nodiscard]] PeerIndex find(const NodeId& id) const;
  /// The new entry, not used yet; kNoPeer when the table is full. The id must not be there.
  PeerIndex add(const NodeHandle& handle, const Coordinate& coordinate);
  void use(PeerIndex index) { ++peers_[index].uses; }
  /// Forgets the peer with its last use.
  void release(PeerIndex index);
  /// Forgets the peer if nothing uses it.
  void drop_unused(PeerIndex index);

  /// Asks for the memory that find() will read first, and once that is there for the peer: a simulated ring
  /// is far larger than any cache.
  void fetch_slot(const NodeId& id) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash_of(id) & (slots_.size() - 1)]);
  }
  void fetch(const NodeId& id) const;
  void fetch(PeerIndex index) const {
    const auto* peer = reinterpret_cast<const char*>(&peers_[index]);
    __builtin_prefetch(peer);
    __builtin_prefetch(peer + 64);
  }

  [[nodiscard]] Peer& operator[](PeerIndex index) { return peers_[index]; }
  [[nodiscard]] const Peer& operator[](PeerIndex index) const { return peers_[index]; }
  [[nodiscard]] std::size_t size() const { return live_; }
  /// Indexes run below this; those of forgotten peers have no uses.
  [[nodiscard]] PeerIndex end() const { return static_cast<PeerIndex>(peers_.size()); }
  [[nodiscard]] std::size_t bytes() const;
  void check_invariants() const;

 private:
  /// An index and some more bits of the hash, so that few other peers have to be looked at.
  struct Slot {
    PeerIndex index = kNoPeer;
    std::uint16_t tag = 0;
  };
  static std::size_t hash_of(const NodeId& id) { return static_cast<std::size_t>(mix64(id.low ^ id.high)); }
  static std::uint16_t tag_of(std::size_t hash) { return static_cast<std::uint16_t>(hash >> 48); }
  [[nodiscard]] std::size_t slot_of(const NodeId& id) const;
  void rehash(std::size_t slots);
  void erase(PeerIndex index);

  std::vector<Peer> peers_;
  std::vector<Slot> slots_;   // open addressing, a power of two, at most three quarters full
  PeerIndex free_ = kNoPeer;  // chain of forgotten entries through heard_us
  std::size_t live_ = 0;
  // The last one found: one message asks for its sender several times.
  mutable NodeId memo_id_;
  mutable PeerIndex memo_ = kNoPeer;
};

}  // namespace dart::overlay
