#pragma once

#include <compare>
#include <cstdint>

namespace dart::directory {

/// The rank of one attempt to decide a register (Lamport, The Part-Time Parliament). No two attempts have
/// the same: `proposer` is drawn anew at each start of a node.
struct Ballot {
  std::uint64_t round = 0;
  std::uint64_t proposer = 0;

  friend constexpr auto operator<=>(const Ballot&, const Ballot&) = default;
  [[nodiscard]] constexpr bool none() const { return round == 0; }
};

}  // namespace dart::directory
