#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dart::sql {

enum class StatementKind : std::uint8_t { Table, View, Function, MaterializedView, Query, Explain, Other };

/// A statement as far as its form tells.
struct StatementOutline {
  StatementKind kind = StatementKind::Other;
  std::string name;  ///< of what it declares
  std::string text;  ///< psql's variables put in, without a semicolon
  /// Relations that it mentions, those of its own WITH clauses too, and functions that are not built in.
  std::set<std::string> names;
};

/// A script as far as its form tells; what its names stand for is not looked at.
struct ScriptOutline {
  std::string text;  ///< psql's variables put in
  std::vector<StatementOutline> statements;

  /// Relations and functions that are mentioned and not declared, so that they have to come from elsewhere.
  [[nodiscard]] std::set<std::string> missing() const;
};

/// An Error's offset is one of `text`.
[[nodiscard]] Result<ScriptOutline> outline(std::string_view text,
                                            const std::map<std::string, std::string>& variables);

}  // namespace dart::sql
