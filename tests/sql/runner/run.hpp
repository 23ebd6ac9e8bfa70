#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sql/runner/test_file.hpp"

namespace dart::sql_test {

struct Settings {
  std::size_t chunk_rows = 2048;
  std::size_t workers = 1;
  bool cross_check = false;  ///< also by the naive executor
  bool moving = false;       ///< every few rows all instances go on as fresh ones, from their snapshots
};

struct PrintedRow {
  std::string cells;  ///< with | between
  bool retraction = false;
};

struct Answer {
  bool failed = false;
  std::string message;
  std::string place;  ///< "line:column" in setup + script; "-" when the failure has none
  std::vector<PrintedRow> rows;
  std::string disagreement;  ///< what the naive executor has otherwise
};

/// Runs setup and script of a case in the current folder, as `dart run` does; what goes to stdout is kept as
/// rows.
[[nodiscard]] Answer run(const Case& test, const Settings& settings);

}  // namespace dart::sql_test
