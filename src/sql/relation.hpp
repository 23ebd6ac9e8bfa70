#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace dart::sql {

/// A column as names see it. Hidden ones are not in `*`; without a name they only carry a property along.
struct RelationColumn {
  std::string qualifier;
  std::string name;
  std::uint32_t column = 0;  ///< of the node
  bool hidden = false;
  bool merged = false;  ///< the right side's column of JOIN ... USING: found by its qualifier only
  plan::ExpressionPtr untyped =
      {};  ///< set where the column is a literal without a type: UNION and INSERT give it one
};

/// A column that watermarks speak about: rows never come with a time below the watermark.
struct TimeColumn {
  std::uint32_t column = 0;
  bool sorted = false;           ///< rows come in the order of this column
  std::int64_t multiple_us = 0;  ///< not 0: starts of tumbling windows of this size; only windows that are
                                 ///< whole multiples of it close after them
  bool late_rows = false;        ///< late = 'update': rows come behind the watermark after all
};

/// Rows carry the bounds of the tumble or hop window that they belong to; the bounds determine each other.
struct WindowColumns {
  std::optional<std::uint32_t> start;
  std::uint32_t end = 0;
  std::int64_t size_us = 0;
  bool tumbling = false;
  bool closes = true;  ///< no row comes once the watermark has passed the end
};

/// Rows come in whole blocks of count_window: its window_id and keys.
struct BlockColumns {
  std::uint32_t id = 0;
  std::vector<std::uint32_t> keys;
};

/// What a FROM item, a view or a SELECT gives: a node of the plan, the names of its columns, and what is
/// known about its rows. A row number that no filter has limited yet is `rank`.
struct Relation {
  plan::NodeId node = 0;
  std::vector<RelationColumn> columns;

  std::optional<std::uint32_t> seq;  ///< the row's place in the order of its one table
  bool seq_unique = true;
  bool seq_sorted = true;     ///< rows come in its order
  std::string no_seq_reason;  ///< why there is no `seq`: "a join has no order of its own"
  std::vector<TimeColumn> times;
  std::optional<WindowColumns> window;
  std::optional<BlockColumns> block;
  std::optional<std::uint32_t> rank;
  std::optional<std::int64_t> max_rows;
  bool bounded = false;  ///< the input ends by itself
  /// ORDER BY, for a final result; `order_pending`: no LIMIT has used it yet.
  std::vector<plan::SortKey> order;
  bool order_pending = false;
  std::uint32_t order_offset = 0;

  /// The time column's entry, or null.
  [[nodiscard]] const TimeColumn* time_of(std::uint32_t column) const;
  [[nodiscard]] bool is_window_bound(std::uint32_t column) const {
    return window && (column == window->end || window->start == column);
  }
  /// Gives every column this qualifier, as `FROM x AS name` does.
  void qualify(const std::string& name);
};

/// The same knowledge after a node that passes columns on: column c is now `to[c]`, or gone. Names are not
/// taken over.
[[nodiscard]] Relation with_columns_moved(const Relation& relation, plan::NodeId node,
                                          const std::vector<std::optional<std::uint32_t>>& to);

}  // namespace dart::sql
