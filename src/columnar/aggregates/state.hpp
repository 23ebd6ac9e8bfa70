#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "columnar/aggregate.hpp"

/// How the files of this folder turn a state, an ordinary type with add-like members, into a BoundAggregate.
namespace dart::columnar {

/// Reads an argument that is flat or constant without asking which per row.
template <class T>
class Argument {
 public:
  explicit Argument(const Vector& vector)
      : data_(vector.data<T>()), mask_(vector.is_constant() ? 0 : ~std::size_t{0}) {}
  const T& operator[](std::size_t row) const { return data_[row & mask_]; }

 private:
  const T* data_;
  std::size_t mask_;
};

/// The weight of rows without a weight column, known when the loop is compiled.
using Once = std::integral_constant<std::int64_t, 1>;

/// Calls f(state, row, weight) for every row; the four shapes without weights have loops of their own.
template <class State, class F>
inline void for_each_row(const AggregateRows& rows, F&& f) {
  std::byte* const states = rows.states;
  const std::size_t stride = rows.stride;
  const std::size_t count = rows.count;
  const std::uint32_t* const groups = rows.groups;
  const std::uint32_t* const selection = rows.selection;
  const auto at = [=](std::size_t group) -> State& {
    return *std::launder(reinterpret_cast<State*>(states + group * stride));
  };
  if (rows.weights != nullptr) {
    const std::int64_t* const weights = rows.weights;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t row = selection != nullptr ? selection[k] : k;
      f(at(groups != nullptr ? groups[row] : 0), row, weights[row]);
    }
  } else if (selection != nullptr && groups != nullptr) {
    for (std::size_t k = 0; k < count; ++k) f(at(groups[selection[k]]), selection[k], Once{});
  } else if (selection != nullptr) {
    for (std::size_t k = 0; k < count; ++k) f(at(0), selection[k], Once{});
  } else if (groups != nullptr) {
    for (std::size_t row = 0; row < count; ++row) f(at(groups[row]), row, Once{});
  } else {
    for (std::size_t row = 0; row < count; ++row) f(at(0), row, Once{});
  }
}

/// The aggregate whose state is a `State`: default constructible, with
///     static void update(parameters, rows);              void combine(const State&);
///     bool finalize(parameters, out, row) const;         void serialize(ByteWriter&) const;
///     Status deserialize(ByteReader&);                   std::size_t owned_bytes() const;   (may be absent)
/// and `kGathers` where it keeps the values that it takes in.
template <class State>
BoundAggregate bound_as(LogicalType result, std::shared_ptr<const void> parameters = nullptr) {
  static_assert(alignof(State) <= 8 && sizeof(State) % 8 == 0);
  using Parameters = BoundAggregate::Parameters;
  BoundAggregate bound;
  bound.result = result;
  bound.state_size = sizeof(State);
  bound.gathers = requires { State::kGathers; };
  bound.parameters = std::move(parameters);
  bound.init = [](Parameters, std::byte* state) { new (state) State(); };
  if constexpr (!std::is_trivially_destructible_v<State>) {
    bound.destroy = [](Parameters, std::byte* state) { reinterpret_cast<State*>(state)->~State(); };
  }
  bound.update = &State::update;
  bound.combine = [](Parameters, std::byte* into, const std::byte* from) {
    reinterpret_cast<State*>(into)->combine(*reinterpret_cast<const State*>(from));
  };
  bound.combine_many = [](Parameters, std::byte* into, const std::byte* from, std::size_t stride,
                          std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      reinterpret_cast<State*>(into + i * stride)
          ->combine(*reinterpret_cast<const State*>(from + i * stride));
    }
  };
  bound.finalize = [](Parameters p, const std::byte* state, Vector& out, std::size_t row) {
    return reinterpret_cast<const State*>(state)->finalize(p, out, row);
  };
  bound.serialize = [](Parameters, const std::byte* state, ByteWriter& out) {
    reinterpret_cast<const State*>(state)->serialize(out);
  };
  bound.deserialize = [](Parameters, std::byte* state, ByteReader& in) {
    return reinterpret_cast<State*>(state)->deserialize(in);
  };
  if constexpr (requires(const State& state) { state.owned_bytes(); }) {
    bound.owned_bytes = [](Parameters, const std::byte* state) {
      return reinterpret_cast<const State*>(state)->owned_bytes();
    };
  }
  return bound;
}

/// What `finalize` does where there is no result: NULL; hands `out_of_range` on. T: the physical result type.
template <class T>
bool no_result(Vector& out, std::size_t row, bool out_of_range = false) {
  out.mutable_data<T>()[row] = T{};
  out.set_null(row);
  return out_of_range;
}

/// Reads a count of rows (may be negative inside a step) that sums of many such cannot overflow with.
[[nodiscard]] inline Result<std::int64_t> read_count(ByteReader& in) {
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  DART_TRY(const std::int64_t count, in.fixed<std::int64_t>());
  if (count > kMost || count < -kMost) return fail(ErrorCode::Data, "a count of rows is out of range");
  return count;
}

}  // namespace dart::columnar
