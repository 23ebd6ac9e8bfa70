#include "support/naive_executor.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "support/naive_expression.hpp"
#include "support/naive_order.hpp"

namespace dart::support {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using plan::Node;
using plan::NodeId;

namespace {

bool holds(const plan::Expression& condition, const Cells& row) {
  const Result<Value> value = evaluate(condition, row);
  return value && !value->is_null() && value->boolean();
}

}  // namespace

std::vector<bool> read_columns(const plan::Plan& plan, std::uint32_t table) {
  const plan::TableDefinition& definition = plan.tables[table];
  std::vector<bool> reads(definition.columns.size());
  for (const Node& node : plan.nodes) {
    const auto* scan = std::get_if<plan::Scan>(&node.kind);
    if (scan == nullptr || scan->table != table) continue;
    for (const std::uint32_t column : scan->columns) {
      if (column < reads.size()) reads[column] = true;
    }
  }
  if (definition.event_time) reads[*definition.event_time] = true;
  for (const plan::CheckConstraint& check : definition.checks) plan::mark_columns(*check.condition, reads);
  return reads;
}

NaiveExecutor::NaiveExecutor(const plan::Plan& plan)
    : plan_(plan),
      readers_(plan.tables.size()),
      outputs_(plan.nodes.size()),
      late_outputs_(plan.nodes.size()) {
  for (std::uint32_t table = 0; table < plan.tables.size(); ++table)
    readers_[table].reads = read_columns(plan, table);
  compute();
}

void NaiveExecutor::step(std::uint32_t table, std::int64_t seq, Cells row) {
  DART_CHECK(!ended_);
  started_ = true;
  now_step_ = seq;
  const plan::TableDefinition& definition = plan_.tables[table];
  Reader& reader = readers_[table];
  if (accepts(table, row)) {
    Row read{row, seq, reader.watermark};
    read.cells.push_back(Value::bigint(seq));
    read.cells.push_back(Value::null(LogicalType::of(TypeId::TimestampTz)));
    bool late = false;
    if (definition.event_time) {
      const EventTime time = row[*definition.event_time].bigint();
      late = reader.watermark != kMinEventTime && time < reader.watermark;
      reader.watermark = std::max(reader.watermark, time - definition.watermark_delay_us);
    }
    reader.late += late ? 1 : 0;
    if (!late || definition.late == plan::LatePolicy::Update) {
      reader.rows.push_back(std::move(read));
    } else if (definition.late == plan::LatePolicy::SideTable) {
      reader.late_rows.push_back(std::move(read));
    }
  }
  compute();
}

void NaiveExecutor::end() {
  ended_ = true;
  for (Reader& reader : readers_) reader.watermark = kMaxEventTime;
  compute();
}

bool NaiveExecutor::accepts(std::uint32_t id, const Cells& row) const {
  const plan::TableDefinition& table = plan_.tables[id];
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const bool is_read = readers_[id].reads[c];
    if (is_read && (table.columns[c].not_null || table.event_time == c) && row[c].is_null()) return false;
  }
  return std::all_of(table.checks.begin(), table.checks.end(), [&](const plan::CheckConstraint& check) {
    const Result<Value> value = evaluate(*check.condition, row);
    return value && (value->is_null() || value->boolean());
  });
}

std::vector<Cells> NaiveExecutor::rows(NodeId node) const {
  std::vector<Cells> cells;
  for (const Row& row : outputs_[node]) cells.push_back(row.cells);
  return cells;
}

std::vector<Cells> NaiveExecutor::view(NodeId sink) const {
  const NodeId from = plan_.nodes[sink].inputs[0].node;
  const bool is_emit = std::holds_alternative<plan::Emit>(plan_.nodes[from].kind);
  return rows(is_emit ? plan_.nodes[from].inputs[0].node : from);
}

const std::vector<Emission>& NaiveExecutor::emitted(NodeId sink) const { return emitted_.at(sink); }

std::uint64_t NaiveExecutor::late(std::uint32_t table) const { return readers_[table].late; }

const NaiveExecutor::Relation& NaiveExecutor::input(const Node& node, std::size_t index) const {
  const plan::Input from = node.inputs[index];
  return from.output == 0 ? outputs_[from.node] : late_outputs_[from.node];
}

EventTime NaiveExecutor::watermark_of(NodeId node) const {
  if (const auto* scan = std::get_if<plan::Scan>(&plan_.nodes[node].kind))
    return readers_[scan->table].watermark;
  EventTime least = kMaxEventTime;
  for (const plan::Input& from : plan_.nodes[node].inputs) least = std::min(least, watermark_of(from.node));
  return least;
}

void NaiveExecutor::compute() {
  for (NodeId id = 0; id < plan_.nodes.size(); ++id) compute_node(id);
}

void NaiveExecutor::compute_node(NodeId id) {
  const Node& node = plan_.nodes[id];
  if (const auto* scan = std::get_if<plan::Scan>(&node.kind)) {
    outputs_[id] = run(*scan, node, readers_[scan->table].rows);
    late_outputs_[id] = run(*scan, node, readers_[scan->table].late_rows);
  } else if (const auto* window = std::get_if<plan::WindowAssign>(&node.kind)) {
    outputs_[id] = run(*window, input(node, 0));
  } else if (const auto* emit = std::get_if<plan::Emit>(&node.kind)) {
    outputs_[id] = run(*emit, node, id);
  } else if (std::holds_alternative<plan::Sink>(node.kind)) {
    emit_changes(id, input(node, 0));
  } else {
    outputs_[id] = std::visit(
        [&](const auto& kind) -> Relation {
          if constexpr (requires { run(kind, node); }) return run(kind, node);
          return {};
        },
        node.kind);
  }
}

void NaiveExecutor::emit_changes(NodeId sink, const Relation& now) {
  std::vector<Emission>& emitted = emitted_[sink];
  auto& shown = shown_[sink];
  std::map<Cells, std::int64_t, CellsLess> difference = shown;
  for (auto& [cells, count] : difference) count = -count;
  std::vector<const Row*> added;  // in their order, for append-only relations
  for (const Row& row : now) {
    const std::int64_t count = ++difference[row.cells];
    if (count > 0) added.push_back(&row);
  }
  for (const auto& [cells, count] : difference) {
    if (count < 0) emitted.push_back({now_step_, cells, count});
    if (count != 0) shown[cells] += count;
    if (shown[cells] == 0) shown.erase(cells);
  }
  for (const Row* row : added) emitted.push_back({now_step_, row->cells, 1});
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Scan& scan, const Node& /*node*/,
                                           const Relation& rows) const {
  Relation out;
  const std::size_t width = plan_.tables[scan.table].columns.size();
  for (const Row& row : rows) {
    Row read{{}, row.step, row.watermark};
    for (const std::uint32_t column : scan.columns) {
      const std::size_t place = column == plan::Scan::kSeqColumn      ? width
                                : column == plan::Scan::kReadAtColumn ? width + 1
                                                                      : column;
      read.cells.push_back(row.cells[place]);
    }
    out.push_back(std::move(read));
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Filter& filter, const Node& node) const {
  Relation out;
  for (const Row& row : input(node, 0)) {
    if (std::all_of(filter.conjuncts.begin(), filter.conjuncts.end(),
                    [&](const auto& conjunct) { return holds(*conjunct, row.cells); })) {
      out.push_back(row);
    }
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Project& project, const Node& node) const {
  Relation out;
  for (const Row& row : input(node, 0)) {
    Row made{{}, row.step, row.watermark};
    for (const auto& expression : project.expressions) {
      Result<Value> value = evaluate(*expression, row.cells);
      if (!value) break;
      made.cells.push_back(std::move(*value));
    }
    if (made.cells.size() == project.expressions.size()) out.push_back(std::move(made));
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Expand& expand, const Node& node) const {
  Relation out;
  for (const Row& row : input(node, 0)) {
    for (const auto& list : expand.lists) {
      Row made = row;
      for (const auto& expression : list) {
        Result<Value> value = evaluate(*expression, row.cells);
        if (!value) break;
        made.cells.push_back(std::move(*value));
      }
      if (made.cells.size() == row.cells.size() + list.size()) out.push_back(std::move(made));
    }
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::UnionAll& /*all*/, const Node& node) const {
  Relation out;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Relation& rows = input(node, i);
    out.insert(out.end(), rows.begin(), rows.end());
  }
  std::stable_sort(out.begin(), out.end(), [](const Row& a, const Row& b) { return a.step < b.step; });
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Limit& limit, const Node& node) const {
  const Relation& rows = input(node, 0);
  const auto size = static_cast<std::int64_t>(rows.size());
  const std::int64_t begin = std::min(size, limit.offset);
  const std::int64_t end = begin + std::min(limit.limit, size - begin);
  return {rows.begin() + begin, rows.begin() + end};
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Join& join, const Node& node) const {
  const Relation& left = input(node, 0);
  const Relation& right = input(node, 1);
  const EventTime closed_until =
      std::min(watermark_of(node.inputs[0].node), watermark_of(node.inputs[1].node));
  const std::size_t right_width = plan_.nodes[node.inputs[1].node].schema.size();
  const auto meets = [&](const Row& l, const Row& r, const Cells& both) {
    for (std::size_t k = 0; k < join.left_keys.size(); ++k) {
      const Value& a = l.cells[join.left_keys[k]];
      const Value& b = r.cells[join.right_keys[k]];
      if (a.is_null() || b.is_null() || compare(a, b) != 0) return false;
    }
    return std::all_of(join.conditions.begin(), join.conditions.end(),
                       [&](const auto& condition) { return holds(*condition, both); });
  };
  Relation out;
  for (const Row& l : left) {
    bool met = false;
    for (const Row& r : right) {
      Cells both = l.cells;
      both.insert(both.end(), r.cells.begin(), r.cells.end());
      if (!meets(l, r, both)) continue;
      met = true;
      out.push_back({std::move(both), std::max(l.step, r.step), std::max(l.watermark, r.watermark)});
    }
    if (met || join.kind != plan::JoinKind::Left) continue;
    if (join.emit == plan::EmitPolicy::AtClose &&
        l.cells[join.left_keys[*join.expires_by_key]].bigint() > closed_until) {
      continue;
    }
    Row alone = l;
    for (std::size_t c = 0; c < right_width; ++c) {
      alone.cells.push_back(Value::null(node.schema[l.cells.size() + c].type));
    }
    out.push_back(std::move(alone));
  }
  return out;
}

NaiveExecutor::Relation NaiveExecutor::run(const plan::Emit& emit, const Node& node, NodeId id) {
  const Relation& rows = input(node, 0);
  if (emit.mode == plan::EmitMode::Changes || emit.mode == plan::EmitMode::WindowClose) return rows;
  if (emit.mode == plan::EmitMode::Final) {
    if (!ended_) return {};
    Relation sorted = rows;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const Row& a, const Row& b) { return sorts_before(emit.order, a.cells, b.cells); });
    return sorted;
  }
  Relation& written = written_[id];
  std::vector<Cells> compared;
  for (const Row& row : rows) {
    Cells cells;
    for (std::uint32_t c = 0; c < row.cells.size(); ++c) {
      if (std::find(emit.ignored.begin(), emit.ignored.end(), c) == emit.ignored.end())
        cells.push_back(row.cells[c]);
    }
    compared.push_back(std::move(cells));
  }
  std::sort(compared.begin(), compared.end(), CellsLess{});
  if (compared == last_written_[id]) return written;
  last_written_[id] = std::move(compared);
  if (!started_) return written;  // what is there before any row is known, not a change
  for (const Row& row : rows) written.push_back({row.cells, now_step_, row.watermark});
  return written;
}

}  // namespace dart::support
