#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"

namespace dart::sql {

/// The limit of a top-n that numbers rows and waits for a filter on the number.
inline constexpr std::int64_t kNoLimit = INT64_MAX;

/// A top-n over the relation's columns. One partitioned by the bounds of windows is forgotten, and can be
/// emitted, when they close.
[[nodiscard]] Relation top_n(Context& context, const Relation& input, plan::TopN node, std::uint32_t offset);

}  // namespace dart::sql
