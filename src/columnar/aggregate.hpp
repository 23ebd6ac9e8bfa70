#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "columnar/function.hpp"
#include "columnar/vector.hpp"

namespace dart::columnar {

/// Rows for an aggregate to take in. Row selection[k] (or k, when selection is null) goes, `weight` times, to
/// the state of group groups[row]; the state lies at states + group * stride. FILTER, and NULL arguments (of
/// aggregates that skip them), are already left out of the selection.
struct AggregateRows {
  std::span<const Vector* const> arguments;
  const std::uint32_t* selection;  ///< null: rows 0..count-1
  std::size_t count;
  const std::uint32_t* groups;  ///< by row; null: every row goes to the one state at `states`
  const std::int64_t* weights;  ///< by row; null: all +1; negative retracts
  const std::int64_t*
      positions;  ///< by row: the row's place in the table's order, for ordered aggregates; may be null
  std::byte* states;
  std::size_t stride;
};

/// An aggregate for fixed argument types. A state is `state_size` bytes, 8-byte aligned, made by `init`. It
/// may own memory (then `destroy` is set) and is never copied by bytes while it lives elsewhere; moving the
/// bytes to another place is allowed (states hold no pointers into themselves).
struct BoundAggregate {
  LogicalType result;
  std::size_t state_size = 0;
  bool retractable = true;  ///< takes negative weights; otherwise positive ones only, and combine
  bool ordered = false;     ///< needs `positions`: first, last
  bool gathers = false;     ///< the state keeps what it takes in: it grows with the rows
  bool skips_null = true;   ///< rows with a NULL argument are not handed in
  std::shared_ptr<const void>
      parameters;  ///< constants of the call (a percentile's fraction); handed to every function

  using Parameters = const void*;
  void (*init)(Parameters, std::byte* state) = nullptr;
  void (*destroy)(Parameters, std::byte* state) = nullptr;  ///< null: nothing to free
  void (*update)(Parameters, const AggregateRows& rows) = nullptr;
  /// Adds what `from` has taken in to `into`; `from` stays as it is.
  void (*combine)(Parameters, std::byte* into, const std::byte* from) = nullptr;
  /// The same for `count` pairs, each `stride` bytes behind the last: panes whose groups stand at the same
  /// places are added in one tight loop. Always there.
  void (*combine_many)(Parameters, std::byte* into, const std::byte* from, std::size_t stride,
                       std::size_t count) = nullptr;
  /// Writes the result for this state at a row of `out` (already reset to `result`); NULL by set_null. A
  /// result out of range is NULL plus `true` (the caller counts it as a row error).
  bool (*finalize)(Parameters, const std::byte* state, Vector& out, std::size_t row) = nullptr;
  void (*serialize)(Parameters, const std::byte* state, ByteWriter& out) = nullptr;
  /// Into a state fresh from `init`.
  Status (*deserialize)(Parameters, std::byte* state, ByteReader& in) = nullptr;
  /// Heap bytes that the state owns beyond state_size; null: none.
  std::size_t (*owned_bytes)(Parameters, const std::byte* state) = nullptr;
};

/// One signature of an aggregate, one entry of a list.
struct AggregateFunction {
  std::string_view name;
  std::vector<TypeId> parameters;  ///< as ScalarFunction::parameters
  /// `constants[i]` is the literal of argument i or null; direct arguments of WITHIN GROUP come first.
  /// Without `retracting` the cheapest state that never takes a negative weight.
  Result<BoundAggregate> (*bind)(std::span<const LogicalType> types, std::span<const Value* const> constants,
                                 bool retracting) = nullptr;
  std::string_view summary;
};

[[nodiscard]] std::span<const AggregateFunction> aggregate_functions();

struct ResolvedAggregate {
  std::vector<LogicalType> parameters;
  BoundAggregate bound;
};

/// As resolve_function. `distinct` wraps the aggregate so that every different value counts once (also under
/// retraction); it is refused where that has no meaning. `retracting`: rows with negative weights may come
/// (the input is no append-only stream, or the window takes rows out again); the result is the same for rows
/// with positive weights, but min, max, first, last and the like then keep every value.
[[nodiscard]] Result<ResolvedAggregate> resolve_aggregate(std::string_view name,
                                                          std::span<const LogicalType> types,
                                                          std::span<const Value* const> constants,
                                                          bool distinct, bool retracting);
[[nodiscard]] bool is_aggregate_function(std::string_view name);

}  // namespace dart::columnar
