#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "columnar/value.hpp"
#include "plan/catalogue.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// The options of one WITH (...): each is taken once by its name; what is left over is unknown.
class OptionList {
 public:
  /// `what` names the owner for messages ("table \"trips\"").
  [[nodiscard]] static Result<OptionList> read(const Tree& options, std::string what);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Where the option stands; 0 when it is not there.
  [[nodiscard]] std::uint32_t offset(std::string_view name) const;
  /// The option as text, when it was given.
  [[nodiscard]] Result<std::optional<std::string>> take_text(std::string_view name);
  /// Microseconds: '5 s'.
  [[nodiscard]] Result<std::optional<std::int64_t>> take_interval(std::string_view name);
  /// The option as the catalogue wants it, when it was given.
  [[nodiscard]] Result<std::optional<columnar::Value>> take(const plan::OptionSpec& spec);
  /// The names given for a spec called "*.suffix", one for each of a table's columns that has it.
  [[nodiscard]] std::vector<std::string> names_like(std::string_view pattern) const;
  /// An Error about the first option that nobody took; `known` are the names that would have been taken.
  [[nodiscard]] Status refuse_rest(const std::vector<std::string_view>& known) const;

 private:
  struct Option {
    std::string name;
    std::string text;   ///< as written, without quotes
    bool given = true;  ///< false: a name alone, which means true
    std::uint32_t offset = 0;
    bool taken = false;
  };
  [[nodiscard]] const Option* find(std::string_view name) const;
  Option* take_option(std::string_view name);

  std::string what_;
  std::vector<Option> options_;
};

/// 'a, b , c' as names.
[[nodiscard]] std::vector<std::string> split_names(std::string_view list);

}  // namespace dart::sql
