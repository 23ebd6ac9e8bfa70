#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dart::sql {

/// A script after psql's variables were put in, and the way back to the text as it was written.
class Substituted {
 public:
  std::string text;

  /// The offset in the original text for one in `text`; inside a value: where the variable stands.
  [[nodiscard]] std::uint32_t original(std::uint32_t offset) const;

  /// Copies a piece of the original that begins at `from`.
  void copy(std::string_view piece, std::size_t from);
  /// Puts a value in place of the variable that begins at `from`.
  void insert(std::string_view value, std::size_t from);

 private:
  struct Piece {
    std::uint32_t begin;  // in `text`
    std::uint32_t from;   // in the original
    bool copied;          // false: a value, all of it stands for `from`
  };
  std::vector<Piece> pieces_;
};

/// psql's variables: `:name` as it is, `:'name'` as a quoted literal, `:"name"` as a quoted identifier; not
/// inside strings, quoted names, comments and dollar quotes, and `::` is a cast. `\set name value` lines give
/// defaults; `variables` wins over them. An unknown variable and any other backslash command are errors.
[[nodiscard]] Result<Substituted> substitute_variables(std::string_view text,
                                                       const std::map<std::string, std::string>& variables);

}  // namespace dart::sql
