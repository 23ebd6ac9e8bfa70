#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "columnar/function.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/overload.hpp"

namespace dart::columnar {
namespace {

using Index = std::unordered_map<std::string_view, std::vector<const ScalarFunction*>>;

const Index& index_by_name() {
  static const Index kIndex = [] {
    Index index;
    for (const ScalarFunction& function : scalar_functions()) index[function.name].push_back(&function);
    return index;
  }();
  return kIndex;
}

// Changed, missing, added and swapped letters between two words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

tl::unexpected<Error> unknown_function(std::string_view name, std::span<const LogicalType> types) {
  std::vector<std::string_view> names;
  for (const auto& entry : index_by_name()) names.push_back(entry.first);
  std::ranges::sort(names);
  const std::string near = nearest_name(name, names);
  return fail(ErrorCode::Binding, fmt::format("function does not exist: {}", call_text(name, types)),
              std::nullopt, near.empty() ? std::string() : fmt::format("did you mean {}?", near));
}

}  // namespace

std::span<const ScalarFunction> scalar_functions() {
  static const std::vector<ScalarFunction> kAll = [] {
    std::vector<ScalarFunction> all;
    for (const auto list : {arithmetic_functions, comparison_functions, conditional_functions,
                            format_functions, json_functions, like_functions, logic_functions, math_functions,
                            numeric_functions, numeric_math_functions, pattern_functions, rounding_functions,
                            text_functions, text_more_functions, time_functions, width_bucket_functions}) {
      const auto part = list();
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kAll;
}

Result<ResolvedFunction> resolve_function(std::string_view name, std::span<const LogicalType> types,
                                          std::span<const Value* const> constants) {
  const auto found = index_by_name().find(name);
  if (found == index_by_name().end()) return unknown_function(name, types);
  const std::vector<const ScalarFunction*>& functions = found->second;
  std::vector<Signature> signatures;
  for (const ScalarFunction* function : functions)
    signatures.push_back({function->parameters, function->variadic, function->mixed});
  DART_TRY(const Overload chosen, choose_overload(name, signatures, types, constants));
  DART_TRY(BoundFunction bound,
           functions[chosen.index]->bind(chosen.parameters, chosen.constant_pointers(constants)));
  return ResolvedFunction{chosen.parameters, std::move(bound)};
}

bool is_scalar_function(std::string_view name) { return index_by_name().contains(name); }

std::string nearest_name(std::string_view name, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : names) {
    const std::size_t distance = edit_distance(name, candidate);
    // A word of which nothing is left is not near.
    if (distance < least && distance < std::min(name.size(), candidate.size())) {
      least = distance;
      nearest = candidate;
    }
  }
  return std::string(nearest);
}

}  // namespace dart::columnar
