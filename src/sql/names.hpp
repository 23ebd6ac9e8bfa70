#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"

namespace dart::sql {

/// `did you mean "x"?` for the nearest of the names; empty when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string_view> names);

/// The column that `name` or `qualifier.name` means; PostgreSQL's messages when there is none or more than
/// one.
[[nodiscard]] Result<const RelationColumn*> find_column(const Relation& relation, std::string_view qualifier,
                                                        std::string_view name, std::uint32_t offset);
/// What `*` or `qualifier.*` stands for, in order.
[[nodiscard]] Result<std::vector<const RelationColumn*>> star_columns(const Relation& relation,
                                                                      std::string_view qualifier,
                                                                      std::uint32_t offset);
/// The CTE, view or table of that name, qualified by it.
[[nodiscard]] Result<Relation> find_relation(Context& context, const CteScope* ctes, const std::string& name,
                                             std::uint32_t offset);
/// `AS alias (a, b)`: the qualifier, and the first columns' names. PostgreSQL's Alias node; may be absent.
[[nodiscard]] Status apply_alias(Relation& relation, const Tree& alias, std::uint32_t offset);
/// Gives the visible columns new names, from the first on.
[[nodiscard]] Status rename_columns(Relation& relation, const Tree& names, std::string_view what,
                                    std::uint32_t offset);
/// The name of an unnamed output column, as PostgreSQL gives it: of a column, a function, or "?column?".
[[nodiscard]] std::string output_name(const Tree& expression);

}  // namespace dart::sql
