#pragma once

#include <string>
#include <vector>

#include "api/queries_port.hpp"
#include "api/ring_port.hpp"

namespace dart::api {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// What a node and the queries on it count, in the text format of Prometheus: every name begins with "dart_".
/// Names that end in _total are counters, those of queries are gauges else; what the node itself counts is
/// untyped.
[[nodiscard]] std::string metrics_text(const NodeStatus& node,
                                       const std::vector<QueriesPort::Sample>& samples);

}  // namespace dart::api
