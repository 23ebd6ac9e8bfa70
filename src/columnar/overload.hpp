#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "columnar/types.hpp"
#include "columnar/value.hpp"

namespace dart::columnar {

/// One signature to choose from, of a scalar function or an aggregate (see ScalarFunction::parameters).
struct Signature {
  std::span<const TypeId> parameters;
  bool variadic = false;
  bool mixed = false;
};

/// The chosen signature, the exact types that the arguments have to be cast to, and the literals among the
/// arguments already cast to them (NULL of unknown type where the argument is no literal).
struct Overload {
  std::size_t index = 0;
  std::vector<LogicalType> parameters;
  std::vector<Value> constants;
  /// Points into `constants` where the argument is a literal, otherwise null; what `bind` takes. Good as long
  /// as this object is neither copied nor moved.
  [[nodiscard]] std::vector<const Value*> constant_pointers(std::span<const Value* const> literals) const;
};

/// PostgreSQL 15's rules (chapters 10.2 and 10.3): an exact match, else the reachable signature with the most
/// exact places, then preferred types, then the guess that an untyped literal has the type of the others.
[[nodiscard]] Result<Overload> choose_overload(std::string_view name, std::span<const Signature> signatures,
                                               std::span<const LogicalType> types,
                                               std::span<const Value* const> constants);

/// "round(numeric(9,2), integer)", or "text + integer" for an operator.
[[nodiscard]] std::string call_text(std::string_view name, std::span<const LogicalType> types);

}  // namespace dart::columnar
