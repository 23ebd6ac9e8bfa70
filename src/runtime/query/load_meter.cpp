#include "runtime/query/load_meter.hpp"

#include <algorithm>

namespace dart::runtime {

namespace {

constexpr std::int64_t kWindowUs = 4'000'000;

}  // namespace

void LoadMeter::note(std::int64_t now_us, std::int64_t cpu_us) {
  readings_.emplace_back(now_us, cpu_us);
  while (readings_.size() > 2 && now_us - readings_.front().first > kWindowUs) readings_.pop_front();
}

std::uint32_t LoadMeter::cpu_permille() const {
  if (readings_.size() < 2) return 0;
  const std::int64_t wall = readings_.back().first - readings_.front().first;
  const std::int64_t used = readings_.back().second - readings_.front().second;
  const auto cores = static_cast<std::int64_t>(std::max<std::size_t>(1, cores_));
  if (wall <= 0) return 0;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(used * 1000 / (wall * cores), 0, 1000));
}

}  // namespace dart::runtime
