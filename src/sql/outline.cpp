#include "sql/outline.hpp"

#include "sql/expression_binder.hpp"
#include "sql/parse.hpp"

namespace dart::sql {

namespace {

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets a tree be
void add_names(const Tree& tree, std::set<std::string>& names) {
  // The target of an INSERT is no RangeVar by its kind.
  if (tree["relname"].present()) names.insert(tree.string("relname"));
  if (tree.is("FuncCall")) {
    const std::string name(last_name(tree["funcname"]));
    if (!is_built_in_function(name)) names.insert(name);
  }
  for (const TreeField& field : tree.fields) add_names(field.value, names);
  for (const Tree& item : tree.items) add_names(item, names);
}

/// A table may name another one, for late rows.
void add_side_table(const Tree& options, std::set<std::string>& names) {
  for (const Tree& option : options.items) {
    if (option.string("defname") != "late_table") continue;
    const Tree& value = option["arg"];
    names.insert(value.is("String") ? value.string("sval") : std::string(last_name(value["names"])));
  }
}

/// What a statement declares stands in it like what it mentions.
StatementOutline outline_of(const Tree& statement) {
  StatementOutline outline;
  if (statement.is("CreateStmt")) {
    outline.kind = StatementKind::Table;
    outline.name = statement["relation"].string("relname");
    add_side_table(statement["options"], outline.names);
    add_names(statement["tableElts"], outline.names);
    return outline;
  }
  if (statement.is("CreateFunctionStmt")) {
    outline.kind = StatementKind::Function;
    outline.name = last_name(statement["funcname"]);
    add_names(statement["sql_body"], outline.names);
    return outline;
  }
  if (statement.is("ViewStmt") || statement.is("CreateTableAsStmt")) {
    const bool view = statement.is("ViewStmt");
    outline.kind = view ? StatementKind::View : StatementKind::MaterializedView;
    outline.name = (view ? statement["view"] : statement["into"]["rel"]).string("relname");
    add_names(statement["query"], outline.names);
    return outline;
  }
  if (statement.is("InsertStmt") || statement.is("SelectStmt")) outline.kind = StatementKind::Query;
  if (statement.is("ExplainStmt")) outline.kind = StatementKind::Explain;
  add_names(statement, outline.names);
  return outline;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n;";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlank) + 1 - first));
}

}  // namespace

std::set<std::string> ScriptOutline::missing() const {
  std::set<std::string> names;
  for (const auto& statement : statements) names.insert(statement.names.begin(), statement.names.end());
  for (const auto& statement : statements) names.erase(statement.name);
  return names;
}

Result<ScriptOutline> outline(std::string_view text, const std::map<std::string, std::string>& variables) {
  DART_TRY(const Substituted script, read_script(text, variables));
  DART_TRY(const auto statements, parse(script));
  ScriptOutline result;
  result.text = script.text;
  for (const Statement& statement : statements) {
    StatementOutline one = outline_of(statement.tree);
    one.text = trimmed(std::string_view(script.text).substr(statement.begin, statement.length));
    result.statements.push_back(std::move(one));
  }
  return result;
}

}  // namespace dart::sql
