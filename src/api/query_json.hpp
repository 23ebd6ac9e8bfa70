#pragma once

#include <string>
#include <vector>

#include "api/exchange.hpp"
#include "api/queries_port.hpp"
#include "base/result.hpp"

namespace dart::api {

/// The body of a submission: "sql", and perhaps "name", "variables", "file_name", "policy", "partitions" and
/// "on_partition". The Error says what is wrong with it, and where when it is no JSON.
[[nodiscard]] Result<Submission> parse_submission(const std::string& body);
/// A submission that has "input" (rows by table) and "expected" (rows) as well.
[[nodiscard]] Result<QueryTest> parse_query_test(const std::string& body);

/// Answers as JSON; docs/openapi.json has their fields.
[[nodiscard]] std::string to_json(const QueryOutcome& outcome);
[[nodiscard]] std::string to_json(const QueryTestOutcome& outcome);
[[nodiscard]] std::string to_json(const QueryInfo& query);
[[nodiscard]] std::string to_json(const std::vector<QueryInfo>& queries);
[[nodiscard]] std::string to_json(const std::vector<CatalogueEntry>& entries);
[[nodiscard]] std::string to_json(const QueryEventInfo& event);
[[nodiscard]] std::string to_json(const QueryFailure& failure);
/// {"run": N, "lines": […]}
[[nodiscard]] std::string rows_json(std::uint64_t run, const std::vector<std::string>& lines);

}  // namespace dart::api
