#include "sql/table_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/expression_binder.hpp"
#include "sql/names.hpp"
#include "sql/options.hpp"
#include "sql/types.hpp"

namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;

namespace {

/// The options that every table understands, whatever its connector is.
constexpr std::array<std::string_view, 13> kTableOptions = {
    "connector", "format",    "event_time",   "watermark_delay", "idle_after", "late", "late_table",
    "order",     "tie_break", "delay_column", "op_column",       "node",       "label"};

template <class T>
std::vector<std::string_view> names_of(const std::vector<T>& list) {
  std::vector<std::string_view> names;
  for (const T& entry : list) names.push_back(entry.name);
  return names;
}

template <class T>
const T* find_named(const std::vector<T>& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& entry) { return entry.name == name; });
  return found == list.end() ? nullptr : &*found;
}

/// One CREATE TABLE while it is bound.
class TableBinder {
 public:
  TableBinder(Context& context, const Tree& statement, OptionList options)
      : context_(context),
        statement_(statement),
        options_(std::move(options)),
        offset_(statement["relation"].offset()) {
    table_.name = statement["relation"].string("relname");
  }

  Status bind() {
    for (const Tree& element : statement_["tableElts"].items) {
      if (element.is("ColumnDef")) DART_TRY_STATUS(bind_column(element));
    }
    if (table_.columns.empty()) return fail(ErrorCode::Binding, "a table needs columns", offset_);
    for (const Tree& element : statement_["tableElts"].items) {
      if (element.is("ColumnDef")) {
        for (const Tree& constraint : element["constraints"].items) {
          DART_TRY_STATUS(bind_constraint(constraint, element.string("colname")));
        }
      } else if (element.is("Constraint")) {
        DART_TRY_STATUS(bind_constraint(element, ""));
      } else {
        return fail(ErrorCode::Unsupported, "LIKE in CREATE TABLE is not supported", element.location(),
                    "write the columns out");
      }
    }
    DART_TRY_STATUS(bind_time_options());
    DART_TRY_STATUS(bind_sink_options());
    DART_TRY_STATUS(bind_place());
    return bind_connector();
  }

  Status declare() {
    const plan::ConnectorSpec& connector = *find_named(context_.catalogue.connectors, table_.connector);
    context_.table_readable.push_back(connector.is_source);
    context_.table_writable.push_back(connector.is_sink);
    context_.table_bounded.push_back(connector.bounded != nullptr && connector.bounded(table_.options));
    context_.tables.emplace(table_.name, static_cast<std::uint32_t>(context_.plan.tables.size()));
    context_.plan.tables.push_back(std::move(table_));
    return {};
  }

 private:
  Status bind_column(const Tree& column) {
    const std::string& name = column.string("colname");
    if (name == "_seq" || name == "_read_at") {
      return fail(ErrorCode::Binding, fmt::format("\"{}\" is the name of a hidden column", name),
                  column.location(), "choose another name");
    }
    if (find_named(table_.columns, name) != nullptr) {
      return fail(ErrorCode::Binding, fmt::format("column \"{}\" specified more than once", name),
                  column.location());
    }
    DART_TRY(const LogicalType type, bind_type(column["typeName"]));
    table_.columns.push_back({name, type, false});
    return {};
  }

  Result<std::uint32_t> column_named(std::string_view name, std::uint32_t offset) const {
    const plan::TableColumn* column = find_named(table_.columns, name);
    if (column != nullptr) return static_cast<std::uint32_t>(column - table_.columns.data());
    const std::vector<std::string_view> names = names_of(table_.columns);
    return fail(ErrorCode::Binding, fmt::format("column \"{}\" does not exist", name), offset,
                did_you_mean(name, names));
  }

  Status bind_constraint(const Tree& constraint, const std::string& column) {
    const std::string& type = constraint.string("contype");
    const std::uint32_t offset = constraint.offset();
    if (type == "CONSTR_NULL") return {};
    if (type == "CONSTR_NOTNULL") {
      DART_TRY(const std::uint32_t place, column_named(column, offset));
      table_.columns[place].not_null = true;
      return {};
    }
    if (type == "CONSTR_PRIMARY") {
      if (!table_.primary_key.empty()) {
        return fail(ErrorCode::Binding,
                    fmt::format("multiple primary keys for table \"{}\" are not allowed", table_.name),
                    offset);
      }
      std::vector<std::string> names;
      for (const Tree& key : constraint["keys"].items) names.push_back(key.string("sval"));
      if (names.empty()) names.push_back(column);
      for (const std::string& name : names) {
        DART_TRY(const std::uint32_t place, column_named(name, offset));
        table_.columns[place].not_null = true;
        table_.primary_key.push_back(place);
      }
      return {};
    }
    if (type == "CONSTR_CHECK") return bind_check(constraint, column);
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kRefused = {{
        {"CONSTR_DEFAULT", "DEFAULT"},
        {"CONSTR_GENERATED", "GENERATED"},
        {"CONSTR_IDENTITY", "GENERATED"},
        {"CONSTR_UNIQUE", "UNIQUE"},
        {"CONSTR_FOREIGN", "a foreign key"},
    }};
    std::string what = "this constraint";
    for (const auto& [node, name] : kRefused) {
      if (node == type) what = name;
    }
    return fail(ErrorCode::Unsupported, what + " is not supported in CREATE TABLE", offset,
                "compute columns in a view over the table");
  }

  Status bind_check(const Tree& constraint, const std::string& column) {
    Relation row;
    plan::Schema schema;
    for (std::uint32_t c = 0; c < table_.columns.size(); ++c) {
      row.columns.push_back({table_.name, table_.columns[c].name, c, false, false});
      schema.push_back({table_.columns[c].name, table_.columns[c].type});
    }
    row.node = context_.add(plan::Scan{}, {}, std::move(schema), 0);
    plan::CheckConstraint check;
    check.name = constraint.string("conname");
    if (check.name.empty())
      check.name = fmt::format("{}_{}check", table_.name, column.empty() ? "" : column + "_");
    DART_TRY(check.condition,
             ExpressionBinder(context_, row, "CHECK").bind_condition(constraint["raw_expr"]));
    table_.checks.push_back(std::move(check));
    return {};
  }

  Status bind_time_options() {
    DART_TRY(const auto event_time, options_.take_text("event_time"));
    if (event_time) {
      const std::uint32_t offset = options_.offset("event_time");
      DART_TRY(table_.event_time, column_named(*event_time, offset));
      const LogicalType type = table_.columns[*table_.event_time].type;
      if (!type.is_time()) {
        return fail(ErrorCode::Binding,
                    fmt::format("event_time must be a timestamp column, and \"{}\" is {}", *event_time,
                                to_string(type)),
                    offset);
      }
    }
    DART_TRY(const auto delay, options_.take_interval("watermark_delay"));
    DART_TRY(table_.idle_after_us, options_.take_interval("idle_after"));
    table_.watermark_delay_us = delay.value_or(0);
    DART_TRY(const auto late, options_.take_text("late"));
    DART_TRY(const auto late_table, options_.take_text("late_table"));
    DART_TRY_STATUS(bind_late(late.value_or(late_table ? "side_table" : "drop"), late_table));
    DART_TRY(const auto tie_break, options_.take_text("tie_break"));
    for (const std::string& name : split_names(tie_break.value_or(""))) {
      DART_TRY(const std::uint32_t place, column_named(name, options_.offset("tie_break")));
      table_.tie_break.push_back(place);
    }
    DART_TRY_STATUS(bind_order());
    for (const std::string_view name : {"watermark_delay", "idle_after", "late", "tie_break"}) {
      if (!options_.has(name) || table_.event_time) continue;
      return fail(ErrorCode::Binding, fmt::format("option \"{}\" needs option \"event_time\"", name),
                  options_.offset(name), "name the column: event_time = ts");
    }
    return {};
  }

  /// Where in a ring it is read or written.
  Status bind_place() {
    DART_TRY(const auto node, options_.take_text("node"));
    DART_TRY(const auto label, options_.take_text("label"));
    if (node && label) {
      return fail(ErrorCode::Binding, "node = 'NAME' and label = 'k=v' exclude each other",
                  options_.offset("label"));
    }
    if (node) table_.label = "node=" + *node;
    if (label) table_.label = *label;
    const std::size_t equals = table_.label.find('=');
    const bool wrong =
        equals == 0 || equals + 1 == table_.label.size() || (label && equals == std::string::npos);
    if ((node || label) && wrong) {
      return fail(ErrorCode::Binding, node ? "a node's name is not empty" : "a label is written 'k=v'",
                  options_.offset(node ? "node" : "label"));
    }
    return {};
  }

  Status bind_order() {
    const std::uint32_t offset = options_.offset("order");
    DART_TRY(const auto order, options_.take_text("order"));
    if (!order) return {};
    if (order != "event_time" && order != "arrival") {
      return fail(ErrorCode::Binding, fmt::format("option \"order\" cannot be '{}'", *order), offset,
                  "it is one of: event_time, arrival");
    }
    if (order == "event_time" && !table_.event_time) {
      return fail(ErrorCode::Binding, "order = 'event_time' needs option \"event_time\"", offset,
                  "name the column: event_time = ts");
    }
    table_.order = order == "arrival" ? plan::MergeOrder::Arrival : plan::MergeOrder::EventTime;
    return {};
  }

  Status bind_late(const std::string& late, const std::optional<std::string>& late_table) {
    constexpr std::array<std::string_view, 3> kPolicies = {"drop", "update", "side_table"};
    const auto policy = std::find(kPolicies.begin(), kPolicies.end(), late);
    if (policy == kPolicies.end()) {
      return fail(ErrorCode::Binding, fmt::format("option \"late\" cannot be '{}'", late),
                  options_.offset("late"), "it is one of: drop, update, side_table (with late_table = name)");
    }
    table_.late = static_cast<plan::LatePolicy>(policy - kPolicies.begin());
    if ((table_.late == plan::LatePolicy::SideTable) != late_table.has_value()) {
      return fail(ErrorCode::Binding, "late = 'side_table' and late_table = name belong together",
                  options_.offset(late_table ? "late_table" : "late"));
    }
    if (!late_table) return {};
    const auto side = context_.tables.find(*late_table);
    if (side == context_.tables.end()) {
      return fail(ErrorCode::Binding, fmt::format("relation \"{}\" does not exist", *late_table),
                  options_.offset("late_table"), "create the table for late rows before this one");
    }
    const plan::TableDefinition& target = context_.plan.tables[side->second];
    std::vector<LogicalType> here, there;
    for (const plan::TableColumn& column : table_.columns) here.push_back(column.type);
    for (const plan::TableColumn& column : target.columns) there.push_back(column.type);
    if (here != there || target.delay_column || target.op_column || !context_.table_writable[side->second]) {
      return fail(ErrorCode::Binding, fmt::format("table \"{}\" cannot take the late rows", *late_table),
                  options_.offset("late_table"), "it must be a sink with columns of the same types");
    }
    table_.late_table = *late_table;
    return {};
  }

  Status bind_sink_options() {
    DART_TRY(const auto delay, options_.take_text("delay_column"));
    if (delay) {
      DART_TRY(table_.delay_column, column_named(*delay, options_.offset("delay_column")));
      const LogicalType type = table_.columns[*table_.delay_column].type;
      if (type.id != TypeId::Interval) {
        return fail(
            ErrorCode::Binding,
            fmt::format("delay_column must be an interval, and \"{}\" is {}", *delay, to_string(type)),
            options_.offset("delay_column"));
      }
    }
    DART_TRY(const auto op, options_.take_text("op_column"));
    if (op) {
      DART_TRY(table_.op_column, column_named(*op, options_.offset("op_column")));
      if (table_.columns[*table_.op_column].type.id != TypeId::Text) {
        return fail(ErrorCode::Binding, "op_column must be a text column: it holds + and -",
                    options_.offset("op_column"));
      }
    }
    return {};
  }

  Status bind_connector() {
    const std::vector<plan::ConnectorSpec>& connectors = context_.catalogue.connectors;
    DART_TRY(const auto name, options_.take_text("connector"));
    if (!name) {
      return fail(ErrorCode::Binding, fmt::format("table \"{}\" needs WITH (connector = ...)", table_.name),
                  offset_, fmt::format("known are: {}", fmt::join(names_of(connectors), ", ")));
    }
    const plan::ConnectorSpec* connector = find_named(connectors, *name);
    if (connector == nullptr) {
      std::string hint = did_you_mean(*name, names_of(connectors));
      if (hint.empty()) hint = fmt::format("known are: {}", fmt::join(names_of(connectors), ", "));
      return fail(ErrorCode::Binding, fmt::format("connector \"{}\" does not exist", *name),
                  options_.offset("connector"), std::move(hint));
    }
    table_.connector = *name;
    std::vector<std::string_view> known(kTableOptions.begin(), kTableOptions.end());
    DART_TRY_STATUS(take_specified(connector->options, fmt::format("connector \"{}\"", *name), known));
    DART_TRY_STATUS(bind_format(*connector, known));
    // A misspelt name says more than the one that is missing.
    DART_TRY_STATUS(options_.refuse_rest(known));
    if (missing_) return tl::unexpected<Error>(*missing_);
    return {};
  }

  Status bind_format(const plan::ConnectorSpec& connector, std::vector<std::string_view>& known) {
    const std::vector<plan::FormatSpec>& formats = context_.catalogue.formats;
    DART_TRY(const auto name, options_.take_text("format"));
    if (!connector.takes_format) {
      if (!name) return {};
      return fail(ErrorCode::Binding, fmt::format("connector \"{}\" takes no format", connector.name),
                  options_.offset("format"));
    }
    if (!name) {
      return fail(ErrorCode::Binding, fmt::format("table \"{}\" needs option \"format\"", table_.name),
                  offset_, fmt::format("known are: {}", fmt::join(names_of(formats), ", ")));
    }
    const plan::FormatSpec* format = find_named(formats, *name);
    if (format == nullptr) {
      std::string hint = did_you_mean(*name, names_of(formats));
      if (hint.empty()) hint = fmt::format("known are: {}", fmt::join(names_of(formats), ", "));
      return fail(ErrorCode::Binding, fmt::format("format \"{}\" does not exist", *name),
                  options_.offset("format"), std::move(hint));
    }
    table_.format = *name;
    return take_specified(format->options, fmt::format("format \"{}\"", *name), known);
  }

  Status take_specified(const std::vector<plan::OptionSpec>& specs, const std::string& owner,
                        std::vector<std::string_view>& known) {
    for (const plan::OptionSpec& spec : specs) {
      known.push_back(spec.name);
      if (spec.name.starts_with("*.")) {
        DART_TRY_STATUS(take_of_columns(spec));
        continue;
      }
      DART_TRY(std::optional<columnar::Value> value, options_.take(spec));
      if (value) {
        table_.options.emplace_back(spec.name, *std::move(value));
      } else if (spec.required) {
        missing_ = {ErrorCode::Binding, fmt::format("{} needs option \"{}\"", owner, spec.name), offset_,
                    spec.summary};
      }
    }
    return {};
  }

  /// "*.min" is given as column.min, for any of the columns.
  Status take_of_columns(plan::OptionSpec spec) {
    const std::string pattern = spec.name;
    for (const std::string& name : options_.names_like(pattern)) {
      const std::string_view column = std::string_view(name).substr(0, name.size() - pattern.size() + 1);
      DART_TRY([[maybe_unused]] const std::uint32_t place, column_named(column, options_.offset(name)));
      spec.name = name;
      DART_TRY(std::optional<columnar::Value> value, options_.take(spec));
      if (value) table_.options.emplace_back(name, *std::move(value));
    }
    return {};
  }

  Context& context_;
  const Tree& statement_;
  OptionList options_;
  std::uint32_t offset_;
  plan::TableDefinition table_;
  std::optional<Error> missing_;  // a required option that was not given
};

}  // namespace

Status bind_create_table(Context& context, const Tree& statement) {
  const Tree& relation = statement["relation"];
  const std::string& name = relation.string("relname");
  const std::uint32_t offset = relation.offset();
  if (context.tables.contains(name) || context.views.contains(name)) {
    if (statement.flag("if_not_exists")) return {};
    return fail(ErrorCode::Binding, fmt::format("relation \"{}\" already exists", name), offset);
  }
  if (statement["inhRelations"].present() || statement["partspec"].present() ||
      relation["schemaname"].present()) {
    return fail(ErrorCode::Unsupported, "partitions, inheritance and schemas are not supported", offset);
  }
  DART_TRY(OptionList options, OptionList::read(statement["options"], fmt::format("table \"{}\"", name)));
  TableBinder binder(context, statement, std::move(options));
  DART_TRY_STATUS(binder.bind());
  return binder.declare();
}

}  // namespace dart::sql
