#include "sim/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dart::sim {

bool answers(const World& world, std::uint32_t machine, const Key& key) {
  if (world.state(machine) != MachineState::Up) return false;
  const auto& node = world.core(machine)->overlay();
  return node.ready(world.local_now(machine)) && !node.next_hop(key);
}

void SingleRootChecker::on_deliver(const World& world, const TroubleLog& troubles, std::uint32_t machine,
                                   const Key& key, Violations& violations) {
  const std::int64_t since = world.now().us - merge_within_us_;
  for (std::uint32_t other = 0; other < world.machines(); ++other) {
    if (other == machine || !answers(world, other, key)) continue;
    if (world.group(other) != world.group(machine) || troubles.apart_since(other, machine, since)) {
      ++partition_doubles_;
    } else {
      violations.add(fmt::format("at {} us machines {} ({}) and {} ({}) both answer for {}", world.now().us,
                                 machine, world.id(machine).short_text(), other, world.id(other).short_text(),
                                 key.short_text()));
    }
  }
}

void SingleRootChecker::look(const World& world, const TroubleLog& troubles, const Key& key,
                             Violations& violations) {
  for (std::uint32_t machine = 0; machine < world.machines(); ++machine) {
    if (!answers(world, machine, key)) continue;
    on_deliver(world, troubles, machine, key, violations);
    return;
  }
}

RingTruth truth_of(const World& world) {
  RingTruth truth;
  for (std::uint32_t i = 0; i < world.machines(); ++i) {
    if (world.state(i) == MachineState::Up) truth.add(world.id(i), i);
  }
  return truth;
}

std::string wrong_leaf_set(const World& world) {
  const RingTruth truth = truth_of(world);
  const std::size_t size = truth.size();
  const std::size_t expected = std::min(overlay::limits::kLeafSide, size == 0 ? 0 : size - 1);
  for (std::uint32_t i = 0; i < world.machines(); ++i) {
    if (world.state(i) != MachineState::Up || world.core(i)->overlay().joined()) continue;
    return fmt::format("machine {} ({}) has not joined", i, world.id(i).short_text());
  }
  for (std::uint32_t i = 0; i < world.machines(); ++i) {
    if (world.state(i) != MachineState::Up) continue;
    const auto view = world.core(i)->view();
    const std::size_t place = truth.place(world.id(i));
    if (view.left.size() != expected || view.right.size() != expected) {
      return fmt::format("machine {} ({}) has {} and {} leaves, not {}", i, world.id(i).short_text(),
                         view.left.size(), view.right.size(), expected);
    }
    for (std::size_t rank = 0; rank < expected; ++rank) {
      const std::uint32_t right = truth.at(place + rank + 1);
      const std::uint32_t left = truth.at(place + size - rank - 1);
      for (const auto& [leaf, there] :
           {std::pair{view.right[rank].node, right}, {view.left[rank].node, left}}) {
        if (World::machine_of(leaf) != there || leaf.same_life(world.core(there)->overlay().self())) continue;
        return fmt::format("machine {} ({}) knows incarnation {} of machine {}, it is {}", i,
                           world.id(i).short_text(), leaf.incarnation, there,
                           world.core(there)->overlay().self().incarnation);
      }
      if (World::machine_of(view.right[rank].node) != right ||
          World::machine_of(view.left[rank].node) != left) {
        return fmt::format("machine {} ({}) has {} and {} at rank {}, right are {} and {}", i,
                           world.id(i).short_text(), World::machine_of(view.left[rank].node),
                           World::machine_of(view.right[rank].node), rank, left, right);
      }
    }
  }
  return {};
}

void check_one_life(const World& world, Violations& violations) {
  for (std::uint32_t a = 0; a < world.machines(); ++a) {
    if (world.core(a) == nullptr || !world.core(a)->overlay().joined()) continue;
    for (std::uint32_t b = a + 1; b < world.machines(); ++b) {
      if (world.id(a) != world.id(b) || world.core(b) == nullptr || !world.core(b)->overlay().joined())
        continue;
      violations.add(
          fmt::format("machines {} and {} are both members as {}", a, b, world.id(a).short_text()));
    }
  }
}

void check_memory(const World& world, std::size_t most_bytes, Violations& violations) {
  for (std::uint32_t i = 0; i < world.machines(); ++i) {
    if (world.core(i) == nullptr) continue;
    const std::size_t bytes = world.core(i)->overlay().state_bytes();
    if (bytes > most_bytes) violations.add(fmt::format("machine {} holds {} bytes", i, bytes));
  }
}

void RequestChecker::on_deliver(std::uint64_t request, std::uint32_t machine, std::int64_t now_us) {
  if (request >= entries_.size()) return;
  Entry& entry = entries_[request];
  if (entry.delivered) return;
  entry.delivered = true;
  entry.delivered_us = now_us;
  entry.by = machine;
}

void RequestChecker::on_receipt(std::uint64_t request, Violations& violations) {
  if (request >= entries_.size()) return;
  entries_[request].receipt = true;
  if (!entries_[request].delivered)
    violations.add(fmt::format("request {} has a receipt, but nobody delivered it", request));
}

}  // namespace dart::sim
