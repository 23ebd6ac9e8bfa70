#pragma once

#include "base/bytes.hpp"
#include "plan/plan.hpp"

/// The parts of plan::encode and plan::decode about operators.
namespace dart::plan::wire {

/// An operator with its parameters; aggregates by name.
void write_kind(const NodeKind& kind, ByteWriter& out);
/// Its aggregates are not bound yet.
[[nodiscard]] Result<NodeKind> read_kind(ByteReader& in);

}  // namespace dart::plan::wire
