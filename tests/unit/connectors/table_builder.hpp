#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/chunk.hpp"
#include "columnar/value.hpp"
#include "plan/table.hpp"

namespace dart::connectors::testing {

using columnar::LogicalType;
using columnar::TypeId;

inline LogicalType type_of(TypeId id) { return LogicalType::of(id); }

/// A table for one test: columns by name and type, options by name.
struct TableBuilder {
  plan::TableDefinition table;

  explicit TableBuilder(std::vector<std::pair<std::string, LogicalType>> columns) {
    table.name = "t";
    table.connector = "file";
    table.format = "csv";
    for (auto& [name, type] : columns) table.columns.push_back({std::move(name), type, false});
  }
  TableBuilder& option(std::string name, columnar::Value value) {
    table.options.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  TableBuilder& option(std::string name, std::string value) {
    return option(std::move(name), columnar::Value::text(std::move(value)));
  }
};

inline std::vector<std::uint32_t> all_columns(const plan::TableDefinition& table) {
  std::vector<std::uint32_t> columns(table.columns.size());
  for (std::uint32_t c = 0; c < columns.size(); ++c) columns[c] = c;
  return columns;
}

/// One line a row: cells joined by '|', NULL as `~`, texts between < and >, so that nothing looks like
/// anything else.
inline std::string render(const columnar::Chunk& chunk) {
  std::string out;
  for (std::size_t row = 0; row < chunk.rows; ++row) {
    if (chunk.steps.is_present()) out += std::to_string(chunk.step_data()[row]) + ":";
    for (std::size_t c = 0; c < chunk.columns.size(); ++c) {
      if (c > 0) out += "|";
      const columnar::Value value = chunk.columns[c].value(row);
      const bool text = !value.is_null() && value.type().physical() == columnar::PhysicalType::String;
      out += text ? "<" + value.to_string() + ">" : value.to_string("~");
    }
    out += "\n";
  }
  return out;
}

}  // namespace dart::connectors::testing
