// The nodes of the naive executor that group rows: windows, aggregates, top-N, OVER.
#include <algorithm>

#include "base/check.hpp"
#include "support/naive_aggregate.hpp"
#include "support/naive_executor.hpp"
#include "support/naive_order.hpp"

namespace dart::support {

using columnar::Value;
using plan::Node;

namespace {

Cells pick(const Cells& cells, const std::vector<std::uint32_t>& columns) {
  Cells out;
  for (const std::uint32_t column : columns) out.push_back(cells[column]);
  return out;
}

bool is_true(const Cells& cells, const std::optional<std::uint32_t>& column) {
  return !column || (!cells[*column].is_null() && cells[*column].boolean());
}

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

Value run_call(const plan::AggregateCall& call, const std::vector<const Cells*>& rows) {
  std::vector<AggregateInput> taken;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_true(*rows[i], call.filter)) continue;
    const std::int64_t place =
        call.position ? (*rows[i])[*call.position].bigint() : static_cast<std::int64_t>(i);
    taken.push_back({pick(*rows[i], call.arguments), place});
  }
  return naive_aggregate(call.name, call.direct, call.distinct, call.bound.result, std::move(taken));
}

}  // namespace

NaiveExecutor::Relation NaiveExecutor::run(const plan::WindowAssign& window, const Relation& rows) const {
  Relation out;
  for (const Row& row : rows) {
    const Value& time = row.cells[window.time_column];
    if (time.is_null()) continue;
    const std::int64_t last = floor_to(time.bigint(), window.slide_us);
    const std::int64_t first = floor_to(time.bigint() - window.size_us, window.slide_us) + window.slide_us;
    for (std::int64_t start = first; start <= last; start += window.slide_us) {
      Row made = row;
      made.cells.push_back(Value::of(time.type(), start));
      made.cells.push_back(Value::of(time.type(), start + window.size_us));
      out.push_back(std::move(made));
    }
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Sliding& sliding, const Node& node) const {
  const Relation& rows = input(node, 0);
  std::int64_t now = INT64_MIN;
  for (const Row& row : rows) {
    const Value& time = row.cells[sliding.time_column];
    if (!time.is_null()) now = std::max(now, time.bigint());
  }
  Relation out;
  for (const Row& row : rows) {
    const Value& time = row.cells[sliding.time_column];
    if (!time.is_null() && now - sliding.size_us < time.bigint()) out.push_back(row);
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::CountWindow& window, const Node& node) const {
  struct Block {
    std::int64_t id = 0;
    Relation rows;
  };
  std::map<Cells, Block, CellsLess> open;
  Relation out;
  for (const Row& row : input(node, 0)) {
    Block& block = open[pick(row.cells, window.keys)];
    block.rows.push_back(row);
    if (static_cast<std::int64_t>(block.rows.size()) < window.rows) continue;
    for (Row& member : block.rows) {
      member.cells.push_back(Value::bigint(block.id));
      member.step = row.step;
      out.push_back(std::move(member));
    }
    block.rows.clear();
    ++block.id;
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Aggregate& aggregate, const Node& node) const {
  if (aggregate.emit == plan::EmitPolicy::AtEnd && !ended_) return {};
  const bool fused = aggregate.window.has_value();
  const Relation rows = fused ? run(*aggregate.window, input(node, 0)) : input(node, 0);
  const EventTime watermark = watermark_of(node.inputs[0].node);
  struct Group {
    std::vector<const Cells*> rows;
    std::int64_t step = 0;
  };
  std::map<Cells, Group, CellsLess> groups;
  for (const Row& row : rows) {
    Cells key = pick(row.cells, aggregate.keys);
    if (fused) key.insert(key.begin(), row.cells.end() - 2, row.cells.end());
    if (aggregate.emit == plan::EmitPolicy::AtClose) {
      DART_CHECK(fused || aggregate.expires_by_key);
      const std::int64_t window_end = key[fused ? 1 : *aggregate.expires_by_key].bigint();
      const bool was_closed = window_end <= row.watermark;
      if (was_closed || window_end > watermark) continue;
    }
    if (aggregate.per_block) key.push_back(Value::bigint(row.step));
    Group& group = groups[std::move(key)];
    group.rows.push_back(&row.cells);
    group.step = row.step;
  }
  if (aggregate.keys.empty() && !fused && !aggregate.per_block) groups.try_emplace({});
  Relation out;
  for (const auto& [key, group] : groups) {
    Row made{key, group.step, kMinEventTime};
    if (aggregate.per_block) made.cells.pop_back();
    for (const plan::AggregateCall& call : aggregate.calls) made.cells.push_back(run_call(call, group.rows));
    out.push_back(std::move(made));
  }
  std::stable_sort(out.begin(), out.end(), [](const Row& a, const Row& b) { return a.step < b.step; });
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::TopN& top, const Node& node) const {
  if (top.emit == plan::EmitPolicy::AtEnd && !ended_) return {};
  std::map<Cells, std::vector<const Row*>, CellsLess> partitions;
  for (const Row& row : input(node, 0)) partitions[pick(row.cells, top.partition)].push_back(&row);
  const EventTime watermark = watermark_of(node.inputs[0].node);
  Relation out;
  for (auto& [key, rows] : partitions) {
    if (top.emit == plan::EmitPolicy::AtClose && key[*top.expires_by_key].bigint() > watermark) continue;
    std::stable_sort(rows.begin(), rows.end(), [&](const Row* a, const Row* b) {
      if (sorts_before(top.order, a->cells, b->cells)) return true;
      if (sorts_before(top.order, b->cells, a->cells)) return false;
      return CellsLess{}(a->cells, b->cells);
    });
    const auto size = static_cast<std::int64_t>(rows.size());
    for (std::int64_t i = top.offset; i < size && i - top.offset < top.limit; ++i) {
      Row made = *rows[static_cast<std::size_t>(i)];
      if (top.with_rank) made.cells.push_back(Value::bigint(i + 1));
      out.push_back(std::move(made));
    }
  }
  return out;
}

namespace {

/// `rows` are the partition's rows in their order; `at` is the current one.
Value run_over(const plan::OverCall& call, const plan::Over& over, const std::vector<const Cells*>& rows,
               std::size_t at, columnar::LogicalType type) {
  if (call.name == "row_number") return Value::bigint(static_cast<std::int64_t>(at) + 1);
  if (call.name == "lag") {
    const std::int64_t back = call.direct.empty() ? 1 : call.direct[0].bigint();
    if (back <= static_cast<std::int64_t>(at) && at - static_cast<std::size_t>(back) < rows.size()) {
      return (*rows[at - static_cast<std::size_t>(back)])[call.arguments[0]];
    }
    return call.direct.size() > 1 ? call.direct[1] : Value::null(type);
  }
  std::size_t end = at + 1;
  const Value& here = (*rows[at])[over.order];
  if (call.frame.unit == plan::Frame::Unit::Range && over.peers) {
    while (end < rows.size() && compare((*rows[end])[over.order], here) == 0) ++end;
  }
  std::vector<AggregateInput> taken;
  for (std::size_t i = 0; i < end; ++i) {
    if (call.frame.preceding) {
      const bool outside = call.frame.unit == plan::Frame::Unit::Rows
                               ? static_cast<std::int64_t>(at - std::min(i, at)) > *call.frame.preceding
                               : (*rows[i])[over.order].bigint() < here.bigint() - *call.frame.preceding;
      if (outside) continue;
    }
    if (is_true(*rows[i], call.filter)) {
      taken.push_back({pick(*rows[i], call.arguments), static_cast<std::int64_t>(i)});
    }
  }
  return naive_aggregate(call.name, call.direct, call.distinct, type, std::move(taken));
}

}  // namespace

NaiveExecutor::Relation NaiveExecutor::run(const plan::Over& over, const Node& node) const {
  const Relation& rows = input(node, 0);
  std::map<Cells, std::vector<const Cells*>, CellsLess> partitions;
  Relation out;
  for (const Row& row : rows) partitions[pick(row.cells, over.partition)].push_back(&row.cells);
  std::map<Cells, std::size_t, CellsLess> places;
  // Peers are complete when a row with a later value has come. Where no steps are told the watermark also
  // says so, even when the row that moved it was filtered out.
  const bool watched = !node.stepped && node.schema[over.order].type.is_time();
  const EventTime watermark = watched ? watermark_of(node.inputs[0].node) : kMinEventTime;
  const auto passed = [&](const Value& order) { return watched && order.bigint() < watermark; };
  for (const Row& row : rows) {
    const Cells key = pick(row.cells, over.partition);
    const std::size_t at = places[key]++;
    const Value& order = row.cells[over.order];
    const bool last = compare(order, rows.back().cells[over.order]) == 0;
    if (over.peers && !ended_ && last && !passed(order)) continue;
    Row made = row;
    for (const plan::OverCall& call : over.calls) {
      const columnar::LogicalType type = node.schema[made.cells.size()].type;
      made.cells.push_back(run_over(call, over, partitions[key], at, type));
    }
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace dart::support
