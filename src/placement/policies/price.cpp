#include "placement/policies/price.hpp"

#include <algorithm>
#include <tuple>

#include "placement/limits.hpp"

namespace dart::placement {

namespace {

constexpr std::int64_t kInstanceUs = 4'000;
constexpr std::int64_t kMostInstances = 1'000;
/// A node whose cores are all busy.
constexpr std::int64_t kCpuUs = 20'000;
/// From here on rows wait for a core, however few there are.
constexpr std::int64_t kBusyPermille = 850;
constexpr std::int64_t kBusyUs = 100'000;
constexpr std::int64_t kMostQueueUs = 1'000'000;
constexpr std::uint64_t kEnoughBytes = 64U << 20;
constexpr std::int64_t kNoBytesUs = 50'000;
/// Of so many near the best two are drawn, and so near are these.
constexpr std::size_t kShortlist = 16;
constexpr std::int64_t kNearShare = 8;
constexpr std::int64_t kNearUs = 2'000;

/// One of the first `count`, the cheaper the likelier.
std::size_t draw(std::span<const Priced> shortlist, std::int64_t limit_us, Random& random) {
  std::uint64_t all = 0;
  const auto weight = [&](const Priced& it) { return static_cast<std::uint64_t>(limit_us - it.cost_us) + 1; };
  for (const Priced& it : shortlist) all += weight(it);
  std::uint64_t left = random.below(all);
  for (std::size_t i = 0; i < shortlist.size(); ++i) {
    if (left < weight(shortlist[i])) return i;
    left -= weight(shortlist[i]);
  }
  return 0;
}

}  // namespace

void Taken::add(const NodeId& node) {
  const auto at = std::lower_bound(counts_.begin(), counts_.end(), std::pair{node, 0U});
  if (at != counts_.end() && at->first == node) {
    ++at->second;
  } else {
    counts_.insert(at, {node, 1});
  }
}

std::uint32_t Taken::on(const NodeId& node) const {
  const auto at = std::lower_bound(counts_.begin(), counts_.end(), std::pair{node, 0U});
  return at != counts_.end() && at->first == node ? at->second : 0;
}

std::int64_t load_us(const Load& load, std::uint32_t more) {
  const std::int64_t instances = std::min(kMostInstances, std::int64_t{load.instances} + more);
  std::int64_t us = instances * (instances + 1) / 2 * kInstanceUs;
  const std::int64_t cpu = std::min<std::int64_t>(load.cpu_permille, 1000);
  us += cpu * kCpuUs / 1000;
  us += std::max<std::int64_t>(0, cpu - kBusyPermille) * kBusyUs / (1000 - kBusyPermille);
  us += std::min<std::int64_t>(load.queue_rows, kMostQueueUs);
  if (load.free_bytes < kEnoughBytes) {
    us += kNoBytesUs -
          static_cast<std::int64_t>(load.free_bytes) * kNoBytesUs / static_cast<std::int64_t>(kEnoughBytes);
  }
  return us;
}

bool is_full(const Load& load, std::uint32_t more) {
  return load.capacity != 0 && std::uint64_t{load.instances} + more >= load.capacity;
}

std::vector<Candidate> in_order(std::vector<Priced> priced, Random& random) {
  std::sort(priced.begin(), priced.end(), [](const Priced& a, const Priced& b) {
    return std::tie(a.full, a.cost_us, a.candidate.node.id) <
           std::tie(b.full, b.cost_us, b.candidate.node.id);
  });
  std::vector<Candidate> order;
  if (priced.empty()) return order;
  const std::int64_t best_us = priced.front().cost_us;
  const std::int64_t limit_us = best_us + std::max(kNearUs, best_us / kNearShare);
  std::size_t near = 0;
  while (near < std::min(kShortlist, priced.size()) && priced[near].full == priced.front().full &&
         priced[near].cost_us <= limit_us) {
    ++near;
  }
  while (order.size() < limits::kTries && !priced.empty()) {
    std::size_t chosen = 0;
    if (near > 0) {
      const std::span<const Priced> shortlist(priced.data(), near);
      const std::size_t one = draw(shortlist, limit_us, random);
      const std::size_t other = draw(shortlist, limit_us, random);
      const auto rank = [&](std::size_t i) { return std::tuple{priced[i].candidate.load.instances, i}; };
      chosen = rank(other) < rank(one) ? other : one;
      --near;
    }
    order.push_back(priced[chosen].candidate);
    priced.erase(priced.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  return order;
}

}  // namespace dart::placement
