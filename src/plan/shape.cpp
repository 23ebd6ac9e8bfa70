#include "plan/shape.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.hpp"

namespace dart::plan {

namespace {

using columnar::LogicalType;
using columnar::TypeId;
using Types = std::vector<LogicalType>;

template <class... Args>
tl::unexpected<Error> wrong(fmt::format_string<Args...> text, Args&&... args) {
  return fail(ErrorCode::Data, "the plan is not valid: " + fmt::format(text, std::forward<Args>(args)...));
}

Status check_columns(const std::vector<std::uint32_t>& columns, const Types& input, const char* what) {
  for (const std::uint32_t column : columns) {
    if (column >= input.size()) return wrong("{} {} of {} columns", what, column, input.size());
  }
  return {};
}

Status check_column(std::uint32_t column, const Types& input, const char* what) {
  return check_columns({column}, input, what);
}

Status check_time(std::uint32_t column, const Types& input) {
  DART_TRY_STATUS(check_column(column, input, "time column"));
  if (!input[column].is_time()) return wrong("time column {} is no timestamp", column);
  return {};
}

Status check_order(const std::vector<SortKey>& order, const Types& input) {
  for (const SortKey& key : order) DART_TRY_STATUS(check_column(key.column, input, "sort key"));
  return {};
}

Status check_conditions(const std::vector<ExpressionPtr>& conditions, const Types& input) {
  for (const ExpressionPtr& condition : conditions) {
    if (!condition) return wrong("a condition is missing");
    DART_TRY_STATUS(check_expression(*condition, input));
    if (condition->type.id != TypeId::Bool) return wrong("a condition is not boolean");
  }
  return {};
}

Status check_boolean_column(const std::optional<std::uint32_t>& filter, const Types& input) {
  if (!filter) return {};
  DART_TRY_STATUS(check_column(*filter, input, "filter column"));
  if (input[*filter].id != TypeId::Bool) return wrong("filter column {} is not boolean", *filter);
  return {};
}

bool is_bound(const columnar::BoundAggregate& bound) {
  return bound.init != nullptr && bound.update != nullptr && bound.combine != nullptr &&
         bound.finalize != nullptr && bound.serialize != nullptr && bound.deserialize != nullptr;
}

Status check_append_only(const Shape& input, const char* what) {
  if (input.weighted) return wrong("{} over a changelog", what);
  return {};
}

/// One overload a kind; `inputs` are already known to be as many as the kind takes.
class Deriver {
 public:
  Deriver(const Plan& plan, const std::vector<const Shape*>& inputs) : plan_(plan), inputs_(inputs) {}

  Result<Shape> operator()(const Scan& scan) const {
    DART_TRY(const TableDefinition* table, table_of(scan.table));
    Shape out;
    for (const std::uint32_t column : scan.columns) {
      if (column == Scan::kSeqColumn) {
        out.types.push_back(LogicalType::of(TypeId::BigInt));
      } else if (column == Scan::kReadAtColumn) {
        out.types.push_back(LogicalType::of(TypeId::TimestampTz));
      } else if (column < table->columns.size()) {
        out.types.push_back(table->columns[column].type);
      } else {
        return wrong("column {} of table {}", column, table->name);
      }
    }
    return out;
  }

  Result<Shape> operator()(const Filter& filter) const {
    DART_TRY_STATUS(check_conditions(filter.conjuncts, input().types));
    return input();
  }

  Result<Shape> operator()(const Project& project) const {
    Shape out{{}, input().weighted};
    for (const ExpressionPtr& expression : project.expressions) {
      if (!expression) return wrong("an expression is missing");
      DART_TRY_STATUS(check_expression(*expression, input().types));
      out.types.push_back(expression->type);
    }
    return out;
  }

  Result<Shape> operator()(const WindowAssign& window) const {
    DART_TRY_STATUS(check_window(window));
    Shape out = input();
    out.types.insert(out.types.end(), 2, input().types[window.time_column]);
    return out;
  }

  Result<Shape> operator()(const Sliding& sliding) const {
    DART_TRY_STATUS(check_time(sliding.time_column, input().types));
    if (sliding.size_us <= 0) return wrong("a sliding window of {} us", sliding.size_us);
    return Shape{input().types, true};
  }

  Result<Shape> operator()(const CountWindow& window) const {
    DART_TRY_STATUS(check_columns(window.keys, input().types, "key column"));
    DART_TRY_STATUS(check_append_only(input(), "a count window"));
    if (window.rows <= 0) return wrong("a count window of {} rows", window.rows);
    Shape out = input();
    out.types.push_back(LogicalType::of(TypeId::BigInt));
    return out;
  }

  Result<Shape> operator()(const Aggregate& aggregate) const {
    const Types& types = input().types;
    const bool whole = aggregate.phase == AggregatePhase::Single || aggregate.phase == AggregatePhase::Final;
    if (aggregate.phase != AggregatePhase::Single) DART_TRY_STATUS(check_phase(aggregate));
    Shape out;
    if (aggregate.window) {
      DART_TRY_STATUS(check_window(*aggregate.window));
      if (aggregate.emit != EmitPolicy::AtClose) return wrong("a window that does not emit at its close");
      out.types.insert(out.types.end(), whole ? 2 : 1, types[aggregate.window->time_column]);
    }
    DART_TRY_STATUS(check_columns(aggregate.keys, types, "key column"));
    for (const std::uint32_t key : aggregate.keys) out.types.push_back(types[key]);
    if (aggregate.expires_by_key) {
      const std::uint32_t place = *aggregate.expires_by_key;
      if (place >= aggregate.keys.size() || !types[aggregate.keys[place]].is_time()) {
        return wrong("an aggregate expires by key {}", place);
      }
    }
    if (aggregate.emit == EmitPolicy::AtClose && !aggregate.window && !aggregate.expires_by_key) {
      return wrong("an aggregate emits at the close of no window");
    }
    if (aggregate.per_block) DART_TRY_STATUS(check_append_only(input(), "an aggregate by blocks"));
    for (const AggregateCall& call : aggregate.calls) {
      DART_TRY_STATUS(check_call(call));
      out.types.push_back(whole ? call.bound.result : LogicalType::of(TypeId::Text));
    }
    out.weighted = aggregate.emit == EmitPolicy::PerStep && !aggregate.per_block;
    return out;
  }

  Result<Shape> operator()(const TopN& top) const {
    DART_TRY_STATUS(check_columns(top.partition, input().types, "partition column"));
    DART_TRY_STATUS(check_order(top.order, input().types));
    if (top.offset < 0 || top.limit < 0) return wrong("a negative limit");
    if (top.expires_by_key) {
      const std::uint32_t place = *top.expires_by_key;
      if (place >= top.partition.size() || !input().types[top.partition[place]].is_time()) {
        return wrong("a top-n expires by partition column {}", place);
      }
    }
    if (top.emit == EmitPolicy::AtClose && !top.expires_by_key)
      return wrong("a top-n at the close of no window");
    Shape out{input().types, top.emit == EmitPolicy::PerStep};
    if (top.with_rank) out.types.push_back(LogicalType::of(TypeId::BigInt));
    return out;
  }

  Result<Shape> operator()(const Over& over) const {
    const Types& types = input().types;
    DART_TRY_STATUS(check_append_only(input(), "a window function"));
    DART_TRY_STATUS(check_columns(over.partition, types, "partition column"));
    DART_TRY_STATUS(check_column(over.order, types, "order column"));
    Shape out = input();
    for (const OverCall& call : over.calls) {
      DART_TRY_STATUS(check_columns(call.arguments, types, "argument column"));
      DART_TRY_STATUS(check_boolean_column(call.filter, types));
      if (call.frame.preceding && *call.frame.preceding < 0) return wrong("a frame that ends before its row");
      DART_TRY(const LogicalType type, over_type(over, call));
      out.types.push_back(type);
    }
    return out;
  }

  Result<Shape> operator()(const Join& join) const {
    const Types& left = inputs_[0]->types;
    const Types& right = inputs_[1]->types;
    DART_TRY_STATUS(check_columns(join.left_keys, left, "left key"));
    DART_TRY_STATUS(check_columns(join.right_keys, right, "right key"));
    if (join.left_keys.size() != join.right_keys.size()) return wrong("a join with unequal lists of keys");
    for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
      if (left[join.left_keys[i]] != right[join.right_keys[i]]) return wrong("join key {} of two types", i);
    }
    if (join.expires_by_key) {
      const std::uint32_t place = *join.expires_by_key;
      if (place >= join.left_keys.size() || !left[join.left_keys[place]].is_time()) {
        return wrong("a join expires by key {}", place);
      }
    }
    const bool pads_at_close = join.emit == EmitPolicy::AtClose;
    if (join.emit == EmitPolicy::AtEnd || (pads_at_close && !join.expires_by_key)) {
      return wrong("a join that emits at the close of no window");
    }
    const bool takes_back = join.kind == JoinKind::Left && !pads_at_close;
    Shape out{left, takes_back || inputs_[0]->weighted || inputs_[1]->weighted};
    out.types.insert(out.types.end(), right.begin(), right.end());
    DART_TRY_STATUS(check_conditions(join.conditions, out.types));
    return out;
  }

  Result<Shape> operator()(const UnionAll&) const {
    Shape out = input();
    for (const Shape* shape : inputs_) {
      if (shape->types != out.types) return wrong("a union of different columns");
      out.weighted = out.weighted || shape->weighted;
    }
    return out;
  }

  Result<Shape> operator()(const Expand& expand) const {
    if (expand.lists.empty()) return wrong("an empty list of values");
    Shape out = input();
    for (std::size_t i = 0; i < expand.lists.size(); ++i) {
      const std::vector<ExpressionPtr>& list = expand.lists[i];
      if (list.size() != expand.lists.front().size()) return wrong("lists of values of different lengths");
      for (std::size_t k = 0; k < list.size(); ++k) {
        if (!list[k]) return wrong("a value is missing");
        DART_TRY_STATUS(check_expression(*list[k], input().types));
        if (i == 0) out.types.push_back(list[k]->type);
        if (list[k]->type != out.types[input().types.size() + k])
          return wrong("a list of values of two types");
      }
    }
    return out;
  }

  Result<Shape> operator()(const Limit& limit) const {
    DART_TRY_STATUS(check_append_only(input(), "a limit without order"));
    if (limit.offset < 0 || limit.limit < 0) return wrong("a negative limit");
    return input();
  }

  Result<Shape> operator()(const Emit& emit) const {
    DART_TRY_STATUS(check_columns(emit.ignored, input().types, "ignored column"));
    DART_TRY_STATUS(check_order(emit.order, input().types));
    if (emit.mode == EmitMode::WindowClose) {
      DART_TRY_STATUS(check_append_only(input(), "emission at the close of windows"));
    }
    return Shape{input().types, emit.mode == EmitMode::Changes && input().weighted};
  }

  Result<Shape> operator()(const Sink& sink) const {
    DART_TRY(const TableDefinition* table, table_of(sink.table));
    Types wanted;
    for (std::uint32_t c = 0; c < table->columns.size(); ++c) {
      if (table->delay_column != c && table->op_column != c) wanted.push_back(table->columns[c].type);
    }
    if (wanted != input().types) return wrong("the columns for table {} do not fit", table->name);
    return input();
  }

 private:
  [[nodiscard]] const Shape& input() const { return *inputs_.front(); }

  [[nodiscard]] Result<const TableDefinition*> table_of(std::uint32_t table) const {
    if (table >= plan_.tables.size()) return wrong("table {} of {}", table, plan_.tables.size());
    return &plan_.tables[table];
  }

  [[nodiscard]] Status check_window(const WindowAssign& window) const {
    DART_TRY_STATUS(check_time(window.time_column, input().types));
    if (window.size_us <= 0 || window.slide_us <= 0) return wrong("a window of no length");
    return {};
  }

  /// Of an aggregation that is divided.
  [[nodiscard]] Status check_phase(const Aggregate& aggregate) const {
    DART_TRY_STATUS(check_append_only(input(), "an aggregation in parts"));
    if (!aggregate.window || aggregate.per_block || aggregate.expires_by_key) {
      return wrong("an aggregation in parts over no windows");
    }
    for (const AggregateCall& call : aggregate.calls) {
      DART_TRY_STATUS(check_columns(call.arguments, input().types, "argument column"));
      if (call.position) return wrong("an aggregation in parts that depends on an order");
      if (aggregate.phase == AggregatePhase::Partial) continue;
      if (call.filter || call.arguments.size() != 1 ||
          input().types[call.arguments.front()].id != TypeId::Text) {
        return wrong("an aggregate {} of no state", call.name);
      }
    }
    return {};
  }

  [[nodiscard]] Status check_call(const AggregateCall& call) const {
    const Types& types = input().types;
    if (!is_bound(call.bound)) return wrong("aggregate {} is not bound", call.name);
    DART_TRY_STATUS(check_columns(call.arguments, types, "argument column"));
    DART_TRY_STATUS(check_boolean_column(call.filter, types));
    if (call.position) {
      DART_TRY_STATUS(check_column(*call.position, types, "position column"));
      if (types[*call.position].id != TypeId::BigInt) return wrong("a position that is no bigint");
    }
    if (call.bound.ordered && !call.position) return wrong("aggregate {} without an order", call.name);
    if (input().weighted && !call.bound.retractable) {
      return wrong("aggregate {} over a changelog cannot take rows out", call.name);
    }
    return {};
  }

  [[nodiscard]] Result<LogicalType> over_type(const Over& over, const OverCall& call) const {
    if (call.name == "row_number") {
      if (!call.arguments.empty()) return wrong("row_number with arguments");
      return LogicalType::of(TypeId::BigInt);
    }
    if (call.name == "lag") {
      if (call.arguments.size() != 1) return wrong("lag with {} arguments", call.arguments.size());
      return input().types[call.arguments.front()];
    }
    if (!is_bound(call.bound)) return wrong("aggregate {} is not bound", call.name);
    if (call.frame.preceding && !call.bound.retractable) {
      return wrong("aggregate {} over a moving frame cannot take rows out", call.name);
    }
    if (call.frame.preceding && call.frame.unit == Frame::Unit::Range &&
        !input().types[over.order].is_time() && !input().types[over.order].is_integer()) {
      return wrong("a range over a column without distances");
    }
    return call.bound.result;
  }

  const Plan& plan_;
  const std::vector<const Shape*>& inputs_;
};

/// The number of inputs that a kind takes; nothing: one or more.
std::optional<std::size_t> arity(const NodeKind& kind) {
  if (std::holds_alternative<Scan>(kind)) return 0;
  if (std::holds_alternative<Join>(kind)) return 2;
  if (std::holds_alternative<UnionAll>(kind)) return std::nullopt;
  return 1;
}

Status check_case(const Expression& e) {
  if (e.arguments.size() % 2 == 0 || e.arguments.size() < 3) return wrong("a CASE without its parts");
  for (std::size_t i = 0; i + 1 < e.arguments.size(); i += 2) {
    if (e.arguments[i]->type.id != TypeId::Bool) return wrong("a CASE condition is not boolean");
    if (e.arguments[i + 1]->type != e.type) return wrong("a CASE result of another type");
  }
  if (e.arguments.back()->type != e.type) return wrong("a CASE result of another type");
  return {};
}

/// The node itself; its arguments have been checked.
Status check_one(const Expression& e, const Types& columns) {
  switch (e.kind) {
    case Expression::Kind::Column:
      DART_TRY_STATUS(check_column(e.column, columns, "column"));
      if (columns[e.column] != e.type) return wrong("column {} of another type", e.column);
      return e.arguments.empty() ? Status() : Status(wrong("a column with arguments"));
    case Expression::Kind::Literal:
      if (e.literal.type() != e.type) return wrong("a literal of another type");
      return e.arguments.empty() ? Status() : Status(wrong("a literal with arguments"));
    case Expression::Kind::Call:
    case Expression::Kind::Cast:
      if (e.bound.kernel == nullptr) return wrong("function {} is not bound", e.name);
      if (e.bound.result != e.type) return wrong("function {} of another type", e.name);
      if (e.kind == Expression::Kind::Cast && e.arguments.size() != 1) return wrong("a cast of no one value");
      return {};
    case Expression::Kind::And:
    case Expression::Kind::Or:
      if (e.arguments.empty() || e.type.id != TypeId::Bool) return wrong("AND / OR that is not boolean");
      for (const ExpressionPtr& argument : e.arguments) {
        if (argument->type.id != TypeId::Bool) return wrong("an argument of AND / OR is not boolean");
      }
      return {};
    case Expression::Kind::Case:
      return check_case(e);
    case Expression::Kind::Coalesce:
      if (e.arguments.empty()) return wrong("an empty coalesce");
      for (const ExpressionPtr& argument : e.arguments) {
        if (argument->type != e.type) return wrong("coalesce of several types");
      }
      return {};
  }
  return wrong("an unknown kind of expression");
}

Status check_nested(const Expression& expression, const Types& columns, std::size_t nesting) {
  if (nesting > limits::kNesting) return wrong("an expression nested deeper than {}", limits::kNesting);
  for (const ExpressionPtr& argument : expression.arguments) {
    if (!argument) return wrong("an argument is missing");
    DART_TRY_STATUS(check_nested(*argument, columns, nesting + 1));
  }
  return check_one(expression, columns);
}

}  // namespace

Result<Shape> derive_shape(const Plan& plan, const NodeKind& kind, const std::vector<const Shape*>& inputs) {
  const std::optional<std::size_t> wanted = arity(kind);
  if (wanted ? inputs.size() != *wanted : inputs.empty()) {
    return wrong("{} with {} inputs", kind_name(kind), inputs.size());
  }
  DART_TRY(Shape out, std::visit(Deriver(plan, inputs), kind));
  if (out.types.size() > limits::kColumns) return wrong("more than {} columns", limits::kColumns);
  return out;
}

Status check_expression(const Expression& expression, const std::vector<LogicalType>& columns) {
  return check_nested(expression, columns, 1);
}

std::size_t depth(const Expression& expression) {
  std::size_t deepest = 0;
  for (const ExpressionPtr& argument : expression.arguments) deepest = std::max(deepest, depth(*argument));
  return deepest + 1;
}

}  // namespace dart::plan
