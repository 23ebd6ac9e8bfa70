#pragma once

#include <memory>
#include <span>
#include <utility>

#include "columnar/function.hpp"

/// Short ways to write the `bind` of a function whose kernel does not depend on its constants.
namespace dart::columnar {

using Types = std::span<const LogicalType>;
using Constants = std::span<const Value* const>;

/// The kernel, whatever the arguments are.
template <Kernel kernel, TypeId result>
Result<BoundFunction> bind_plain(Types, Constants) {
  return BoundFunction{LogicalType::of(result), kernel, nullptr, true};
}

/// The same for a kernel that looks at NULLs itself.
template <Kernel kernel, TypeId result>
Result<BoundFunction> bind_seeing_nulls(Types, Constants) {
  return BoundFunction{LogicalType::of(result), kernel, nullptr, false};
}

template <class State>
BoundFunction bound_with(LogicalType result, Kernel kernel, State state) {
  return BoundFunction{result, kernel, std::make_shared<const State>(std::move(state)), true};
}

/// What `bound_with` kept.
template <class State>
const State& state_of(const KernelCall& call) {
  return *static_cast<const State*>(call.state);
}

/// The literal of argument i, when it is one and not NULL.
inline const Value* known(Constants constants, std::size_t i) {
  return i < constants.size() && constants[i] != nullptr && !constants[i]->is_null() ? constants[i] : nullptr;
}

}  // namespace dart::columnar
