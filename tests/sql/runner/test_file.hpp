#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace dart::sql_test {

/// One `query` or `error` block.
struct Case {
  int line = 0;  ///< of the block's first line in the file
  std::string setup;
  std::string script;
  std::map<std::string, std::string> files;
  bool unordered = false;
  bool changes = false;
  bool one_worker = false;
  std::vector<std::string> expected;  ///< printed rows, or the lines of `output_file`
  std::string output_file;            ///< empty: what is printed
  bool expects_error = false;
  std::string error_place;  ///< "3:14", counted from the script's first line; "-" for none
  std::string error_pattern;
};

/// The blocks of a file as README.md describes them; an Error names the line.
[[nodiscard]] Result<std::vector<Case>> parse_test_file(const std::string& text);

}  // namespace dart::sql_test
