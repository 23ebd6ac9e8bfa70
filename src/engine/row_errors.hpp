#pragma once

#include <cstdint>
#include <vector>

#include "columnar/function.hpp"
#include "engine/operator.hpp"

namespace dart::engine {

/// Leaves out the rows that could not be computed, counted by the first reason of each row. `selection`
/// becomes the rows that remain, of `rows` in all.
void drop_failed_rows(const columnar::RowErrors& errors, std::size_t rows, Counters& counters,
                      std::vector<std::uint32_t>& selection);

}  // namespace dart::engine
