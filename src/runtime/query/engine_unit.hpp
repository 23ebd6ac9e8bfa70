#pragma once

#include <memory>

#include "engine/connector.hpp"
#include "engine/instance.hpp"
#include "plan/distribution.hpp"
#include "runtime/query/ring_unit.hpp"

namespace dart::runtime {

/// An engine::Instance of a stage as a unit. `connectors` is used while it opens only.
[[nodiscard]] Result<std::unique_ptr<RingUnit>> open_engine_unit(
    std::shared_ptr<const plan::Distribution> distribution, std::size_t stage,
    const engine::RingWiring& wiring, const engine::InstanceSettings& settings,
    engine::ConnectorFactory& connectors);

}  // namespace dart::runtime
