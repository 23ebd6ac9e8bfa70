#include <fmt/format.h>

#include <array>
#include <map>

#include "columnar/function.hpp"
#include "sql/expression_binder.hpp"
#include "sql/from_clause.hpp"
#include "sql/names.hpp"

/// tumble, hop, sliding and count_window in FROM.
namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using plan::Expression;
using plan::ExpressionPtr;

namespace {

struct WindowFunction {
  std::string_view name;
  std::string_view usage;
  std::array<std::string_view, 4> parameters;  ///< after the relation; empty ones are not there
};
constexpr std::array kWindows = {
    WindowFunction{"tumble", "tumble(r, ts, INTERVAL '1 minute')", {"ts", "size"}},
    WindowFunction{"hop", "hop(r, ts, slide, size)", {"ts", "slide", "size"}},
    WindowFunction{"sliding", "sliding(r, ts, INTERVAL '30 minutes')", {"ts", "size", "clock"}},
    WindowFunction{"count_window", "count_window(r, n, key, ...)", {"n"}},
};

/// One call while it is bound.
class WindowItem {
 public:
  WindowItem(Context& context, const WindowFunction& function, const Tree& call)
      : context_(context), function_(function), offset_(call.offset()) {}

  Status sort_arguments(const std::vector<Tree>& arguments) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const Tree& argument = arguments[i];
      std::string name;
      if (argument.is("NamedArgExpr")) {
        name = argument.string("name");
        if (name == "clock") {
          return fail(ErrorCode::Unsupported, "clock => ... is not supported", argument.offset(),
                      "a sliding window moves with the rows of its input");
        }
      } else if (i <= function_.parameters.size() && !function_.parameters[i - 1].empty() &&
                 function_.parameters[i - 1] != "clock") {
        name = function_.parameters[i - 1];
      } else if (function_.name == "count_window") {
        keys_.push_back(&argument);
        continue;
      } else {
        return misuse("too many arguments", argument.offset());
      }
      bool known = false;
      for (const std::string_view parameter : function_.parameters) known = known || parameter == name;
      if (!known) return misuse(fmt::format("no argument is called \"{}\"", name), argument.offset());
      if (!by_name_.emplace(name, argument.is("NamedArgExpr") ? &argument["arg"] : &argument).second) {
        return misuse(fmt::format("\"{}\" is given twice", name), argument.offset());
      }
    }
    for (const std::string_view parameter : function_.parameters) {
      if (parameter.empty() || parameter == "clock" || by_name_.contains(parameter)) continue;
      return misuse(fmt::format("\"{}\" is missing", parameter), offset_);
    }
    return {};
  }

  Result<Relation> bind(const Relation& input) {
    if (function_.name == "count_window") return bind_count(input);
    DART_TRY(const std::uint32_t time, time_column(input));
    DART_TRY(const std::int64_t size, duration(input, "size"));
    if (function_.name == "sliding") return bind_sliding(input, time, size);
    std::int64_t slide = size;
    if (function_.name == "hop") {
      DART_TRY(slide, duration(input, "slide"));
    }
    return bind_assign(input, time, size, slide);
  }

 private:
  [[nodiscard]] tl::unexpected<Error> misuse(std::string why, std::uint32_t offset) const {
    return fail(ErrorCode::Binding, fmt::format("{}(): {}", function_.name, why), offset,
                fmt::format("write {}", function_.usage));
  }
  [[nodiscard]] const Tree& argument(std::string_view name) const { return *by_name_.find(name)->second; }
  Result<std::uint32_t> column(const Relation& input, const Tree& tree) const {
    ExpressionBinder binder(context_, input, std::string(function_.name) + "()");
    DART_TRY(const ExpressionPtr expression, binder.bind(tree));
    if (expression->kind == Expression::Kind::Column) return expression->column;
    return misuse("a column's name is wanted here", tree.offset());
  }
  Result<std::uint32_t> time_column(const Relation& input) const {
    const Tree& tree = argument("ts");
    DART_TRY(const std::uint32_t found, column(input, tree));
    const LogicalType type = context_.schema(input)[found].type;
    if (type.is_time()) return found;
    return misuse(fmt::format("the time must be a timestamp, not {}", to_string(type)), tree.offset());
  }
  Result<ExpressionPtr> constant(const Relation& input, std::string_view name, TypeId type) const {
    const Tree& tree = argument(name);
    ExpressionBinder binder(context_, input, std::string(function_.name) + "()");
    DART_TRY(ExpressionPtr value, binder.bind(tree));
    DART_TRY(value, plan::make_cast(std::move(value), LogicalType::of(type), columnar::CastKind::Implicit,
                                    tree.offset()));
    const bool positive =
        value->kind == Expression::Kind::Literal && !value->literal.is_null() && value->literal.bigint() > 0;
    if (positive) return value;
    return misuse(fmt::format("\"{}\" must be a constant above zero", name), tree.offset());
  }
  Result<std::int64_t> duration(const Relation& input, std::string_view name) const {
    DART_TRY(const ExpressionPtr value, constant(input, name, TypeId::Interval));
    return value->literal.bigint();
  }

  Result<Relation> bind_sliding(const Relation& input, std::uint32_t time, std::int64_t size) {
    if (context_.weighted(input)) {
      return fail(ErrorCode::Unsupported, "sliding() needs an append-only input; this one takes rows back",
                  offset_, "put sliding() over the table and aggregate above it");
    }
    Relation relation = input;
    relation.node = context_.add_same(plan::Sliding{time, size}, input.node, offset_);
    relation.block.reset();
    relation.times.clear();
    relation.window.reset();
    return relation;
  }
  Result<Relation> bind_assign(const Relation& input, std::uint32_t time, std::int64_t size,
                               std::int64_t slide) {
    const TimeColumn* event_time = input.time_of(time);
    if (event_time == nullptr) {
      return fail(
          ErrorCode::Binding,
          fmt::format("\"{}\" is not the event time of the rows, so no watermark closes windows over it",
                      context_.schema(input)[time].name),
          argument("ts").offset(),
          "name it in CREATE TABLE: WITH (event_time = ...); over windows use window_end");
    }
    if (const std::int64_t multiple = event_time->multiple_us;
        multiple != 0 && (size % multiple || slide % multiple)) {
      return fail(ErrorCode::Binding, "this window is not made of whole windows of its input", offset_,
                  "use a multiple of the input's window, or window_end as the time");
    }
    const auto width = static_cast<std::uint32_t>(context_.schema(input).size());
    Relation relation = input;
    // The bounds of an earlier window stay as plain columns under a name that the new ones do not hide.
    for (RelationColumn& c : relation.columns) {
      if (c.name != "window_start" && c.name != "window_end") continue;
      c.hidden = true;
      c.name.clear();
    }
    plan::Schema schema = context_.schema(input);
    for (const std::string_view name : {"window_start", "window_end"}) {
      relation.columns.push_back(
          {"", std::string(name), static_cast<std::uint32_t>(schema.size()), false, false});
      schema.push_back({std::string(name), schema[time].type});
    }
    relation.node =
        context_.add(plan::WindowAssign{time, size, slide}, {{input.node, 0}}, std::move(schema), offset_);
    relation.window = WindowColumns{width, width + 1, size, slide == size, !event_time->late_rows};
    relation.seq_unique = relation.seq_unique && slide >= size;
    relation.block.reset();
    relation.max_rows.reset();
    return relation;
  }
  Result<Relation> bind_count(const Relation& input) {
    if (context_.weighted(input)) {
      return fail(ErrorCode::Unsupported,
                  "count_window() needs an append-only input; this one takes rows back", offset_);
    }
    if (!input.seq) {
      return fail(ErrorCode::Binding,
                  fmt::format("count_window() depends on the order of the rows, and {}", input.no_seq_reason),
                  offset_);
    }
    DART_TRY(const ExpressionPtr rows, constant(input, "n", TypeId::BigInt));
    plan::CountWindow node{rows->literal.bigint(), {}};
    for (const Tree* key : keys_) {
      DART_TRY(const std::uint32_t found, column(input, *key));
      node.keys.push_back(found);
    }
    const auto width = static_cast<std::uint32_t>(context_.schema(input).size());
    plan::Schema schema = context_.schema(input);
    schema.push_back({"window_id", LogicalType::of(TypeId::BigInt)});
    Relation relation = input;
    relation.block = BlockColumns{width, node.keys};
    relation.node = context_.add(std::move(node), {{input.node, 0}}, std::move(schema), offset_);
    relation.columns.push_back({"", "window_id", width, false, false});
    // A block waits until it is full: its rows are behind the watermark, and out of the table's order.
    relation.times.clear();
    relation.window.reset();
    relation.seq_sorted = false;
    return relation;
  }

  Context& context_;
  const WindowFunction& function_;
  std::uint32_t offset_;
  std::map<std::string, const Tree*, std::less<>> by_name_;
  std::vector<const Tree*> keys_;
};

}  // namespace

Result<Relation> bind_window_item(Context& context, const CteScope* ctes, const Tree& item) {
  const Tree& call = item["functions"].items.front()["items"].items.front();
  const std::uint32_t offset = call.offset();
  const std::string name(last_name(call["funcname"]));
  if (item["functions"].items.size() > 1 || item.flag("ordinality") || item["coldeflist"].present()) {
    return fail(ErrorCode::Unsupported, "ROWS FROM and WITH ORDINALITY are not supported", offset);
  }
  if (name == "session") {
    return fail(ErrorCode::Unsupported, "session() windows are not supported", offset,
                "tumble(), hop(), sliding() and count_window() are");
  }
  const WindowFunction* function = nullptr;
  std::vector<std::string_view> names;
  for (const WindowFunction& window : kWindows) {
    names.push_back(window.name);
    if (window.name == name) function = &window;
  }
  if (function == nullptr) {
    return fail(ErrorCode::Binding, fmt::format("function {}() is not known in FROM", name), offset,
                did_you_mean(name, names));
  }
  const std::vector<Tree>& arguments = call["args"].items;
  const bool named = !arguments.empty() && arguments[0].is("ColumnRef") &&
                     arguments[0]["fields"].items.size() == 1 && arguments[0]["fields"].items[0].is("String");
  if (!named) {
    return fail(ErrorCode::Binding, fmt::format("{}() takes the name of a table, view or CTE first", name),
                offset, fmt::format("write {}", function->usage));
  }
  const std::string input_name(last_name(arguments[0]["fields"]));
  DART_TRY(const Relation input, find_relation(context, ctes, input_name, arguments[0].offset()));
  WindowItem window(context, *function, call);
  DART_TRY_STATUS(window.sort_arguments(arguments));
  DART_TRY(Relation relation, window.bind(input));
  relation.qualify(input_name);
  DART_TRY_STATUS(apply_alias(relation, item["alias"], offset));
  return relation;
}

}  // namespace dart::sql
