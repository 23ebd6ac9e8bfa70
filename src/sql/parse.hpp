#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/tree.hpp"
#include "sql/variables.hpp"

namespace dart::sql {

/// A script with psql's variables put in; an Error for one that is too long, or holds a zero byte.
[[nodiscard]] Result<Substituted> read_script(std::string_view text,
                                              const std::map<std::string, std::string>& variables);

struct Statement {
  Tree tree;
  std::size_t begin = 0;   ///< in the text that was parsed, perhaps with blanks in front
  std::size_t length = 0;  ///< without a semicolon
};

/// The statements of a script as PostgreSQL 15's own grammar reads them, locations already those of the
/// original text. What looks like the SQL of another streaming engine gets a hint how it is written here.
[[nodiscard]] Result<std::vector<Statement>> parse(const Substituted& script);

}  // namespace dart::sql
