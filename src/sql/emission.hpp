#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"

namespace dart::sql {

/// How the one who reads a query wants its output; nothing asked for: the default of DESIGN's rules, which is
/// final rows per window where groups are windows, otherwise changes.
struct Emission {
  std::optional<plan::EmitMode> mode;
  std::vector<std::string> ignored;  ///< columns, OnChange only
  std::uint32_t offset = 0;          ///< where it was asked for
  bool final_by_default = false;     ///< a plain SELECT: once at the end, when the input has one
};

/// The visible columns of the relation as its reader gets them.
[[nodiscard]] Result<Relation> emit(Context& context, const Relation& relation, const Emission& emission,
                                    std::uint32_t offset);

}  // namespace dart::sql
