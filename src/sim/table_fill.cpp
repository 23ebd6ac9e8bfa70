#include "sim/table_fill.hpp"

#include <algorithm>
#include <array>

namespace dart::sim {

namespace {

/// The smallest id that shares `row` digits with `id` and has `column` next.
NodeId first_of(const NodeId& id, unsigned row, unsigned column) {
  const unsigned below = 4 * (NodeId::kDigits - row - 1);
  uint128 prefix = row == 0 ? 0 : id.number() >> (below + 4);
  prefix = (prefix << 4) | column;
  return NodeId::from_number(prefix << below);
}

bool anybody(const RingTruth& truth, const World& world, const NodeId& id, unsigned row, unsigned column) {
  const NodeId first = first_of(id, row, column);
  const std::size_t place = truth.place(first);
  if (place == truth.size()) return false;
  const NodeId& found = world.id(truth.at(place));
  return found.shared_digits(first) > row;
}

}  // namespace

TableFill table_fill(const World& world, const RingTruth& truth, std::size_t sample) {
  TableFill fill;
  const std::size_t step = std::max<std::size_t>(1, truth.size() / std::max<std::size_t>(1, sample));
  for (std::size_t place = 0; place < truth.size(); place += step) {
    const std::uint32_t machine = truth.at(place);
    const node::NodeCore* core = world.core(machine);
    if (core == nullptr) continue;
    const NodeId& self = world.id(machine);
    std::array<std::array<bool, NodeId::kBase>, NodeId::kDigits> known{};
    for (const overlay::Contact& contact : core->view().table) {
      const std::uint32_t other = World::machine_of(contact.node);
      const unsigned row = self.shared_digits(contact.node.id);
      if (world.state(other) == MachineState::Off || row >= NodeId::kDigits) {
        ++fill.stale;
        continue;
      }
      known[row][contact.node.id.digit(row)] = true;
    }
    const std::size_t me = truth.place(self);
    const NodeId& before = world.id(truth.at(me + truth.size() - 1));
    const NodeId& after = world.id(truth.at(me + 1));
    const unsigned last_row =
        truth.size() < 2 ? 0 : std::max(self.shared_digits(before), self.shared_digits(after));
    for (unsigned row = 0; row <= last_row; ++row) {
      for (unsigned column = 0; column < NodeId::kBase; ++column) {
        if (column == self.digit(row) || !anybody(truth, world, self, row, column)) continue;
        ++fill.fillable;
        fill.empty += known[row][column] ? 0U : 1U;
      }
    }
  }
  return fill;
}

}  // namespace dart::sim
