#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dart::apps {

/// Columns of text for people: the first column is flush left, the others right, all as wide as they need be.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);

  /// As many cells as the header has.
  void add_row(std::vector<std::string> cells);
  /// A line of its own below the row added last, not aligned with anything.
  void add_note(std::string text);

  [[nodiscard]] std::string text() const;

 private:
  struct Line {
    std::vector<std::string> cells;
    std::vector<std::string> notes;
  };
  std::vector<Line> lines_;  // the header first
};

/// 1234567 as 1,234,567.
[[nodiscard]] std::string grouped(std::uint64_t number);
/// Bytes as 17 B, 4.2 kB, 1.5 MB, 3.0 GB (powers of 1000).
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

}  // namespace dart::apps
