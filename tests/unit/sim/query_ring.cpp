#include "unit/sim/query_ring.hpp"

#include "placement/record_codec.hpp"

namespace dart::sim {

std::string QueryRing::name_of(const Key& query) const {
  for (const std::string& name : names) {
    if (placement::query_key(name) == query) return name;
  }
  return {};
}

std::optional<std::uint32_t> QueryRing::scheduler(const std::string& name) const {
  for (std::uint32_t m = 0; m < world->machines(); ++m) {
    const auto* core = world->core(m);
    const auto* record = core == nullptr ? nullptr : core->queries()->record(name);
    if (record != nullptr && record->scheduler.id == world->id(m)) return m;
  }
  return std::nullopt;
}

}  // namespace dart::sim
