#include "engine/row_errors.hpp"

namespace dart::engine {

void drop_failed_rows(const columnar::RowErrors& errors, std::size_t rows, Counters& counters,
                      std::vector<std::uint32_t>& selection) {
  std::vector<std::uint8_t> failed(rows, 0);
  for (const columnar::RowErrors::Mark& mark : errors.marks()) {
    if (failed[mark.row] != 0) continue;
    failed[mark.row] = 1;
    ++counters.errors[mark.reason];
  }
  selection.clear();
  for (std::uint32_t r = 0; r < rows; ++r) {
    if (failed[r] == 0) selection.push_back(r);
  }
}

}  // namespace dart::engine
