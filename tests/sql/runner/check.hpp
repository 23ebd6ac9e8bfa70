#pragma once

#include <string>

#include "sql/runner/run.hpp"
#include "sql/runner/test_file.hpp"

namespace dart::sql_test {

/// Empty when the answer is the expected one, otherwise what differs.
[[nodiscard]] std::string check(const Case& test, Answer answer);

}  // namespace dart::sql_test
