#pragma once

#include "base/result.hpp"
#include "overlay/node_handle.hpp"
#include "placement/plan_record.hpp"

namespace dart::apps {

/// Makes the plan of the query that `dart sim deploy` hands in, as a node does that is asked to run it: SQL
/// to a plan, cut for the ring, encoded. Its table belongs to `here`.
[[nodiscard]] Result<placement::QuerySpec> plan_deploy_app(const overlay::NodeHandle& here);

/// That query for placement, with the stages of sim::app_spec(): readers, a Combine where their ways meet,
/// and the rest.
[[nodiscard]] Result<placement::QuerySpec> deploy_app();

}  // namespace dart::apps
