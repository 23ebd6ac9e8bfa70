#include "columnar/overload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "columnar/function.hpp"
#include "columnar/numeric_math.hpp"
#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

// TypeId::Null as a parameter: any type, the same in all such places.
constexpr TypeId kAny = TypeId::Null;

enum class Category : std::uint8_t { Any, Bool, Number, String, Time, Span, Json };

Category category_of(TypeId type) {
  switch (type) {
    case TypeId::Null:
      return Category::Any;
    case TypeId::Bool:
      return Category::Bool;
    case TypeId::Int:
    case TypeId::BigInt:
    case TypeId::Double:
    case TypeId::Numeric:
      return Category::Number;
    case TypeId::Text:
      return Category::String;
    case TypeId::Timestamp:
    case TypeId::TimestampTz:
      return Category::Time;
    case TypeId::Interval:
      return Category::Span;
    case TypeId::Jsonb:
      return Category::Json;
  }
  return Category::Any;
}

bool is_preferred(TypeId type) {
  return type == TypeId::Double || type == TypeId::Text || type == TypeId::TimestampTz ||
         type == TypeId::Bool || type == TypeId::Interval;
}

bool implicitly_castable(TypeId from, TypeId to) {
  if (from == to || from == TypeId::Null || to == kAny) return true;
  if (category_of(from) == Category::Number && category_of(to) == Category::Number) {
    const auto rank = [](TypeId type) {
      return type == TypeId::Int ? 0 : (type == TypeId::BigInt ? 1 : (type == TypeId::Numeric ? 2 : 3));
    };
    return rank(from) < rank(to);
  }
  return from == TypeId::Timestamp && to == TypeId::TimestampTz;
}

TypeId parameter_at(const Signature& signature, std::size_t i) {
  return signature.parameters[std::min(i, signature.parameters.size() - 1)];
}

bool takes_count(const Signature& signature, std::size_t count) {
  return count == signature.parameters.size() || (signature.variadic && count > signature.parameters.size());
}

bool reachable(const Signature& signature, std::span<const LogicalType> types) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!implicitly_castable(types[i].id, parameter_at(signature, i))) return false;
  }
  return true;
}

using Candidates = std::vector<std::size_t>;

// Keeps the candidates for which `count` is highest.
template <class F>
void keep_best(Candidates& candidates, F count) {
  int best = 0;
  for (const std::size_t c : candidates) best = std::max(best, count(c));
  std::erase_if(candidates, [&](std::size_t c) { return count(c) < best; });
}

// The rules of chapter 10.3, step 4, one after the other until one candidate is left.
class Chooser {
 public:
  Chooser(std::span<const Signature> signatures, std::span<const LogicalType> types)
      : signatures_(signatures), types_(types) {}

  void narrow(Candidates& candidates) const {
    keep_best(candidates,
              [&](std::size_t c) { return places(c, [&](std::size_t i, TypeId p) { return exact(i, p); }); });
    if (candidates.size() <= 1) return;
    keep_best(candidates, [&](std::size_t c) {
      return places(c, [&](std::size_t i, TypeId p) {
        return exact(i, p) || (types_[i].id != TypeId::Null && is_preferred(p));
      });
    });
    if (candidates.size() <= 1 || !has_unknown()) return;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      if (types_[i].id == TypeId::Null) narrow_unknown(candidates, i);
    }
    if (candidates.size() > 1) assume_same_type(candidates);
  }

 private:
  template <class F>
  int places(std::size_t candidate, F holds) const {
    int count = 0;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      count += holds(i, parameter_at(signatures_[candidate], i)) ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] bool exact(std::size_t i, TypeId parameter) const {
    return types_[i].id != TypeId::Null && (types_[i].id == parameter || parameter == kAny);
  }
  [[nodiscard]] bool has_unknown() const {
    return std::ranges::any_of(types_, [](LogicalType type) { return type.id == TypeId::Null; });
  }

  // An untyped literal: text when some candidate takes it there, else the one category that all take.
  void narrow_unknown(Candidates& candidates, std::size_t i) const {
    const auto category = [&](std::size_t c) { return category_of(parameter_at(signatures_[c], i)); };
    Category wanted = category(candidates.front());
    if (std::ranges::any_of(candidates, [&](std::size_t c) { return category(c) == Category::String; })) {
      wanted = Category::String;
    } else if (std::ranges::any_of(candidates, [&](std::size_t c) { return category(c) != wanted; })) {
      return;
    }
    Candidates kept = candidates;
    std::erase_if(kept, [&](std::size_t c) { return category(c) != wanted; });
    Candidates preferred = kept;
    std::erase_if(preferred, [&](std::size_t c) { return !is_preferred(parameter_at(signatures_[c], i)); });
    candidates = preferred.empty() ? kept : preferred;
  }

  // When all typed arguments have one type, the untyped ones are taken for the same.
  void assume_same_type(Candidates& candidates) const {
    TypeId same = TypeId::Null;
    for (const LogicalType type : types_) {
      if (type.id == TypeId::Null) continue;
      if (same != TypeId::Null && same != type.id) return;
      same = type.id;
    }
    if (same == TypeId::Null) return;
    Candidates kept = candidates;
    std::erase_if(kept, [&](std::size_t c) {
      return places(c, [&](std::size_t, TypeId p) { return !implicitly_castable(same, p); }) > 0;
    });
    if (kept.size() == 1) candidates = kept;
  }

  std::span<const Signature> signatures_;
  std::span<const LogicalType> types_;
};

bool is_operator(std::string_view name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) == 0 && name.front() != '_';
}

// numeric(n, s) as narrow as a literal allows, so that it does not widen what it meets.
LogicalType numeric_for_literal(const Value& literal) {
  const std::string text = literal.to_string();
  int digits = 0;
  int scale = 0;
  bool behind = false;
  for (const char c : trim_space(text)) {
    if (c == '.') {
      behind = true;
    } else if (c >= '0' && c <= '9') {
      (behind ? scale : digits) += 1;
    } else if (c != '-' && c != '+') {
      return LogicalType::numeric(kMaxPrecision, kDefaultScale);
    }
  }
  return numeric_with(std::max(digits, 1), scale);
}

// The exact type of a parameter for this argument.
LogicalType type_for(TypeId parameter, LogicalType argument, const Value* literal) {
  if (parameter != TypeId::Numeric) return LogicalType::of(parameter);
  if (argument.id == TypeId::Numeric) return argument;
  if (literal != nullptr && !literal->is_null()) return numeric_for_literal(*literal);
  if (argument.id == TypeId::Int) return LogicalType::numeric(10, 0);
  if (argument.id == TypeId::BigInt) return LogicalType::numeric(19, 0);
  return LogicalType::numeric(kMaxPrecision, kDefaultScale);
}

std::string signature_text(std::string_view name, const Signature& signature) {
  std::vector<std::string> parts;
  for (const TypeId type : signature.parameters) {
    parts.push_back(type == kAny              ? "any"
                    : type == TypeId::Numeric ? "numeric"
                                              : to_string(LogicalType::of(type)));
  }
  if (is_operator(name)) {
    if (parts.size() == 1) return fmt::format("{} {}", name, parts[0]);
    return fmt::format("{} {} {}", parts[0], name, parts[1]);
  }
  return fmt::format("{}({}{})", name, fmt::join(parts, ", "), signature.variadic ? ", ..." : "");
}

tl::unexpected<Error> no_match(std::string_view name, std::span<const Signature> signatures,
                               std::span<const LogicalType> types, std::string_view problem) {
  constexpr std::size_t kShown = 6;
  std::vector<std::string> shown;
  for (const Signature& signature : signatures) {
    if (shown.size() == kShown) {
      shown.emplace_back("...");
      break;
    }
    shown.push_back(signature_text(name, signature));
  }
  return fail(
      ErrorCode::Binding,
      fmt::format("{} {}: {}", is_operator(name) ? "operator" : "function", problem, call_text(name, types)),
      std::nullopt, fmt::format("there is {}; add explicit casts", fmt::join(shown, ", ")));
}

}  // namespace

std::string call_text(std::string_view name, std::span<const LogicalType> types) {
  std::vector<std::string> parts;
  for (const LogicalType type : types) parts.push_back(to_string(type));
  if (is_operator(name) && parts.size() == 1) return fmt::format("{} {}", name, parts[0]);
  if (is_operator(name) && parts.size() == 2) return fmt::format("{} {} {}", parts[0], name, parts[1]);
  return fmt::format("{}({})", name, fmt::join(parts, ", "));
}

std::vector<const Value*> Overload::constant_pointers(std::span<const Value* const> literals) const {
  std::vector<const Value*> pointers(parameters.size(), nullptr);
  for (std::size_t i = 0; i < literals.size(); ++i) {
    if (literals[i] != nullptr) pointers[i] = &constants[i];
  }
  return pointers;
}

Result<Overload> choose_overload(std::string_view name, std::span<const Signature> signatures,
                                 std::span<const LogicalType> types,
                                 std::span<const Value* const> constants) {
  // An operator with one untyped literal: first as if both sides had the same type.
  std::vector<LogicalType> guess(types.begin(), types.end());
  if (is_operator(name) && types.size() == 2 &&
      (types[0].id == TypeId::Null) != (types[1].id == TypeId::Null)) {
    guess[types[0].id == TypeId::Null ? 0 : 1] = types[types[0].id == TypeId::Null ? 1 : 0];
  }
  Candidates candidates;
  Candidates exact;
  for (std::size_t c = 0; c < signatures.size(); ++c) {
    if (!takes_count(signatures[c], types.size()) || !reachable(signatures[c], types)) continue;
    candidates.push_back(c);
    bool same = true;
    for (std::size_t i = 0; i < guess.size(); ++i)
      same = same && guess[i].id == parameter_at(signatures[c], i);
    if (same) exact.push_back(c);
  }
  if (candidates.empty()) return no_match(name, signatures, types, "does not exist");
  if (!exact.empty()) {
    candidates = {exact.front()};
  } else if (candidates.size() > 1) {
    Chooser(signatures, types).narrow(candidates);
  }
  if (candidates.size() > 1) return no_match(name, signatures, types, "is not unique");

  Overload chosen;
  chosen.index = candidates.front();
  const Signature& signature = signatures[chosen.index];
  std::vector<LogicalType> any;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (parameter_at(signature, i) == kAny) any.push_back(types[i]);
  }
  LogicalType common = LogicalType::of(TypeId::Text);
  if (!any.empty() && !signature.mixed) {
    DART_TRY(common, common_type(any));
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeId parameter = parameter_at(signature, i);
    const Value* const literal = i < constants.size() ? constants[i] : nullptr;
    if (parameter == kAny && signature.mixed && types[i].id != TypeId::Null) {
      chosen.parameters.push_back(types[i]);
    } else {
      chosen.parameters.push_back(parameter == kAny ? common : type_for(parameter, types[i], literal));
    }
    chosen.constants.emplace_back();
    if (literal != nullptr) {
      DART_TRY(chosen.constants.back(), cast_value(*literal, chosen.parameters.back()));
    }
  }
  return chosen;
}

}  // namespace dart::columnar
