#pragma once

#include <string>
#include <vector>

#include "api/queries_port.hpp"
#include "runtime/query/query_host.hpp"

namespace dart::apps {

/// What runs on a node, as JSON: {"instances": [{…, "operators": […], "exchanges": […]}]}.
[[nodiscard]] std::string operators_json(const std::vector<runtime::HostedInstance>& hosted);

/// The same as counters by query, for /metrics.
[[nodiscard]] std::vector<api::QueriesPort::Sample> query_samples(
    const std::vector<runtime::HostedInstance>& hosted);

}  // namespace dart::apps
