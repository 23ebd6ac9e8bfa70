#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/queries_port.hpp"
#include "overlay/node_handle.hpp"
#include "placement/plan_record.hpp"
#include "plan/plan.hpp"
#include "sql/outline.hpp"

namespace dart::apps {

/// A statement of the ring's catalogue.
struct CatalogueText {
  std::string kind;  ///< "table", "view" or "function"
  std::string name;
  std::string text;
  std::set<std::string> names;  ///< relations and functions that it mentions
};

/// What a script is, once it compiles.
struct CompiledScript {
  std::string name;                                 ///< of the query; empty: the script has none
  std::string text;                                 ///< variables put in
  plan::Plan plan;                                  ///< of the query
  std::vector<sql::StatementOutline> declarations;  ///< of a script without a query: for the catalogue
};

/// Pure, and so long (parsing and planning) that no loop should do it.
///
/// The kind of what a statement declares, as the catalogue calls it.
[[nodiscard]] const char* declared_kind(const sql::StatementOutline& declaration);
/// Names of relations and functions that a script needs from the catalogue.
[[nodiscard]] api::QueryResult<std::set<std::string>> names_needed(const api::Submission& submission);
/// Compiles a script behind the statements of the catalogue that it needs. A script with a SELECT, an INSERT
/// or a materialized view is a query; a materialized view that nobody reads is read by a SELECT of its own.
[[nodiscard]] api::QueryResult<CompiledScript> compile_script(const api::Submission& submission,
                                                              const std::vector<CatalogueText>& catalogue);
/// Cuts the query and describes it for placement. Tables that are bound to no node belong to `here`.
[[nodiscard]] api::QueryResult<placement::QuerySpec> spec_of(const CompiledScript& script,
                                                             const api::Submission& submission,
                                                             const overlay::NodeHandle& here);

/// "source trips", "combine", "main" or "result", by stage.
[[nodiscard]] std::vector<std::string> stage_names(const placement::QuerySpec& spec);

}  // namespace dart::apps
