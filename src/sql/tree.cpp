#include "sql/tree.hpp"

#include <algorithm>

namespace dart::sql {

const Tree& Tree::operator[](std::string_view name) const {
  static const Tree kAbsent;
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; });
  return found == fields.end() ? kAbsent : found->value;
}

std::optional<std::uint32_t> Tree::location() const {
  const Tree& own = (*this)["location"];
  if (own.present() && own.number >= 0) return static_cast<std::uint32_t>(own.number);
  std::optional<std::uint32_t> first;
  const auto consider = [&](const Tree& inner) {
    const auto place = inner.location();
    if (place && (!first || *place < *first)) first = place;
  };
  for (const auto& [name, inner] : fields) consider(inner);
  for (const Tree& inner : items) consider(inner);
  return first;
}

std::string_view last_name(const Tree& names) {
  return names.items.empty() ? std::string_view{} : std::string_view(names.items.back().string("sval"));
}

}  // namespace dart::sql
