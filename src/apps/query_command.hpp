#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apps/api_access.hpp"

namespace dart::apps {

/// Queries of a ring, through the API of one of its nodes.
struct QueryOptions {
  ApiAccess access;
  std::string name;
  std::string file = "-";  ///< "-": standard input
  std::map<std::string, std::string> variables;
  std::string policy = "cost";
  std::uint32_t partitions = 1;
  std::string on_partition = "continue";
  std::map<std::string, std::string> input;  ///< of a test: file with the rows of a table, by table
  std::string expect;                        ///< of a test: file with the rows that have to come out
  bool json = false;
};

/// All return the exit code: 0 only when what was asked for is done, of a test when the rows are as expected.
int query_submit_command(const QueryOptions& options);
int query_update_command(const QueryOptions& options);
int query_explain_command(const QueryOptions& options);
int query_lint_command(const QueryOptions& options);
int query_test_command(const QueryOptions& options);
int query_ls_command(const QueryOptions& options);
int query_show_command(const QueryOptions& options);
int query_pause_command(const QueryOptions& options);
int query_resume_command(const QueryOptions& options);
int query_drop_command(const QueryOptions& options);

}  // namespace dart::apps
