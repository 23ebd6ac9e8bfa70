#include "sql/runner/cross_check.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "support/naive_executor.hpp"

namespace dart::sql_test {

using support::Cells;

namespace {

/// Feeds all rows of a table that the plan reads; false when it cannot be read in full.
bool feed(const plan::Plan& plan, std::uint32_t table, engine::ConnectorFactory& connectors,
          support::NaiveExecutor& naive) {
  engine::ReadRequest request;
  request.table = &plan.tables[table];
  const std::vector<bool> reads = support::read_columns(plan, table);
  for (std::uint32_t c = 0; c < reads.size(); ++c) {
    if (reads[c]) request.columns.push_back(c);
  }
  auto source = connectors.open_source(request);
  if (!source) return false;
  columnar::Chunk chunk;
  for (TimePoint now; now.us < 1'000'000; ++now.us) {
    const auto outcome = (*source)->read(now, 100, chunk);
    if (!outcome) return false;
    for (std::size_t r = 0; r < outcome->rows; ++r) {
      Cells row;
      for (const plan::TableColumn& column : request.table->columns)
        row.push_back(columnar::Value::null(column.type));
      for (std::size_t c = 0; c < request.columns.size(); ++c)
        row[request.columns[c]] = chunk.columns[c].value(r);
      naive.step(table, chunk.steps.at<std::int64_t>(r), std::move(row));
    }
    if (outcome->end) return true;
  }
  return false;
}

/// The result of an on_change view over two tables depends on how their rows interleave.
bool is_determined(const plan::Plan& plan) {
  std::set<std::uint32_t> tables;
  bool on_change = false;
  for (const plan::Node& node : plan.nodes) {
    if (const auto* scan = std::get_if<plan::Scan>(&node.kind)) tables.insert(scan->table);
    const auto* emit = std::get_if<plan::Emit>(&node.kind);
    on_change = on_change || (emit != nullptr && emit->mode == plan::EmitMode::OnChange);
  }
  return tables.size() == 1 || !on_change;
}

}  // namespace

std::string cross_check(const plan::Plan& plan, engine::ConnectorFactory& connectors,
                        const std::map<std::string, std::vector<support::Written>>& outputs) {
  if (!is_determined(plan)) return {};
  support::NaiveExecutor naive(plan);
  std::set<std::uint32_t> tables;
  for (const plan::Node& node : plan.nodes) {
    if (const auto* scan = std::get_if<plan::Scan>(&node.kind)) tables.insert(scan->table);
  }
  for (const std::uint32_t table : tables) {
    if (!feed(plan, table, connectors, naive)) return {};
  }
  naive.end();
  for (const plan::NodeId sink : plan.sinks()) {
    const auto& table = plan.tables[std::get<plan::Sink>(plan.nodes[sink].kind).table];
    const auto written = outputs.find(table.name);
    if (written == outputs.end()) continue;
    std::map<Cells, std::int64_t, support::CellsLess> sum;
    for (const support::Written& row : written->second) sum[row.row] += row.weight;
    std::vector<Cells> got;
    for (const auto& [row, count] : sum) {
      for (std::int64_t i = 0; i < count; ++i) got.push_back(row);
    }
    const std::vector<Cells> expected = naive.rows(plan.nodes[sink].inputs[0].node);
    if (!support::same_bag(got, expected)) {
      return "  against the view computed from scratch:\n" + support::difference(expected, got);
    }
  }
  return {};
}

}  // namespace dart::sql_test
