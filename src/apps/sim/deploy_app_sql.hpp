#pragma once

#include <string_view>

namespace dart::apps {

/// examples/ring/frequent_routes.sql: the first of the taxi queries that DART's paper deploys (DEBS 2015).
[[nodiscard]] std::string_view deploy_app_sql();

}  // namespace dart::apps
