#include "sql/relation.hpp"

namespace dart::sql {

const TimeColumn* Relation::time_of(std::uint32_t column) const {
  for (const TimeColumn& time : times) {
    if (time.column == column) return &time;
  }
  return nullptr;
}

void Relation::qualify(const std::string& name) {
  for (RelationColumn& column : columns) {
    column.qualifier = name;
    column.merged = false;
  }
}

Relation with_columns_moved(const Relation& relation, plan::NodeId node,
                            const std::vector<std::optional<std::uint32_t>>& to) {
  Relation moved;
  moved.node = node;
  moved.seq_unique = relation.seq_unique;
  moved.seq_sorted = relation.seq_sorted;
  moved.no_seq_reason = relation.no_seq_reason;
  moved.max_rows = relation.max_rows;
  moved.bounded = relation.bounded;
  if (relation.seq) moved.seq = to[*relation.seq];
  if (relation.rank) moved.rank = to[*relation.rank];
  for (TimeColumn time : relation.times) {
    if (!to[time.column]) continue;
    time.column = *to[time.column];
    moved.times.push_back(time);
  }
  if (relation.window && to[relation.window->end]) {
    WindowColumns window = *relation.window;
    window.end = *to[window.end];
    if (window.start) window.start = to[*window.start];
    moved.window = window;
  }
  if (relation.block && to[relation.block->id]) {
    BlockColumns block{*to[relation.block->id], {}};
    bool complete = true;
    for (const std::uint32_t key : relation.block->keys) {
      complete = complete && to[key].has_value();
      block.keys.push_back(to[key].value_or(0));
    }
    if (complete) moved.block = std::move(block);
  }
  return moved;
}

}  // namespace dart::sql
