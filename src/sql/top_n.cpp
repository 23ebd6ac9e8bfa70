#include "sql/top_n.hpp"

#include <algorithm>

namespace dart::sql {

Relation top_n(Context& context, const Relation& input, plan::TopN node, std::uint32_t offset) {
  if (input.window && input.window->closes) {
    const auto is_bound = [&](std::uint32_t c) { return input.is_window_bound(c); };
    const auto is_end = [&](std::uint32_t c) { return c == input.window->end; };
    std::vector<std::uint32_t>& partition = node.partition;
    if (std::any_of(partition.begin(), partition.end(), is_bound)) {
      if (std::none_of(partition.begin(), partition.end(), is_end)) partition.push_back(input.window->end);
      const auto end = std::find_if(partition.begin(), partition.end(), is_end);
      node.expires_by_key = static_cast<std::uint32_t>(end - partition.begin());
    }
  }
  plan::Schema schema = context.schema(input);
  Relation relation = input;
  if (node.with_rank) {
    relation.rank = static_cast<std::uint32_t>(schema.size());
    schema.push_back({"row_number", columnar::LogicalType::of(columnar::TypeId::BigInt)});
  }
  // A row may move up when another goes, whatever its time is.
  relation.times.clear();
  if (!node.expires_by_key) relation.window.reset();
  if (node.partition.empty() && node.limit != kNoLimit) relation.max_rows = node.limit;
  relation.block.reset();
  relation.node = context.add(std::move(node), {{input.node, 0}}, std::move(schema), offset);
  return relation;
}

}  // namespace dart::sql
