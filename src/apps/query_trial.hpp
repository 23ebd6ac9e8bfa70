#pragma once

#include <string>
#include <vector>

#include "api/queries_port.hpp"
#include "apps/query_compiler.hpp"

namespace dart::apps {

/// Runs the query of a test in this process over the rows that it gives, instead of those of its tables, and
/// compares what comes out. Bounded in time and in what comes out; blocks until it is over.
[[nodiscard]] api::QueryResult<api::QueryTestOutcome> run_trial(const api::QueryTest& test,
                                                                const CompiledScript& script);

}  // namespace dart::apps
