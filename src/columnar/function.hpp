#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "columnar/value.hpp"
#include "columnar/vector.hpp"

namespace dart::columnar {

/// Why single rows could not be computed. The reasons are texts with static life ("division by zero"),
/// the same as PostgreSQL's messages; counters are kept by them.
class RowErrors {
 public:
  struct Mark {
    std::uint32_t row;
    const char* reason;
  };
  void mark(std::size_t row, const char* reason) {
    marks_.push_back({static_cast<std::uint32_t>(row), reason});
  }
  [[nodiscard]] bool empty() const { return marks_.empty(); }
  [[nodiscard]] const std::vector<Mark>& marks() const { return marks_; }
  void clear() { marks_.clear(); }

 private:
  std::vector<Mark> marks_;
};

/// One evaluation of a function over rows [0, rows). Arguments are flat or constant (use Vector::at). `out`
/// is already reset to the result type with room for `rows`; for a function that propagates NULL the rows
/// with a NULL argument are already NULL in `out` and their values may be anything, also for the kernel.
/// A call whose arguments are all constant has rows == 1.
struct KernelCall {
  std::span<const Vector* const> arguments;
  std::size_t rows;
  Vector& out;
  RowErrors& errors;
  const void* state;  ///< BoundFunction::state

  /// This row cannot be computed. Rows that are NULL anyway do not count.
  void fail(std::size_t row, const char* reason) const {
    if (!out.is_null(row)) errors.mark(row, reason);
  }
};
using Kernel = void (*)(const KernelCall& call);

/// A function for fixed argument types: the kernel is chosen once, when the plan is bound.
struct BoundFunction {
  LogicalType result;
  Kernel kernel = nullptr;
  std::shared_ptr<const void>
      state;                    ///< what the kernel prepared from constants (a compiled pattern); may be null
  bool propagates_null = true;  ///< false: the kernel sees NULLs and decides itself
};

/// One signature of a scalar function, one entry of a list. Operators are functions named by their symbol.
struct ScalarFunction {
  std::string_view name;
  /// Types of the parameters; Numeric stands for any precision and scale; Null stands for any type, the
  /// same one in all such places ("anyelement").
  std::vector<TypeId> parameters;
  /// The last parameter may be given any number of times (at least once).
  bool variadic = false;
  /// Chooses the kernel. `types` are the arguments' types after coercion; `constants[i]` is the value of
  /// argument i where it is a literal, otherwise null.
  Result<BoundFunction> (*bind)(std::span<const LogicalType> types,
                                std::span<const Value* const> constants) = nullptr;
  /// One line for the function reference.
  std::string_view summary;
  /// Places of any type may differ from one another (concat).
  bool mixed = false;
};

/// All built-in scalar functions and operators: the concatenated lists of the files in columnar/functions/.
[[nodiscard]] std::span<const ScalarFunction> scalar_functions();

/// A call after overload resolution: cast argument i to `parameters[i]` (equal types need no cast), then
/// call.
struct ResolvedFunction {
  std::vector<LogicalType> parameters;
  BoundFunction bound;
};

/// Picks the overload as PostgreSQL does: an exact match first, else the one reached by the fewest implicit
/// casts, with preferred types (text, double precision, timestamptz) for untyped literals; the error names
/// the call with its types, and the nearest known name or the candidates.
[[nodiscard]] Result<ResolvedFunction> resolve_function(std::string_view name,
                                                        std::span<const LogicalType> types,
                                                        std::span<const Value* const> constants);
[[nodiscard]] bool is_scalar_function(std::string_view name);
/// The name of the list `names` that is nearest by edit distance, or empty when none is near.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string_view> names);

enum class CastKind : std::uint8_t { Implicit, Assignment, Explicit };

/// How a value of one type becomes another; refused with the reason when PostgreSQL has no such cast of that
/// kind.
[[nodiscard]] Result<BoundFunction> bind_cast(LogicalType from, LogicalType to, CastKind kind);
/// Casts one value; a value that does not fit is an Error with PostgreSQL's message.
[[nodiscard]] Result<Value> cast_value(const Value& value, LogicalType to);
/// The type that both sides of UNION, CASE, COALESCE, IN, or a comparison take (PostgreSQL 15 chapter 10.5).
[[nodiscard]] Result<LogicalType> common_type(std::span<const LogicalType> types);

}  // namespace dart::columnar
