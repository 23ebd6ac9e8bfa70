#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dart::directory::tree {

/// How the values of a group's members become one; each has one entry in the list of combine.cpp.
enum class Combine : std::uint8_t { Sum = 1, Min = 2, Max = 3, Counters = 4 };
inline constexpr std::size_t kCombines = 4;

/// Named counters, in the order of names, each name once.
using CounterList = std::vector<std::pair<std::string, std::uint64_t>>;

/// What a member has, or several together: a number, or for Combine::Counters a list.
struct Value {
  std::int64_t number = 0;
  CounterList counters;

  friend bool operator==(const Value&, const Value&) = default;
};

/// The values of some members under one way of combining them.
struct Partial {
  Combine combine = Combine::Sum;
  std::uint64_t members = 0;  ///< how many have a value
  Value value;

  friend bool operator==(const Partial&, const Partial&) = default;
};

/// "sum", "min", "max", "counters"; nothing for any other name.
[[nodiscard]] std::optional<Combine> combine_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Combine combine);

/// Adds `more` to `all`, which holds each way of combining at most once. Numbers stay within their range.
/// How many counters had to be left out because a list is full.
std::size_t add(std::vector<Partial>& all, const Partial& more);

/// Sorts by name; of equal names the sum is kept.
void put_in_order(CounterList& counters);

}  // namespace dart::directory::tree
