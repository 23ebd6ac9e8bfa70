#include "directory/tree/combine.hpp"

#include <algorithm>
#include <array>

#include "directory/tree/limits.hpp"

namespace dart::directory::tree {

namespace {

std::uint64_t saturating(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

std::size_t sum(Value& all, const Value& more) {
  if (__builtin_add_overflow(all.number, more.number, &all.number)) {
    all.number = more.number > 0 ? INT64_MAX : INT64_MIN;
  }
  return 0;
}
std::size_t least(Value& all, const Value& more) {
  all.number = std::min(all.number, more.number);
  return 0;
}
std::size_t most(Value& all, const Value& more) {
  all.number = std::max(all.number, more.number);
  return 0;
}
std::size_t merge(Value& all, const Value& more) {
  all.counters.insert(all.counters.end(), more.counters.begin(), more.counters.end());
  put_in_order(all.counters);
  if (all.counters.size() <= limits::kCounters) return 0;
  const std::size_t beyond = all.counters.size() - limits::kCounters;
  all.counters.resize(limits::kCounters);
  return beyond;
}

struct Entry {
  Combine combine;
  std::string_view name;
  std::size_t (*add)(Value&, const Value&);
};
constexpr std::array<Entry, kCombines> kEntries{{{Combine::Sum, "sum", sum},
                                                 {Combine::Min, "min", least},
                                                 {Combine::Max, "max", most},
                                                 {Combine::Counters, "counters", merge}}};

const Entry& entry_of(Combine combine) { return kEntries[static_cast<std::size_t>(combine) - 1]; }

}  // namespace

std::optional<Combine> combine_named(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.combine;
  }
  return std::nullopt;
}

std::string_view name_of(Combine combine) { return entry_of(combine).name; }

std::size_t add(std::vector<Partial>& all, const Partial& more) {
  for (Partial& one : all) {
    if (one.combine != more.combine) continue;
    one.members = saturating(one.members, more.members);
    return entry_of(more.combine).add(one.value, more.value);
  }
  all.push_back(more);
  return 0;
}

void put_in_order(CounterList& counters) {
  std::sort(counters.begin(), counters.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (kept > 0 && counters[kept - 1].first == counters[i].first) {
      counters[kept - 1].second = saturating(counters[kept - 1].second, counters[i].second);
    } else {
      if (kept != i) counters[kept] = std::move(counters[i]);
      ++kept;
    }
  }
  counters.resize(kept);
}

}  // namespace dart::directory::tree
