#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sql/expression_binder.hpp"
#include "sql/from_clause.hpp"
#include "sql/names.hpp"

/// JOIN: two relations become one.
namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

namespace {

/// A cross join keeps every pair: more rows than this on both sides are most likely a forgotten condition.
constexpr std::int64_t kSmallView = 1000;

enum class Side : std::uint8_t { None, Left, Right, Both };

/// Which side's columns an expression over left and right columns reads.
Side side_of(const Expression& expression, std::uint32_t left_width) {
  if (expression.kind == Expression::Kind::Column)
    return expression.column < left_width ? Side::Left : Side::Right;
  Side side = Side::None;
  for (const ExpressionPtr& argument : expression.arguments) {
    const Side inner = side_of(*argument, left_width);
    if (inner == Side::None || inner == side) continue;
    side = side == Side::None ? inner : Side::Both;
  }
  return side;
}

std::vector<std::uint32_t> shifted(std::size_t width, std::size_t from, std::int64_t by) {
  std::vector<std::uint32_t> to(width);
  for (std::size_t c = 0; c < width; ++c) {
    to[c] = static_cast<std::uint32_t>(static_cast<std::int64_t>(c) + (c >= from ? by : 0));
  }
  return to;
}

/// One join while it is put together. Conditions stand over the columns that both sides had at the start.
class JoinBuilder {
 public:
  JoinBuilder(Context& context, Relation left, Relation right, plan::JoinKind kind, std::uint32_t offset)
      : context_(context),
        left_(std::move(left)),
        right_(std::move(right)),
        kind_(kind),
        offset_(offset),
        left_width_(static_cast<std::uint32_t>(context.schema(left_).size())),
        right_width_(static_cast<std::uint32_t>(context.schema(right_).size())) {}

  Result<Relation> build(const std::vector<ExpressionPtr>& conditions) {
    for (const ExpressionPtr& condition : conditions) sort_in(condition);
    DART_TRY(left_, filter_rows(context_, std::move(left_), std::move(before_left_), offset_));
    DART_TRY(right_, filter_rows(context_, std::move(right_), std::move(before_right_), offset_));
    add_window_key();
    DART_TRY_STATUS(refuse_interval_join());
    if (left_keys_.empty()) DART_TRY_STATUS(check_cross());
    plan::Join node;
    node.kind = kind_;
    node.left_keys = context_.materialise(left_, left_keys_, offset_);
    node.right_keys = context_.materialise(right_, right_keys_, offset_);
    const auto extra = static_cast<std::int64_t>(context_.schema(left_).size()) - left_width_;
    const std::vector<std::uint32_t> to = shifted(left_width_ + right_width_, left_width_, extra);
    for (const ExpressionPtr& condition : residual_) node.conditions.push_back(plan::renumber(condition, to));
    node.expires_by_key = window_key(node);
    return joined(std::move(node));
  }

 private:
  void sort_in(const ExpressionPtr& condition) {
    if (condition->kind == Expression::Kind::Call && condition->name == "=") {
      const Side a = side_of(*condition->arguments[0], left_width_);
      const Side b = side_of(*condition->arguments[1], left_width_);
      const bool in_order = a == Side::Left;
      // Keys are compared as values of one type.
      std::vector<ExpressionPtr> pair = {condition->arguments[in_order ? 0 : 1],
                                         condition->arguments[in_order ? 1 : 0]};
      const bool across = (a == Side::Left && b == Side::Right) || (a == Side::Right && b == Side::Left);
      if (across && unify(pair, condition->offset)) {
        left_keys_.push_back(pair[0]);
        right_keys_.push_back(to_right(pair[1]));
        return;
      }
    }
    const Side side = side_of(*condition, left_width_);
    if (side == Side::Right) {
      before_right_.push_back(to_right(condition));
    } else if (side == Side::Left && kind_ == plan::JoinKind::Inner) {
      before_left_.push_back(condition);
    } else {
      residual_.push_back(condition);
    }
  }
  [[nodiscard]] ExpressionPtr to_right(const ExpressionPtr& expression) const {
    return plan::renumber(expression,
                          shifted(left_width_ + right_width_, left_width_, -std::int64_t{left_width_}));
  }
  [[nodiscard]] bool is_key_pair(std::size_t i, std::uint32_t left, std::uint32_t right) const {
    const auto is = [](const ExpressionPtr& e, std::uint32_t c) {
      return e->kind == Expression::Kind::Column && e->column == c;
    };
    return is(left_keys_[i], left) && is(right_keys_[i], right);
  }
  /// Rows of equal window starts have equal window ends when the windows have one size.
  void add_window_key() {
    if (!left_.window || !right_.window || left_.window->size_us != right_.window->size_us) return;
    for (std::size_t i = 0; i < left_keys_.size(); ++i) {
      if (!left_.window->start || !right_.window->start) return;
      if (!is_key_pair(i, *left_.window->start, *right_.window->start)) continue;
      left_keys_.push_back(context_.column(left_, left_.window->end, offset_));
      right_keys_.push_back(context_.column(right_, right_.window->end, offset_));
      return;
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> window_key(const plan::Join& node) const {
    if (!left_.window || !right_.window || !left_.window->closes || !right_.window->closes)
      return std::nullopt;
    for (std::uint32_t i = 0; i < node.left_keys.size(); ++i) {
      if (node.left_keys[i] == left_.window->end && node.right_keys[i] == right_.window->end) return i;
    }
    return std::nullopt;
  }
  /// Comparisons of a time of the left side with one of the right side, shifted or not.
  void count_time_comparisons(const Expression& condition, int& of_any_time, int& of_event_times) const {
    if (condition.kind == Expression::Kind::And) {
      for (const ExpressionPtr& part : condition.arguments)
        count_time_comparisons(*part, of_any_time, of_event_times);
      return;
    }
    const std::string& name = condition.name;
    if (condition.kind != Expression::Kind::Call ||
        (name != "<" && name != "<=" && name != ">" && name != ">="))
      return;
    const Expression& a = *condition.arguments[0];
    const Expression& b = *condition.arguments[1];
    const Side from = side_of(a, left_width_);
    const bool across = (from == Side::Left && side_of(b, left_width_) == Side::Right) ||
                        (from == Side::Right && side_of(b, left_width_) == Side::Left);
    if (!across || !a.type.is_time() || !b.type.is_time()) return;
    ++of_any_time;
    if (reads_event_time(a) && reads_event_time(b)) ++of_event_times;
  }
  [[nodiscard]] bool reads_event_time(const Expression& expression) const {
    if (expression.kind == Expression::Kind::Column) {
      return expression.column < left_width_ ? left_.time_of(expression.column) != nullptr
                                             : right_.time_of(expression.column - left_width_) != nullptr;
    }
    return std::any_of(expression.arguments.begin(), expression.arguments.end(),
                       [this](const ExpressionPtr& argument) { return reads_event_time(*argument); });
  }
  /// A join on event times within bounds: without equality, or with both bounds beside one. The rows that it
  /// must remember would have to follow the watermarks.
  [[nodiscard]] Status refuse_interval_join() const {
    int of_any_time = 0;
    int of_event_times = 0;
    for (const ExpressionPtr& condition : residual_) {
      count_time_comparisons(*condition, of_any_time, of_event_times);
    }
    const bool no_key = left_keys_.empty() && !check_cross();
    if ((no_key && of_any_time > 0) || of_event_times > 1) {
      return fail(ErrorCode::Unsupported, "an interval join is not there yet", offset_,
                  "put both sides into windows: tumble() or hop() on equal window_start and window_end");
    }
    return {};
  }
  [[nodiscard]] Status check_cross() const {
    const bool small = std::min(left_.max_rows.value_or(kSmallView + 1),
                                right_.max_rows.value_or(kSmallView + 1)) <= kSmallView;
    if (small) return {};
    return fail(
        ErrorCode::Unsupported, "a join needs an equality between its sides", offset_,
        "without one, one side must be a view of a known few rows (an aggregate without GROUP BY, LIMIT n)");
  }
  Relation joined(plan::Join node) {
    const auto new_left = static_cast<std::uint32_t>(context_.schema(left_).size());
    plan::Schema schema = context_.schema(left_);
    const plan::Schema& right_schema = context_.schema(right_);
    schema.insert(schema.end(), right_schema.begin(), right_schema.end());
    Relation relation;
    const bool per_window = node.expires_by_key.has_value();
    relation.columns = left_.columns;
    for (RelationColumn column : right_.columns) {
      column.column += new_left;
      relation.columns.push_back(std::move(column));
    }
    relation.node =
        context_.add(std::move(node), {{left_.node, 0}, {right_.node, 0}}, std::move(schema), offset_);
    relation.no_seq_reason = "the rows of a join have no single order";
    if (per_window) relation.window = left_.window;
    if (left_.max_rows && right_.max_rows) relation.max_rows = *left_.max_rows * *right_.max_rows;
    if (relation.max_rows && *relation.max_rows > kSmallView * kSmallView) relation.max_rows.reset();
    relation.bounded = left_.bounded && right_.bounded;
    return relation;
  }

  Context& context_;
  Relation left_;
  Relation right_;
  plan::JoinKind kind_;
  std::uint32_t offset_;
  std::uint32_t left_width_;
  std::uint32_t right_width_;
  std::vector<ExpressionPtr> left_keys_, right_keys_;  // each over its own side's columns
  std::vector<ExpressionPtr> before_left_, before_right_, residual_;
};

/// a = a AND b = b over the pair, for USING.
Result<std::vector<ExpressionPtr>> using_conditions(Context& context, const Relation& left,
                                                    const Relation& right, const Relation& pair,
                                                    const Tree& names, std::uint32_t offset) {
  std::vector<ExpressionPtr> conditions;
  const auto left_width = static_cast<std::uint32_t>(context.schema(left).size());
  for (const Tree& name : names.items) {
    const std::string& column = name.string("sval");
    std::uint32_t places[2] = {0, 0};
    for (const bool first : {true, false}) {
      auto found = find_column(first ? left : right, "", column, offset);
      if (!found) {
        return fail(ErrorCode::Binding,
                    fmt::format("column \"{}\" specified in USING clause: {}", column, found.error().message),
                    offset, found.error().hint);
      }
      places[first ? 0 : 1] = (*found)->column + (first ? 0 : left_width);
    }
    DART_TRY(
        ExpressionPtr condition,
        plan::make_call(
            "=", {context.column(pair, places[0], offset), context.column(pair, places[1], offset)}, offset));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

/// What `*` shows first, second and third: the common columns, the written left side, the written right side.
void order_columns(Relation& relation, std::size_t left_columns, const Tree& names, bool swapped) {
  std::vector<RelationColumn> common, first, second;
  std::set<std::string> merged;
  for (const Tree& name : names.items) merged.insert(name.string("sval"));
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    RelationColumn column = relation.columns[i];
    const bool from_left = i < left_columns;
    const bool is_common = !column.hidden && merged.contains(column.name);
    if (is_common && !from_left) column.merged = true;
    if (is_common && from_left) {
      common.push_back(std::move(column));
    } else {
      (from_left != swapped ? first : second).push_back(std::move(column));
    }
  }
  relation.columns = std::move(common);
  relation.columns.insert(relation.columns.end(), first.begin(), first.end());
  relation.columns.insert(relation.columns.end(), second.begin(), second.end());
}

}  // namespace

Relation pair_scope(Context& context, const Relation& left, const Relation& right) {
  Relation pair;
  plan::Schema schema = context.schema(left);
  const plan::Schema& right_schema = context.schema(right);
  const auto left_width = static_cast<std::uint32_t>(schema.size());
  schema.insert(schema.end(), right_schema.begin(), right_schema.end());
  pair.columns = left.columns;
  for (RelationColumn column : right.columns) {
    column.column += left_width;
    pair.columns.push_back(std::move(column));
  }
  pair.node = context.add(plan::Join{}, {{left.node, 0}, {right.node, 0}}, std::move(schema), 0);
  return pair;
}

Result<Relation> join_relations(Context& context, Relation left, Relation right, plan::JoinKind kind,
                                const std::vector<ExpressionPtr>& conditions, std::uint32_t offset) {
  return JoinBuilder(context, std::move(left), std::move(right), kind, offset).build(conditions);
}

Result<Relation> bind_join_item(Context& context, const CteScope* ctes, const Tree& item) {
  const std::uint32_t offset = item["rarg"].offset();
  const std::string& type = item.string("jointype");
  const bool swapped = type == "JOIN_RIGHT";
  if (type == "JOIN_FULL") {
    return fail(ErrorCode::Unsupported, "FULL JOIN is not supported", offset,
                "UNION ALL of a LEFT JOIN and of the rows of the other side that have no partner");
  }
  if (item.flag("isNatural")) {
    return fail(ErrorCode::Unsupported, "NATURAL JOIN is not supported", offset,
                "name the columns: USING (a, b)");
  }
  DART_TRY(Relation left, bind_from_item(context, ctes, item["larg"]));
  if (is_values_item(item["rarg"])) {
    if (type != "JOIN_INNER" || item["usingClause"].present()) {
      return fail(ErrorCode::Unsupported, "VALUES is there with CROSS JOIN only", offset);
    }
    DART_TRY(Relation expanded, expand_values(context, left, item["rarg"]));
    if (!item["quals"].present()) return expanded;
    DART_TRY(ExpressionPtr on, ExpressionBinder(context, expanded, "JOIN/ON").bind_condition(item["quals"]));
    return filter_rows(context, std::move(expanded), {std::move(on)}, offset);
  }
  DART_TRY(Relation right, bind_from_item(context, ctes, item["rarg"]));
  if (swapped) std::swap(left, right);
  const std::size_t left_columns = left.columns.size();
  const Relation pair = pair_scope(context, left, right);
  std::vector<ExpressionPtr> conditions;
  if (item["usingClause"].present()) {
    DART_TRY(conditions, using_conditions(context, left, right, pair, item["usingClause"], offset));
  }
  for (const Tree* conjunct : conjuncts_of(item["quals"])) {
    DART_TRY(ExpressionPtr condition, ExpressionBinder(context, pair, "JOIN/ON").bind_condition(*conjunct));
    conditions.push_back(std::move(condition));
  }
  const plan::JoinKind kind = type == "JOIN_INNER" ? plan::JoinKind::Inner : plan::JoinKind::Left;
  DART_TRY(Relation relation,
           join_relations(context, std::move(left), std::move(right), kind, conditions, offset));
  order_columns(relation, left_columns, item["usingClause"], swapped);
  DART_TRY_STATUS(apply_alias(relation, item["alias"], offset));
  return relation;
}

}  // namespace dart::sql
