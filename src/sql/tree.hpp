#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dart::sql {

struct TreeField;

/// A node of PostgreSQL's parse tree: its kind ("ColumnRef", empty for plain records), its fields by name, or
/// a list, or one scalar. Fields that hold their default (0, false, empty) are absent, as libpg_query leaves
/// them out; asking for one gives an absent tree, so that a chain of look-ups never fails. Locations are
/// offsets into the text as the user wrote it.
struct Tree {
  enum class Form : std::uint8_t { Absent, Record, List, Text, Number, Flag };

  Form form = Form::Absent;
  std::string kind;
  std::vector<TreeField> fields;  ///< Record
  std::vector<Tree> items;        ///< List
  std::string text;               ///< Text
  std::int64_t number = 0;        ///< Number

  [[nodiscard]] bool present() const { return form != Form::Absent; }
  [[nodiscard]] bool is(std::string_view name) const { return kind == name; }
  /// The field, or the absent tree.
  [[nodiscard]] const Tree& operator[](std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const { return (*this)[name].number != 0; }
  /// The text of a field, empty when it is absent.
  [[nodiscard]] const std::string& string(std::string_view name) const { return (*this)[name].text; }
  /// Where the node stands in the text: its own location, or else the first one inside it.
  [[nodiscard]] std::optional<std::uint32_t> location() const;
  /// location(), or 0.
  [[nodiscard]] std::uint32_t offset() const { return location().value_or(0); }
};

/// One field of a record.
struct TreeField {
  std::string name;
  Tree value;
};

/// The last of a list of String nodes ("pg_catalog.int4" -> "int4"); empty for no list.
[[nodiscard]] std::string_view last_name(const Tree& names);

}  // namespace dart::sql
