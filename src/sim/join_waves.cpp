#include "sim/join_waves.hpp"

#include <algorithm>

namespace dart::sim {

namespace {

constexpr std::int64_t kPatienceUs = 3'600'000'000;
constexpr std::size_t kFewest = 8;

}  // namespace

void join_in_waves(World& world, std::uint32_t nodes, const std::vector<std::uint32_t>& joined,
                   const std::function<void(std::uint32_t)>& start, const std::function<void()>& progress) {
  world.start(0, {}, true);
  std::uint32_t started = 1;
  const std::int64_t patience = world.now().us + kPatienceUs;
  while (joined.size() < nodes && world.now().us < patience) {
    const std::size_t most = std::max(kFewest, joined.size() / kFewest);
    while (started < nodes && started - joined.size() < most) start(started++);
    const std::size_t before = joined.size();
    while (joined.size() == before && world.run_one({patience})) {
    }
    if (progress) progress();
  }
}

}  // namespace dart::sim
