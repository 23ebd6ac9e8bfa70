#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/types.hpp"
#include "columnar/value.hpp"
#include "plan/expression.hpp"

namespace dart::plan {

struct TableColumn {
  std::string name;
  columnar::LogicalType type;
  bool not_null = false;
};

/// CONSTRAINT name CHECK (condition) over the table's columns. A row for which it is false is a row error.
struct CheckConstraint {
  std::string name;
  ExpressionPtr condition;
};

enum class LatePolicy : std::uint8_t { Drop, Update, SideTable };

/// How rows of several tables come into one order: EventTime, a row waits until the watermarks of the others
/// have passed it; Arrival, as they come.
enum class MergeOrder : std::uint8_t { EventTime, Arrival };

/// WITH (...) as written, keys in lower case; numbers, booleans and texts as Values.
using Options = std::vector<std::pair<std::string, columnar::Value>>;

/// Null when the option was not given.
[[nodiscard]] const columnar::Value* find_option(const Options& options, std::string_view name);

/// The connector of the table that a SELECT without FROM reads: one row without columns, given by the engine.
inline constexpr std::string_view kOneRowConnector = "one row";

/// A source or sink as CREATE TABLE declares it.
struct TableDefinition {
  std::string name;
  std::vector<TableColumn> columns;
  std::vector<CheckConstraint> checks;
  std::vector<std::uint32_t> primary_key;
  std::string connector;
  std::string format;  ///< empty where the connector has no format (datagen, blackhole)
  Options options;     ///< those of the connector and the format; the common ones are in the fields below
  std::optional<std::uint32_t> event_time;  ///< column
  std::int64_t watermark_delay_us = 0;
  std::optional<std::int64_t> idle_after_us;
  LatePolicy late = LatePolicy::Drop;
  std::string late_table;  ///< SideTable only
  MergeOrder order = MergeOrder::EventTime;
  std::vector<std::uint32_t> tie_break;       ///< columns; empty: arrival order
  std::optional<std::uint32_t> delay_column;  ///< sinks: filled by the sink itself
  std::optional<std::uint32_t> op_column;     ///< sinks: '+' or '-' per changelog row
  /// In a ring: the nodes that read it, or the one that writes it, by label ("k=v"; a node's name is the
  /// label "node=NAME"). Empty: the node that the query was handed to. One process takes no notice.
  std::string label;
};

}  // namespace dart::plan
