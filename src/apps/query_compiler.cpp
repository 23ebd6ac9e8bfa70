#include "apps/query_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <variant>

#include "connectors/catalogue.hpp"
#include "placement/limits.hpp"
#include "plan/distribution.hpp"
#include "sql/compile.hpp"

namespace dart::apps {

namespace {

constexpr unsigned kWrong = 422;

using api::QueryFailure;

tl::unexpected<QueryFailure> wrong(std::string message, std::string hint = {}) {
  return tl::unexpected(QueryFailure{kWrong, std::move(message), std::move(hint)});
}

std::string shown_name(const api::Submission& submission) {
  return submission.file_name.empty() ? "query.sql" : submission.file_name;
}

/// With line, column and caret where the error is one of the text that was handed in, behind `before` bytes.
tl::unexpected<QueryFailure> wrong_text(const api::Submission& submission, Error error, std::size_t before) {
  const bool inside =
      error.offset && *error.offset >= before && *error.offset <= before + submission.sql.size();
  if (!inside) return wrong(error.message, error.hint);
  error.offset = static_cast<std::uint32_t>(*error.offset - before);
  return wrong(sql::format_error(submission.sql, shown_name(submission), error));
}

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

bool is_query(sql::StatementKind kind) {
  return kind == sql::StatementKind::Query || kind == sql::StatementKind::MaterializedView;
}

/// The last materialized view; null: none.
const sql::StatementOutline* view_of(const sql::ScriptOutline& outline) {
  const sql::StatementOutline* view = nullptr;
  for (const auto& statement : outline.statements) {
    if (statement.kind == sql::StatementKind::MaterializedView) view = &statement;
  }
  return view;
}

api::QueryResult<std::string> name_of(const api::Submission& submission, const sql::ScriptOutline& outline) {
  std::string name = submission.name;
  if (const auto* view = view_of(outline); name.empty() && view != nullptr) name = view->name;
  if (name.empty()) name = std::filesystem::path(submission.file_name).stem().string();
  if (name.empty()) {
    return wrong("the query has no name", "give one, or CREATE MATERIALIZED VIEW name AS …");
  }
  const bool fits = name.size() < placement::limits::kNameBytes &&
                    std::none_of(name.begin(), name.end(), [](char c) { return c >= '\0' && c < ' '; });
  if (!fits) {
    return wrong(
        fmt::format("a name has 1 to {} bytes and no control characters", placement::limits::kNameBytes - 1));
  }
  return name;
}

std::string prefix_of(const std::vector<CatalogueText>& catalogue) {
  std::string prefix;
  for (const auto& entry : catalogue) prefix += entry.text + ";\n";
  return prefix;
}

/// About what a row takes on its way.
double bytes_of(const plan::RowShape& shape) {
  double bytes = 0;
  for (const auto& type : shape.types) bytes += type.id == columnar::TypeId::Text ? 16 : 8;
  return bytes;
}

/// Rows out for each row in, guessed from what stands in the stage.
double selectivity_of(const plan::Distribution& cut, const plan::RingStage& stage) {
  constexpr double kFilter = 0.5;
  constexpr double kAggregate = 0.1;
  double share = 1;
  for (const plan::NodeId node : stage.nodes) {
    const auto& kind = cut.plan.nodes[node].kind;
    if (std::holds_alternative<plan::Filter>(kind)) share *= kFilter;
    if (std::holds_alternative<plan::Aggregate>(kind)) share *= kAggregate;
  }
  return share;
}

/// Rows a second of a reader, where the table says so; 0: nobody knows.
double rate_of(const plan::TableDefinition& table) {
  const columnar::Value* rate = plan::find_option(table.options, "rate");
  return rate == nullptr || rate->is_null() ? 0 : rate->real();
}

placement::StageShape shape_of(const plan::Distribution& cut, const plan::RingStage& stage,
                               const overlay::NodeHandle& here) {
  placement::StageShape shape;
  shape.role = static_cast<placement::StageRole>(stage.role);
  shape.partitions = stage.partitions;
  if (stage.table) {
    shape.label = cut.plan.tables[*stage.table].label;
    if (shape.label.empty()) shape.nodes = {here};
    shape.rows_per_s = rate_of(cut.plan.tables[*stage.table]);
  }
  for (const std::size_t exchange : stage.outputs) {
    shape.bytes_per_row = std::max(shape.bytes_per_row, bytes_of(plan::row_shape(cut, exchange)));
  }
  shape.selectivity = selectivity_of(cut, stage);
  return shape;
}

}  // namespace

const char* declared_kind(const sql::StatementOutline& declaration) {
  if (declaration.kind == sql::StatementKind::Table) return "table";
  return declaration.kind == sql::StatementKind::Function ? "function" : "view";
}

api::QueryResult<std::set<std::string>> names_needed(const api::Submission& submission) {
  auto outline = sql::outline(submission.sql, submission.variables);
  if (!outline) return wrong_text(submission, outline.error(), 0);
  return outline->missing();
}

api::QueryResult<CompiledScript> compile_script(const api::Submission& submission,
                                                const std::vector<CatalogueText>& catalogue) {
  const auto outline = sql::outline(submission.sql, submission.variables);
  if (!outline) return wrong_text(submission, outline.error(), 0);
  const auto& statements = outline->statements;
  if (statements.empty()) return wrong("the script has no statement");
  const bool query =
      std::any_of(statements.begin(), statements.end(), [](const auto& one) { return is_query(one.kind); });
  const bool read = std::any_of(statements.begin(), statements.end(),
                                [](const auto& one) { return one.kind == sql::StatementKind::Query; });
  CompiledScript script;
  if (query) {
    auto name = name_of(submission, *outline);
    if (!name) return tl::unexpected(name.error());
    script.name = *std::move(name);
  }
  const std::string prefix = prefix_of(catalogue);
  std::string text = prefix + submission.sql;
  if (query && !read) text += "\n;SELECT * FROM " + quoted(view_of(*outline)->name);
  auto compiled = sql::compile(text, submission.variables, connectors::catalogue());
  if (!compiled) return wrong_text(submission, compiled.error(), prefix.size());
  script.text = outline->text;
  script.plan = std::move(compiled->plan);
  if (query) return script;
  for (const auto& statement : statements) {
    if (!statement.name.empty()) script.declarations.push_back(statement);
  }
  if (script.declarations.empty()) {
    return wrong("the script neither declares anything nor asks for rows", "write a SELECT, or a CREATE");
  }
  return script;
}

api::QueryResult<placement::QuerySpec> spec_of(const CompiledScript& script,
                                               const api::Submission& submission,
                                               const overlay::NodeHandle& here) {
  auto cut = plan::distribute(script.plan, {submission.partitions});
  if (!cut) return wrong(cut.error().message, cut.error().hint);
  placement::QuerySpec spec;
  spec.name = script.name;
  spec.text = script.text;
  spec.program = plan::encode(*cut);
  spec.policy = submission.policy;
  if (submission.on_partition == "pause") spec.on_partition = placement::OnPartition::Pause;
  for (const auto& stage : cut->stages) spec.stages.push_back(shape_of(*cut, stage, here));
  for (const auto& exchange : cut->exchanges) {
    const placement::EdgeShape edge{static_cast<std::uint32_t>(exchange.from_stage),
                                    static_cast<std::uint32_t>(exchange.to_stage),
                                    static_cast<placement::EdgeKind>(exchange.kind)};
    const bool there = std::any_of(spec.edges.begin(), spec.edges.end(), [&](const auto& one) {
      return one.from == edge.from && one.to == edge.to && one.kind == edge.kind;
    });
    if (!there) spec.edges.push_back(edge);
  }
  return spec;
}

std::vector<std::string> stage_names(const placement::QuerySpec& spec) {
  const auto cut = plan::decode_distribution(spec.program);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    switch (spec.stages[i].role) {
      case placement::StageRole::Source: {
        const bool known = cut && i < cut->stages.size() && cut->stages[i].table;
        names.push_back(known ? "source " + cut->plan.tables[*cut->stages[i].table].name : "source");
        break;
      }
      case placement::StageRole::Combine:
        names.emplace_back("combine");
        break;
      case placement::StageRole::Main:
        names.emplace_back("main");
        break;
      case placement::StageRole::Result:
        names.emplace_back("result");
        break;
    }
  }
  return names;
}

}  // namespace dart::apps
