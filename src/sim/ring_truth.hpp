#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/node_id.hpp"

namespace dart::sim {

/// The sorted list of who is there: what is right, found without the overlay.
class RingTruth {
 public:
  void add(const NodeId& id, std::uint32_t machine);
  void remove(const NodeId& id);
  /// The machine whose id is closest to `key`. Not empty.
  [[nodiscard]] std::uint32_t root(const Key& key) const;
  /// Position of an id, and who stands at a position (taken around the circle).
  [[nodiscard]] std::size_t place(const NodeId& id) const;
  [[nodiscard]] std::uint32_t at(std::size_t place) const { return ids_[place % ids_.size()].second; }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  std::vector<std::pair<NodeId, std::uint32_t>> ids_;
};

}  // namespace dart::sim
