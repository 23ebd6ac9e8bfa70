#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "runtime/query/query_output.hpp"

namespace dart::runtime {

/// What goes from host to host when an instance moves: its unit's snapshot, and the rows of the query's
/// output that it wrote, so that their numbers go on. `output`: null when it writes none.
[[nodiscard]] std::string wrap_state(std::string_view snapshot, QueryOutput* output, std::uint64_t run);
/// The snapshot; rows go to `output`. Wrong bytes are an Error.
[[nodiscard]] Result<std::string_view> unwrap_state(std::string_view state, QueryOutput& output,
                                                    std::uint64_t run);

}  // namespace dart::runtime
