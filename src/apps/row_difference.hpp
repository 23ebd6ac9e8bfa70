#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dart::apps {

/// Lines that were expected and did not come, with '-' in front, and lines that came instead, with '+', in
/// the order of both texts; at most `most`, then a line that says how many more.
[[nodiscard]] std::vector<std::string> row_difference(std::string_view expected, std::string_view came,
                                                      std::size_t most);

}  // namespace dart::apps
