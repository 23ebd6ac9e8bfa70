#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace dart::engine {

/// Counts by reason, in the order in which the reasons were first named; a filter names its conjuncts in the
/// order written. A few reasons each, found by looking through them.
class ReasonCounts {
 public:
  using Entry = std::pair<std::string, std::uint64_t>;

  /// The count of a reason, at first 0. The reference stays good.
  std::uint64_t& operator[](std::string_view reason) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == reason; });
    return found != entries_.end() ? found->second : entries_.emplace_back(reason, 0).second;
  }
  [[nodiscard]] std::deque<Entry>::const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] std::deque<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  std::deque<Entry> entries_;
};

}  // namespace dart::engine
