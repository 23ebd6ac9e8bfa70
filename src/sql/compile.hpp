#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "plan/catalogue.hpp"
#include "plan/plan.hpp"

namespace dart::sql {

/// What a script asks for.
struct Script {
  /// Every INSERT ... SELECT and plain SELECT, joined to one graph; without sinks there is nothing to run.
  plan::Plan plan;
  /// Tables of `plan` that stand for plain SELECTs: connector 'stdout', format 'table', the output's columns.
  /// The caller may put in another format before it runs the plan. A changelog has a first column "op".
  std::vector<std::uint32_t> printed;
  /// The texts that EXPLAIN statements print, in order.
  std::vector<std::string> explanations;
};

/// Compiles a script: psql's variables, CREATE TABLE / VIEW / MATERIALIZED VIEW, INSERT INTO ... SELECT,
/// SELECT and EXPLAIN. Names are looked up in the catalogue, functions in columnar's lists. An Error's offset
/// is one of `text`.
[[nodiscard]] Result<Script> compile(std::string_view text,
                                     const std::map<std::string, std::string>& variables,
                                     const plan::Catalogue& catalogue);

/// The error as a compiler prints it: "file.sql:12:7: error: ...; hint", the line, and a caret below the
/// place.
[[nodiscard]] std::string format_error(std::string_view text, std::string_view file_name, const Error& error);

}  // namespace dart::sql
