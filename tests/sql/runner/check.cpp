#include "sql/runner/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace dart::sql_test {

namespace {

std::vector<std::string> split_cells(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream in(row);
  for (std::string cell; std::getline(in, cell, '|');) cells.push_back(cell);
  if (row.empty() || row.back() == '|') cells.emplace_back();
  return cells;
}

/// Whether last digits may differ: a long fraction or an exponent.
bool is_inexact(const std::string& text) {
  constexpr std::size_t kExactDigits = 12;
  const auto point = text.find('.');
  if (text.find_first_not_of("0123456789.+-e") != std::string::npos) return false;
  return text.find('e') != std::string::npos ||
         (point != std::string::npos && text.size() - point > kExactDigits);
}

bool same_cell(const std::string& a, const std::string& b) {
  if (a == b) return true;
  if (!is_inexact(a) && !is_inexact(b)) return false;
  char* end_a = nullptr;
  char* end_b = nullptr;
  const double x = std::strtod(a.c_str(), &end_a);
  const double y = std::strtod(b.c_str(), &end_b);
  if (a.empty() || b.empty() || *end_a != 0 || *end_b != 0) return false;
  return std::fabs(x - y) <= 1e-9 * std::max({1.0, std::fabs(x), std::fabs(y)});
}

bool same_row(const std::string& a, const std::string& b) {
  const auto left = split_cells(a);
  const auto right = split_cells(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_cell);
}

/// Sorts what may stand in any order: neighbours of one sign.
void sort_runs(std::vector<std::string>& rows) {
  auto begin = rows.begin();
  while (begin != rows.end()) {
    const auto end =
        std::find_if(begin, rows.end(), [&](const std::string& row) { return row[0] != (*begin)[0]; });
    std::sort(begin, end);
    begin = end;
  }
}

std::string listing(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) text += "    " + row + "\n";
  return text;
}

std::string shifted(const std::string& place, const std::string& setup) {
  if (place == "-") return place;
  const int line = std::atoi(place.c_str()) - static_cast<int>(std::count(setup.begin(), setup.end(), '\n'));
  return std::to_string(line) + place.substr(place.find(':'));
}

std::string check_error(const Case& test, const Answer& answer) {
  if (!answer.failed) return "expected an error, got none\n";
  const std::string place = shifted(answer.place, test.setup);
  if (place != test.error_place || !std::regex_search(answer.message, std::regex(test.error_pattern))) {
    return fmt::format("expected {} {}\n     got {} {}\n", test.error_place, test.error_pattern, place,
                       answer.message);
  }
  return {};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string check(const Case& test, Answer answer) {
  if (test.expects_error) return check_error(test, answer);
  if (answer.failed)
    return fmt::format("failed at {}: {}\n", shifted(answer.place, test.setup), answer.message);
  if (!answer.disagreement.empty()) return answer.disagreement;
  std::vector<std::string> got;
  for (const PrintedRow& row : answer.rows) {
    if (row.retraction && !test.changes) return "got a retraction: " + row.cells + "\n";
    const std::string cells = row.cells.empty() ? "\"\"" : row.cells;
    got.push_back(test.changes ? (row.retraction ? "-" : "+") + row.cells : cells);
  }
  if (!test.output_file.empty()) got = lines_of(test.output_file);
  std::vector<std::string> expected = test.expected;
  if (test.unordered) {
    std::sort(got.begin(), got.end());
    std::sort(expected.begin(), expected.end());
  } else if (test.changes) {
    sort_runs(got);
    sort_runs(expected);
  }
  if (std::equal(got.begin(), got.end(), expected.begin(), expected.end(), same_row)) return {};
  return fmt::format("  expected:\n{}  got:\n{}", listing(expected), listing(got));
}

}  // namespace dart::sql_test
