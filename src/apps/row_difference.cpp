#include "apps/row_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace dart::apps {

namespace {

using Lines = std::vector<std::string_view>;

/// Above that, the parts that differ are shown one behind the other.
constexpr std::size_t kMostCells = 4U << 20;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

class Difference {
 public:
  explicit Difference(std::size_t most) : most_(most) {}
  void add(char sign, std::string_view line) {
    if (lines_.size() < most_) {
      lines_.push_back(sign + std::string(line));
    } else {
      ++more_;
    }
  }
  [[nodiscard]] std::vector<std::string> lines() && {
    if (more_ > 0) lines_.push_back(fmt::format("… and {} more", more_));
    return std::move(lines_);
  }

 private:
  std::size_t most_;
  std::size_t more_ = 0;
  std::vector<std::string> lines_;
};

/// Length of the longest common subsequence of what is left from (a, b) on.
std::vector<std::uint32_t> common_lengths(const Lines& expected, const Lines& came) {
  const std::size_t width = came.size() + 1;
  std::vector<std::uint32_t> length((expected.size() + 1) * width, 0);
  for (std::size_t a = expected.size(); a-- > 0;) {
    for (std::size_t b = came.size(); b-- > 0;) {
      length[a * width + b] = expected[a] == came[b]
                                  ? length[(a + 1) * width + b + 1] + 1
                                  : std::max(length[(a + 1) * width + b], length[a * width + b + 1]);
    }
  }
  return length;
}

void compare(const Lines& expected, const Lines& came, Difference& out) {
  std::size_t a = 0;
  std::size_t b = 0;
  if ((expected.size() + 1) * (came.size() + 1) <= kMostCells) {
    const auto length = common_lengths(expected, came);
    const std::size_t width = came.size() + 1;
    while (a < expected.size() && b < came.size()) {
      if (expected[a] == came[b]) {
        ++a;
        ++b;
      } else if (length[(a + 1) * width + b] >= length[a * width + b + 1]) {
        out.add('-', expected[a++]);
      } else {
        out.add('+', came[b++]);
      }
    }
  }
  while (a < expected.size()) out.add('-', expected[a++]);
  while (b < came.size()) out.add('+', came[b++]);
}

}  // namespace

std::vector<std::string> row_difference(std::string_view expected, std::string_view came, std::size_t most) {
  Lines left = lines_of(expected);
  Lines right = lines_of(came);
  const auto [left_end, right_end] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  right.erase(right.begin(), right_end);
  left.erase(left.begin(), left_end);
  while (!left.empty() && !right.empty() && left.back() == right.back()) {
    left.pop_back();
    right.pop_back();
  }
  Difference difference(most);
  compare(left, right, difference);
  return std::move(difference).lines();
}

}  // namespace dart::apps
