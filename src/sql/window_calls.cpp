#include <fmt/format.h>

#include <algorithm>

#include "columnar/aggregate.hpp"
#include "sql/expression_binder.hpp"
#include "sql/names.hpp"

/// Window calls: f(...) OVER (PARTITION BY ... ORDER BY ... frame).
namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using plan::Expression;
using plan::ExpressionPtr;

namespace {

/// PostgreSQL's FRAMEOPTION bits that matter here.
constexpr std::int64_t kNonDefault = 0x1;
constexpr std::int64_t kRows = 0x4;
constexpr std::int64_t kGroups = 0x8;
constexpr std::int64_t kStartUnbounded = 0x20;
constexpr std::int64_t kStartCurrentRow = 0x200;
constexpr std::int64_t kEndCurrentRow = 0x400;
constexpr std::int64_t kStartPreceding = 0x800;
constexpr std::int64_t kExclusions = 0x38000;

}  // namespace

Result<ExpressionPtr> ExpressionBinder::bind_over(const Tree& tree, const std::string& name) {
  const std::uint32_t offset = tree.offset();
  if (overs_ == nullptr) {
    return fail(ErrorCode::Binding, fmt::format("window functions are not allowed in {}", clause_), offset,
                "put the query in FROM (...) q and use the column outside");
  }
  if (inside_over_ || inside_aggregate_) {
    return fail(ErrorCode::Binding, "window function calls cannot be nested", offset);
  }
  OverUse use;
  inside_over_ = true;
  Status done = bind_window(tree["over"], use, 0);
  if (done) done = bind_frame(tree["over"], use);
  if (done && is_row_function(name)) {
    use.call.name = name;
    use.call.offset = offset;
    done = bind_row_function(tree, use);
  } else if (done && columnar::is_aggregate_function(name)) {
    auto call = bind_aggregate_use(tree, name, true);
    if (call) {
      use.call = *std::move(call);
      use.type = use.call.bound.result;
    } else {
      done = tl::unexpected(std::move(call).error());
    }
  } else if (done) {
    std::vector<std::string_view> names = {"row_number", "lag"};
    for (const columnar::AggregateFunction& f : columnar::aggregate_functions()) names.push_back(f.name);
    done = fail(ErrorCode::Binding, fmt::format("{} is neither a window function nor an aggregate", name),
                offset, did_you_mean(name, names));
  }
  inside_over_ = false;
  if (!done) return tl::unexpected(std::move(done).error());
  const LogicalType type = use.type;
  overs_->push_back(std::move(use));
  return plan::make_column(kOverBase + static_cast<std::uint32_t>(overs_->size() - 1), type, offset);
}

/// A window's PARTITION BY and ORDER BY; OVER w and (w ...) refer to the WINDOW clause.
Status ExpressionBinder::bind_window(const Tree& definition, OverUse& use, std::size_t depth) {
  const std::string& reference =
      definition.string(depth == 0 && definition["name"].present() ? "name" : "refname");
  if (!reference.empty()) {
    const Tree* named = nullptr;
    for (const Tree& window : windows_->items) {
      if (window.string("name") == reference) named = &window;
    }
    if (named == nullptr || depth > windows_->items.size()) {
      return fail(ErrorCode::Binding, fmt::format("window \"{}\" does not exist", reference),
                  definition.offset());
    }
    DART_TRY_STATUS(bind_window(*named, use, depth + 1));
    if (use.default_frame && depth == 0 && definition["name"].present())
      DART_TRY_STATUS(bind_frame(*named, use));
  }
  DART_TRY(std::vector<ExpressionPtr> partition, bind_all(definition["partitionClause"].items));
  use.partition.insert(use.partition.end(), partition.begin(), partition.end());
  for (const Tree& sort : definition["orderClause"].items) {
    OverUse::Order order;
    DART_TRY(order.expression, bind(sort["node"]));
    order.descending = sort.string("sortby_dir") == "SORTBY_DESC";
    const std::string& nulls = sort.string("sortby_nulls");
    order.nulls_first = nulls == "SORTBY_NULLS_FIRST" || (order.descending && nulls != "SORTBY_NULLS_LAST");
    use.order.push_back(std::move(order));
  }
  return {};
}

Status ExpressionBinder::bind_frame(const Tree& definition, OverUse& use) {
  const std::int64_t options = definition["frameOptions"].number;
  const std::uint32_t offset = definition.offset();
  if ((options & kNonDefault) == 0) return {};
  use.default_frame = false;
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::Unsupported, what + " is not supported", offset,
                "frames are ROWS or RANGE, from UNBOUNDED PRECEDING or n PRECEDING, to CURRENT ROW");
  };
  if ((options & kGroups) != 0) return refuse("a GROUPS frame");
  if ((options & kExclusions) != 0) return refuse("EXCLUDE in a frame");
  if ((options & kEndCurrentRow) == 0) return refuse("a frame that does not end at CURRENT ROW");
  const bool rows = (options & kRows) != 0;
  use.frame.unit = rows ? plan::Frame::Unit::Rows : plan::Frame::Unit::Range;
  if ((options & kStartUnbounded) != 0) return {};
  if ((options & kStartCurrentRow) != 0) {
    use.frame.preceding = 0;
    return {};
  }
  if ((options & kStartPreceding) == 0) return refuse("this start of a frame");
  DART_TRY(ExpressionPtr start, bind(definition["startOffset"]));
  const TypeId wanted = rows ? TypeId::BigInt : TypeId::Interval;
  if (!rows && start->type.is_number()) {
    return fail(ErrorCode::Unsupported, "RANGE with a number is not supported", start->offset,
                "give an INTERVAL of the event time, or use ROWS");
  }
  const std::uint32_t own = start->offset;
  DART_TRY(start,
           plan::make_cast(std::move(start), LogicalType::of(wanted), columnar::CastKind::Implicit, own));
  if (start->kind != Expression::Kind::Literal || start->literal.is_null() || start->literal.bigint() < 0) {
    return fail(ErrorCode::Binding, "frame starting offset must be a constant, neither null nor negative",
                own);
  }
  use.frame.preceding = start->literal.bigint();
  return {};
}

/// row_number() and lag(value [, offset [, default]]).
Status ExpressionBinder::bind_row_function(const Tree& tree, OverUse& use) {
  const std::uint32_t offset = tree.offset();
  DART_TRY(std::vector<ExpressionPtr> arguments, bind_all(tree["args"].items));
  if (tree.flag("agg_distinct") || tree["agg_filter"].present() || tree.flag("agg_star")) {
    return fail(ErrorCode::Binding,
                fmt::format("{} is not an aggregate: no DISTINCT, FILTER or *", use.call.name), offset);
  }
  use.frame = {};
  if (use.call.name == "row_number") {
    if (!arguments.empty()) return fail(ErrorCode::Binding, "row_number() takes no arguments", offset);
    use.type = LogicalType::of(TypeId::BigInt);
    return {};
  }
  if (arguments.empty() || arguments.size() > 3) {
    return fail(ErrorCode::Binding, "lag takes a value, and may take an offset and a default", offset);
  }
  DART_TRY(arguments[0], settle_unknown(std::move(arguments[0])));
  use.type = arguments[0]->type;
  Value back = Value::bigint(1);
  Value otherwise = Value::null(use.type);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const LogicalType wanted = i == 1 ? LogicalType::of(TypeId::BigInt) : use.type;
    const std::uint32_t own = arguments[i]->offset;
    DART_TRY(arguments[i],
             plan::make_cast(std::move(arguments[i]), wanted, columnar::CastKind::Implicit, own));
    if (arguments[i]->kind != Expression::Kind::Literal) {
      return fail(ErrorCode::Unsupported, "offset and default of lag must be constants", own);
    }
    (i == 1 ? back : otherwise) = arguments[i]->literal;
  }
  if (back.is_null() || back.bigint() < 0) {
    return fail(ErrorCode::Binding, "the offset of lag must be 0 or more", offset);
  }
  use.call.arguments = {arguments[0]};
  use.call.direct = {back, otherwise};
  return {};
}

}  // namespace dart::sql
