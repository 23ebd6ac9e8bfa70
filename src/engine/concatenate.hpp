#pragma once

#include <span>

#include "columnar/chunk.hpp"

namespace dart::engine {

/// The rows of all parts, in order, as one chunk; parts have the same columns, and weights and steps all or
/// none.
[[nodiscard]] columnar::Chunk concatenate(std::span<const columnar::Chunk> parts);

}  // namespace dart::engine
