#include "sql/statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/emission.hpp"
#include "sql/expression_binder.hpp"
#include "sql/names.hpp"
#include "sql/options.hpp"
#include "sql/query.hpp"
#include "sql/table_statement.hpp"

namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using plan::ExpressionPtr;

namespace {

struct Refusal {
  std::string_view node;
  std::string_view statement;
  std::string_view hint;
};
constexpr std::array kRefused = {
    Refusal{"UpdateStmt", "UPDATE", "tables are streams: compute the new rows in a view"},
    Refusal{"DeleteStmt", "DELETE", "tables are streams: filter with WHERE in a view"},
    Refusal{"MergeStmt", "MERGE",
            "compute the rows in a view; a sink that can upsert replaces rows by its PRIMARY KEY"},
    Refusal{"DropStmt", "DROP", "a script declares everything anew"},
    Refusal{"AlterTableStmt", "ALTER", "change the CREATE statement"},
    Refusal{"IndexStmt", "CREATE INDEX", "joins and groups keep their own"},
    Refusal{"CopyStmt", "COPY", "CREATE TABLE ... WITH (connector = 'file') reads and writes files"},
    Refusal{"VariableSetStmt", "SET", "options stand in WITH (...); variables are set by \\set name value"},
    Refusal{"TransactionStmt", "BEGIN / COMMIT", "leave it out"},
    Refusal{"CreateSchemaStmt", "CREATE SCHEMA", "use names without a schema"},
    Refusal{"CreateForeignTableStmt", "CREATE FOREIGN TABLE",
            "write CREATE TABLE ... WITH (connector = ...)"},
    Refusal{"RefreshMatViewStmt", "REFRESH", "a materialized view is always fresh"},
};

Status refuse_existing(const Context& context, const std::string& name, std::uint32_t offset) {
  if (!context.tables.contains(name) && !context.views.contains(name)) return {};
  return fail(ErrorCode::Binding, fmt::format("relation \"{}\" already exists", name), offset);
}

/// The query of a view under its name, with the column names that the statement gives.
Result<Relation> bind_view_query(Context& context, const std::string& name, const Tree& query,
                                 const Tree& aliases, std::uint32_t offset) {
  if (!query.is("SelectStmt")) return fail(ErrorCode::Unsupported, "a view is a SELECT", offset);
  context.label = name;
  DART_TRY(Relation relation, bind_query(context, nullptr, query));
  DART_TRY_STATUS(rename_columns(relation, aliases, fmt::format("view \"{}\"", name), offset));
  return relation;
}

Status declare_view(Context& context, const std::string& name, Relation relation, std::uint32_t offset) {
  for (const RelationColumn& a : relation.columns) {
    const auto same =
        std::count_if(relation.columns.begin(), relation.columns.end(),
                      [&](const RelationColumn& b) { return !a.hidden && !b.hidden && a.name == b.name; });
    if (same > 1) {
      return fail(ErrorCode::Binding, fmt::format("column \"{}\" specified more than once", a.name), offset,
                  "give it another name with AS");
    }
  }
  relation.qualify(name);
  context.views[name] = std::move(relation);
  return {};
}

Status bind_view(Context& context, const Tree& statement) {
  const std::string& name = statement["view"].string("relname");
  const std::uint32_t offset = statement["view"].offset();
  if (!statement.flag("replace") || context.tables.contains(name)) {
    DART_TRY_STATUS(refuse_existing(context, name, offset));
  }
  if (statement["options"].present()) {
    return fail(ErrorCode::Binding, "a plain view has no options", statement["options"].offset(),
                "emission belongs to CREATE MATERIALIZED VIEW ... WITH (emit = '...')");
  }
  DART_TRY(Relation relation,
           bind_view_query(context, name, statement["query"], statement["aliases"], offset));
  DART_TRY_STATUS(refuse_order(relation));
  relation.order.clear();
  return declare_view(context, name, std::move(relation), offset);
}

Result<Emission> bind_emission(OptionList& options) {
  Emission emission;
  plan::OptionSpec spec{"emit", TypeId::Text, false, {"changes", "window_close", "on_change", "final"}, ""};
  emission.offset = options.offset("emit");
  DART_TRY(const auto mode, options.take(spec));
  if (mode) {
    const auto place =
        std::find(spec.choices.begin(), spec.choices.end(), mode->text()) - spec.choices.begin();
    emission.mode = static_cast<plan::EmitMode>(place);
  }
  const std::uint32_t ignore_at = options.offset("ignore");
  DART_TRY(const auto ignored, options.take_text("ignore"));
  if (ignored) {
    if (emission.mode != plan::EmitMode::OnChange) {
      return fail(ErrorCode::Binding, "option \"ignore\" belongs to emit = 'on_change'", ignore_at);
    }
    emission.ignored = split_names(*ignored);
    emission.offset = ignore_at;
  }
  DART_TRY_STATUS(options.refuse_rest({"emit", "ignore"}));
  return emission;
}

Status bind_materialized_view(Context& context, const Tree& statement) {
  const Tree& into = statement["into"];
  const std::string& name = into["rel"].string("relname");
  const std::uint32_t offset = into["rel"].offset();
  if (statement.string("objtype") != "OBJECT_MATVIEW") {
    return fail(ErrorCode::Unsupported, "CREATE TABLE AS is not supported", offset,
                "CREATE TABLE the sink, then INSERT INTO it SELECT ...");
  }
  if (into.flag("skipData")) return fail(ErrorCode::Unsupported, "WITH NO DATA is not supported", offset);
  if (statement.flag("if_not_exists") && context.views.contains(name)) return {};
  DART_TRY_STATUS(refuse_existing(context, name, offset));
  DART_TRY(OptionList options,
           OptionList::read(into["options"], fmt::format("materialized view \"{}\"", name)));
  DART_TRY(const Emission emission, bind_emission(options));
  DART_TRY(const Relation exact,
           bind_view_query(context, name, statement["query"], into["colNames"], offset));
  DART_TRY(Relation relation, emit(context, exact, emission, offset));
  relation.order.clear();
  relation.order_pending = false;
  return declare_view(context, name, std::move(relation), offset);
}

/// Which of the table's columns take the query's columns, in order.
Result<std::vector<std::uint32_t>> insert_places(const plan::TableDefinition& table, const Tree& columns) {
  std::vector<std::uint32_t> places;
  const auto filled_by_sink = [&](std::uint32_t c) {
    return table.delay_column == c || table.op_column == c;
  };
  if (!columns.present()) {
    for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
      if (!filled_by_sink(c)) places.push_back(c);
    }
    return places;
  }
  std::vector<std::string_view> names;
  for (const plan::TableColumn& column : table.columns) names.push_back(column.name);
  for (const Tree& column : columns.items) {
    const std::string& name = column.string("name");
    const auto found =
        static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
    if (found == names.size()) {
      return fail(ErrorCode::Binding,
                  fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table.name),
                  column.offset(), did_you_mean(name, names));
    }
    if (filled_by_sink(found)) {
      return fail(ErrorCode::Binding, fmt::format("column \"{}\" is filled by the sink", name),
                  column.offset(), "leave it out");
    }
    if (std::find(places.begin(), places.end(), found) != places.end()) {
      return fail(ErrorCode::Binding, fmt::format("column \"{}\" specified more than once", name),
                  column.offset());
    }
    places.push_back(found);
  }
  return places;
}

/// The query's columns as the table's, cast as assignments; columns that are not given are NULL.
Result<Relation> fit_columns(Context& context, const Relation& query, const plan::TableDefinition& table,
                             const Tree& columns, std::uint32_t offset) {
  DART_TRY(const std::vector<std::uint32_t> places, insert_places(table, columns));
  std::vector<const RelationColumn*> given;
  for (const RelationColumn& column : query.columns) {
    if (!column.hidden && !column.merged) given.push_back(&column);
  }
  if (given.size() > places.size() || (columns.present() && given.size() < places.size())) {
    return fail(ErrorCode::Binding,
                fmt::format("INSERT has {} expressions than target columns: {} for {}",
                            given.size() > places.size() ? "more" : "fewer", given.size(), places.size()),
                offset);
  }
  std::vector<OutputColumn> outputs;
  for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
    if (table.delay_column == c || table.op_column == c) continue;
    const plan::TableColumn& target = table.columns[c];
    const auto source = static_cast<std::size_t>(std::find(places.begin(), places.end(), c) - places.begin());
    if (source >= given.size()) {
      if (target.not_null) {
        return fail(ErrorCode::Binding,
                    fmt::format("column \"{}\" of relation \"{}\" is NOT NULL and gets no value", target.name,
                                table.name),
                    offset);
      }
      outputs.push_back({target.name, plan::make_literal(columnar::Value::null(target.type), offset), false});
      continue;
    }
    ExpressionPtr value = given[source]->untyped ? given[source]->untyped
                                                 : context.column(query, given[source]->column, offset);
    const LogicalType from = value->type;
    auto cast = plan::make_cast(std::move(value), target.type, columnar::CastKind::Assignment, offset);
    if (!cast && given[source]->untyped) return with_offset(std::move(cast).error(), offset);
    if (!cast) {
      return fail(ErrorCode::Binding,
                  fmt::format("column \"{}\" is of type {} but expression is of type {}", target.name,
                              to_string(target.type), to_string(from)),
                  offset, "cast it in the SELECT");
    }
    outputs.push_back({target.name, *std::move(cast), false});
  }
  std::vector<plan::SortKey> order = query.order;
  for (plan::SortKey& key : order) {
    outputs.push_back({"", context.column(query, key.column, offset), true});
    key.column = static_cast<std::uint32_t>(outputs.size() - 1);
  }
  Relation relation = context.project(query, std::move(outputs), offset);
  relation.order = std::move(order);
  relation.order_pending = query.order_pending;
  relation.order_offset = query.order_offset;
  return relation;
}

bool can_upsert(const Context& context, const plan::TableDefinition& table) {
  const auto& connectors = context.catalogue.connectors;
  return std::any_of(connectors.begin(), connectors.end(),
                     [&](const auto& entry) { return entry.name == table.connector && entry.upserts; });
}

Result<plan::NodeId> bind_insert(Context& context, const Tree& statement) {
  const std::string& name = statement["relation"].string("relname");
  const std::uint32_t offset = statement["relation"].offset();
  context.label.clear();
  const auto found = context.tables.find(name);
  if (found == context.tables.end()) {
    if (context.views.contains(name)) {
      return fail(ErrorCode::Binding, fmt::format("\"{}\" is a view: only a table can be written", name),
                  offset);
    }
    std::vector<std::string_view> names;
    for (const auto& [other, table] : context.tables) names.push_back(other);
    return fail(ErrorCode::Binding, fmt::format("relation \"{}\" does not exist", name), offset,
                did_you_mean(name, names));
  }
  const plan::TableDefinition table = context.plan.tables[found->second];
  if (!context.table_writable[found->second]) {
    return fail(
        ErrorCode::Binding,
        fmt::format("table \"{}\" cannot be written: connector \"{}\" only reads", name, table.connector),
        offset);
  }
  for (const std::string_view clause : {"onConflictClause", "returningList", "withClause"}) {
    if (!statement[clause].present()) continue;
    return fail(ErrorCode::Unsupported, "only INSERT INTO table [(columns)] SELECT ... is supported",
                statement[clause].location().value_or(offset),
                clause == "withClause"
                    ? "write WITH behind INSERT INTO table"
                    : "a PRIMARY KEY on the table makes a sink that can upsert replace rows");
  }
  const Tree& query = statement["selectStmt"];
  if (!query.present() || query["valuesLists"].present()) {
    return fail(ErrorCode::Unsupported, "INSERT needs a SELECT", query.location().value_or(offset),
                "connector 'datagen' or a file gives rows");
  }
  const bool upserts = can_upsert(context, table);
  if (!table.primary_key.empty() && !table.op_column && !upserts) {
    return fail(ErrorCode::Unsupported,
                fmt::format("table \"{}\" has a PRIMARY KEY, and connector \"{}\" cannot replace rows by it",
                            name, table.connector),
                offset, "leave PRIMARY KEY out, or add an op_column: every change is then written as a row");
  }
  DART_TRY(const Relation exact, bind_query(context, nullptr, query));
  DART_TRY(const Relation fitted,
           fit_columns(context, exact, table, statement["cols"], query["targetList"].offset()));
  DART_TRY(const Relation rows, emit(context, fitted, {}, offset));
  if (context.weighted(rows) && table.primary_key.empty() && !table.op_column) {
    return fail(
        ErrorCode::Binding,
        fmt::format("the rows of this query change after they were written, and table \"{}\" only appends",
                    name),
        offset,
        fmt::format(
            "give it {}an op_column, or read a materialized view WITH (emit = 'on_change' or 'final')",
            upserts ? "a PRIMARY KEY or " : ""));
  }
  return context.add_same(plan::Sink{found->second}, rows.node, offset);
}

/// A plain SELECT prints: a table of its own, whose columns are those of the query.
Result<plan::NodeId> bind_print(Context& context, const Tree& query, Outputs& outputs) {
  const std::uint32_t offset = query.offset();
  context.label.clear();
  DART_TRY(const Relation exact, bind_query(context, nullptr, query));
  Emission emission;
  emission.final_by_default = true;
  DART_TRY(const Relation rows, emit(context, exact, emission, offset));
  plan::TableDefinition table;
  table.name = fmt::format("query {}", outputs.printed.size() + 1);
  table.connector = "stdout";
  table.format = "table";
  if (context.weighted(rows)) {
    table.columns.push_back({"op", LogicalType::of(TypeId::Text), false});
    table.op_column = 0;
  }
  for (const RelationColumn& column : rows.columns) {
    table.columns.push_back({column.name, context.schema(rows)[column.column].type, false});
  }
  const auto place = static_cast<std::uint32_t>(context.plan.tables.size());
  context.plan.tables.push_back(std::move(table));
  context.table_readable.push_back(false);
  context.table_writable.push_back(true);
  context.table_bounded.push_back(false);
  outputs.printed.push_back(place);
  return context.add_same(plan::Sink{place}, rows.node, offset);
}

Result<plan::NodeId> bind_output_statement(Context& context, const Tree& statement, Outputs& outputs) {
  if (statement.is("InsertStmt")) return bind_insert(context, statement);
  return bind_print(context, statement, outputs);
}

}  // namespace

Status bind_statement(Context& context, const Tree& statement, Outputs& outputs) {
  if (statement.is("CreateStmt")) return bind_create_table(context, statement);
  if (statement.is("ViewStmt")) return bind_view(context, statement);
  if (statement.is("CreateFunctionStmt")) return bind_create_function(context, statement);
  if (statement.is("CreateTableAsStmt")) return bind_materialized_view(context, statement);
  if (statement.is("InsertStmt") || statement.is("SelectStmt")) {
    DART_TRY(const plan::NodeId sink, bind_output_statement(context, statement, outputs));
    outputs.sinks.push_back(sink);
    return {};
  }
  if (statement.is("ExplainStmt")) {
    const Tree& query = statement["query"];
    if (statement["options"].present()) {
      return fail(ErrorCode::Unsupported, "EXPLAIN has no options", statement["options"].offset());
    }
    if (!query.is("InsertStmt") && !query.is("SelectStmt")) {
      return fail(ErrorCode::Unsupported, "EXPLAIN takes a SELECT or an INSERT", query.location());
    }
    const std::vector<std::uint32_t> printed = outputs.printed;
    DART_TRY(const plan::NodeId sink, bind_output_statement(context, query, outputs));
    outputs.printed = printed;
    outputs.explained.push_back(sink);
    return {};
  }
  for (const Refusal& refusal : kRefused) {
    if (statement.is(refusal.node)) {
      return fail(ErrorCode::Unsupported, fmt::format("{} is not supported", refusal.statement),
                  statement.location(), std::string(refusal.hint));
    }
  }
  return fail(ErrorCode::Unsupported, fmt::format("this statement ({}) is not supported", statement.kind),
              statement.location());
}

}  // namespace dart::sql
