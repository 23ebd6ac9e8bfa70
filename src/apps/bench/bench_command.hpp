#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "runtime/query_runner.hpp"

namespace dart::apps {

struct BenchOptions {
  std::string what = "engine";
  std::vector<std::string> workloads;  ///< empty: all
  std::string sql_file;                ///< instead of the workloads
  std::map<std::string, std::string> variables;
  std::size_t rows = 0;  ///< of input; 0: as published
  std::size_t runs = 5;
  runtime::RunSettings run;
  bool latency = true;
  bool json = false;
};

/// `dart bench`: the published workloads as SQL beside hand-written loops over the same input in memory, in
/// turn, in this process; or any SQL over that input. Results are checked; a wrong one fails. Returns the
/// exit code.
int bench_command(const BenchOptions& options);

}  // namespace dart::apps
