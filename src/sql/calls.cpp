#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "columnar/aggregate.hpp"
#include "columnar/function.hpp"
#include "sql/expression_binder.hpp"
#include "sql/names.hpp"

/// Function calls: scalar functions and aggregates; window calls are in window_calls.cpp.
namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using plan::Expression;
using plan::ExpressionPtr;

namespace {

struct Refusal {
  std::string_view name;
  std::string_view hint;
};
/// Functions of PostgreSQL that a stream cannot have, or that are not there, with what to use instead.
constexpr std::array kRefused = {
    Refusal{"now", "use the event time, or the hidden column _read_at of a source"},
    Refusal{"clock_timestamp", "use the event time, or the hidden column _read_at of a source"},
    Refusal{"statement_timestamp", "use the event time, or the hidden column _read_at of a source"},
    Refusal{"transaction_timestamp", "use the event time, or the hidden column _read_at of a source"},
    Refusal{"timeofday", "use the event time, or the hidden column _read_at of a source"},
    Refusal{"random", "a result must follow from the input; connector 'datagen' makes random rows"},
    Refusal{"setseed", "a result must follow from the input; connector 'datagen' makes random rows"},
    Refusal{"gen_random_uuid", "a result must follow from the input; _seq numbers the rows of a source"},
    Refusal{"nextval", "_seq numbers the rows of a source"},
    Refusal{"rank", "use row_number(), with further columns in ORDER BY to break ties"},
    Refusal{"dense_rank", "use row_number(), with further columns in ORDER BY to break ties"},
    Refusal{"percent_rank", "use row_number()"},
    Refusal{"cume_dist", "use row_number()"},
    Refusal{"ntile", "use row_number()"},
    Refusal{"lead", "a row is answered when it comes: use lag"},
    Refusal{"first_value", "use first(...) OVER (...)"},
    Refusal{"last_value", "use last(...) OVER (...)"},
    Refusal{"nth_value", "use lag"},
    Refusal{"array_agg", "arrays are not supported: use string_agg"},
    Refusal{"string_to_array", "arrays are not supported: use split_part"},
    Refusal{"regexp_match", "arrays are not supported: use regexp_substr"},
    Refusal{"regexp_matches", "arrays are not supported: use regexp_substr"},
    Refusal{"regexp_split_to_array", "arrays are not supported: use split_part"},
    Refusal{"similar_to_escape", "use LIKE, or ~ with a regular expression"},
    Refusal{"like_escape", "LIKE has the backslash as its only escape"},
    Refusal{"generate_series", "connector 'datagen' makes rows"},
    Refusal{"unnest", "use LATERAL (VALUES ...)"},
};
constexpr std::array<std::string_view, 5> kWindowFunctions = {"tumble", "hop", "sliding", "count_window",
                                                              "session"};

bool is_window_function(std::string_view name) {
  return std::find(kWindowFunctions.begin(), kWindowFunctions.end(), name) != kWindowFunctions.end();
}

}  // namespace

bool is_built_in_function(std::string_view name) {
  const bool refused = std::any_of(kRefused.begin(), kRefused.end(),
                                   [&](const Refusal& refusal) { return refusal.name == name; });
  return refused || is_window_function(name) || is_row_function(name) || columnar::is_scalar_function(name) ||
         columnar::is_aggregate_function(name);
}

Result<ExpressionPtr> ExpressionBinder::bind_call(const Tree& tree) {
  const std::string name(last_name(tree["funcname"]));
  const std::uint32_t offset = tree.offset();
  for (const Refusal& refusal : kRefused) {
    if (refusal.name == name) {
      return fail(ErrorCode::Unsupported, fmt::format("{}() is not supported", name), offset,
                  std::string(refusal.hint));
    }
  }
  if (is_window_function(name)) {
    return fail(ErrorCode::Unsupported, fmt::format("{}() stands in FROM, not in {}", name, clause_), offset,
                fmt::format("FROM {0}(...), then GROUP BY window_start, window_end", name));
  }
  if (tree["over"].present()) return bind_over(tree, name);
  if (is_row_function(name)) {
    return fail(ErrorCode::Binding, fmt::format("window function {} requires an OVER clause", name), offset);
  }
  if (columnar::is_aggregate_function(name)) return bind_aggregate(tree, name);
  if (tree.flag("agg_star") || tree.flag("agg_distinct") || tree["agg_filter"].present() ||
      tree["agg_order"].present()) {
    if (columnar::is_scalar_function(name)) {
      return fail(ErrorCode::Binding, fmt::format("{} is not an aggregate function", name), offset);
    }
    std::vector<std::string_view> names;
    for (const columnar::AggregateFunction& f : columnar::aggregate_functions()) names.push_back(f.name);
    return fail(ErrorCode::Binding, fmt::format("aggregate function {} does not exist", name), offset,
                did_you_mean(name, names));
  }
  if (tree.flag("func_variadic")) {
    return fail(ErrorCode::Unsupported, "VARIADIC is not supported", offset, "give the arguments one by one");
  }
  DART_TRY(std::vector<ExpressionPtr> arguments, bind_all(tree["args"].items));
  const auto declared = context_.functions.find(name);
  if (declared != context_.functions.end()) {
    return call_function(declared->second, std::move(arguments), offset);
  }
  return plan::make_call(name, std::move(arguments), offset);
}

Result<ExpressionPtr> ExpressionBinder::bind_aggregate(const Tree& tree, const std::string& name) {
  const std::uint32_t offset = tree.offset();
  if (aggregates_ == nullptr) {
    return fail(ErrorCode::Binding, fmt::format("aggregate functions are not allowed in {}", clause_), offset,
                clause_ == "WHERE" ? "conditions on groups stand in HAVING" : "");
  }
  if (inside_aggregate_) return fail(ErrorCode::Binding, "aggregate function calls cannot be nested", offset);
  DART_TRY(AggregateUse use, bind_aggregate_use(tree, name, false));
  const LogicalType type = use.bound.result;
  const auto same = [&](const AggregateUse& other) {
    const bool filters = use.filter ? other.filter && plan::equal(*use.filter, *other.filter) : !other.filter;
    return other.name == use.name && other.distinct == use.distinct && other.direct == use.direct &&
           filters &&
           std::equal(use.arguments.begin(), use.arguments.end(), other.arguments.begin(),
                      other.arguments.end(),
                      [](const ExpressionPtr& a, const ExpressionPtr& b) { return plan::equal(*a, *b); });
  };
  const auto found = std::find_if(aggregates_->begin(), aggregates_->end(), same);
  const auto place = static_cast<std::uint32_t>(found - aggregates_->begin());
  if (found == aggregates_->end()) aggregates_->push_back(std::move(use));
  return plan::make_column(kAggregateBase + place, type, offset);
}

Result<AggregateUse> ExpressionBinder::bind_aggregate_use(const Tree& tree, const std::string& name,
                                                          bool over) {
  AggregateUse use;
  use.name = name;
  use.offset = tree.offset();
  use.distinct = tree.flag("agg_distinct");
  const bool was_inside = inside_aggregate_;
  inside_aggregate_ = inside_aggregate_ || !over;
  auto arguments = bind_all(tree["args"].items);
  if (arguments && tree["agg_filter"].present()) {
    auto filter = bind(tree["agg_filter"]);
    if (filter) filter = to_boolean(*std::move(filter), "FILTER");
    if (!filter) return tl::unexpected(std::move(filter).error());
    use.filter = *std::move(filter);
  }
  std::vector<ExpressionPtr> ordered;
  for (const Tree& sort : tree["agg_order"].items) {
    auto key = bind(sort["node"]);
    if (!key) return tl::unexpected(std::move(key).error());
    ordered.push_back(*std::move(key));
    if (sort.string("sortby_dir") == "SORTBY_DESC" || !tree.flag("agg_within_group")) {
      return fail(ErrorCode::Unsupported, fmt::format("this ORDER BY inside {}() is not supported", name),
                  use.offset,
                  tree.flag("agg_within_group") ? "use the fraction 1 - f with ascending order"
                                                : "rows are taken in the order of _seq");
    }
  }
  inside_aggregate_ = was_inside;
  if (!arguments) return tl::unexpected(std::move(arguments).error());

  const std::size_t direct = tree.flag("agg_within_group") ? arguments->size() : 0;
  arguments->insert(arguments->end(), ordered.begin(), ordered.end());
  const auto resolve = [&]() -> Result<columnar::ResolvedAggregate> {
    std::vector<LogicalType> types;
    std::vector<const Value*> constants;
    for (const ExpressionPtr& argument : *arguments) {
      types.push_back(argument->type);
      constants.push_back(argument->kind == Expression::Kind::Literal ? &argument->literal : nullptr);
    }
    auto resolved = columnar::resolve_aggregate(name, types, constants, use.distinct, true);
    if (!resolved) return with_offset(std::move(resolved).error(), use.offset);
    return resolved;
  };
  DART_TRY(columnar::ResolvedAggregate resolved, resolve());
  for (std::size_t i = 0; i < arguments->size(); ++i) {
    ExpressionPtr& argument = (*arguments)[i];
    const std::uint32_t own = argument->offset;
    DART_TRY(argument,
             plan::make_cast(std::move(argument), resolved.parameters[i], columnar::CastKind::Implicit, own));
  }
  DART_TRY(resolved, resolve());
  use.bound = std::move(resolved.bound);
  for (std::size_t i = 0; i < arguments->size(); ++i) {
    if (i >= direct) {
      use.arguments.push_back((*arguments)[i]);
    } else if ((*arguments)[i]->kind == Expression::Kind::Literal) {
      use.direct.push_back((*arguments)[i]->literal);
    } else {
      return fail(ErrorCode::Unsupported, fmt::format("the direct argument of {}() must be a constant", name),
                  (*arguments)[i]->offset);
    }
  }
  return use;
}

}  // namespace dart::sql
