#include "sim/ring_truth.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace dart::sim {

namespace {

bool id_before(const std::pair<NodeId, std::uint32_t>& one, const NodeId& id) { return one.first < id; }

}  // namespace

void RingTruth::add(const NodeId& id, std::uint32_t machine) {
  ids_.insert(std::lower_bound(ids_.begin(), ids_.end(), id, id_before), {id, machine});
}

void RingTruth::remove(const NodeId& id) {
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), id, id_before);
  if (found != ids_.end() && found->first == id) ids_.erase(found);
}

std::size_t RingTruth::place(const NodeId& id) const {
  return static_cast<std::size_t>(std::lower_bound(ids_.begin(), ids_.end(), id, id_before) - ids_.begin());
}

std::uint32_t RingTruth::root(const Key& key) const {
  DART_CHECK(!ids_.empty());
  const std::size_t after = place(key);
  const auto& right = ids_[after % ids_.size()];
  const auto& left = ids_[(after + ids_.size() - 1) % ids_.size()];
  return closer(key, right.first, left.first) ? right.second : left.second;
}

}  // namespace dart::sim
