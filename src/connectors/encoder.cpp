#include "connectors/encoder.hpp"

#include <algorithm>

namespace dart::connectors {

void fill_delay_gap(std::int64_t delay_us, char* gap) {
  constexpr std::int64_t kLargest = std::int64_t{100} * 3600 * 1'000'000 - 1;
  auto rest = static_cast<std::uint64_t>(std::clamp<std::int64_t>(delay_us, 0, kLargest));
  for (int place = 14; place >= 9; --place, rest /= 10) gap[place] = static_cast<char>('0' + rest % 10);
  for (int place = 7; place >= 0; place -= 3) {
    const std::uint64_t part = place > 1 ? rest % 60 : rest;
    rest /= 60;
    gap[place] = static_cast<char>('0' + part % 10);
    gap[place - 1] = static_cast<char>('0' + part / 10);
  }
}

std::vector<std::size_t> chunk_columns(const plan::TableDefinition& table) {
  std::vector<std::size_t> places;
  std::size_t next = 0;
  for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
    if (table.delay_column == c) {
      places.push_back(kDelayPlace);
    } else if (table.op_column == c) {
      places.push_back(kOpPlace);
    } else {
      places.push_back(next++);
    }
  }
  return places;
}

}  // namespace dart::connectors
