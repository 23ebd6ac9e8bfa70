#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/node_id.hpp"

namespace dart::directory::soft {

/// The newest wins: the higher number, and among equal ones (two parts of a parted ring) the higher writer.
struct Version {
  std::uint64_t number = 0;  ///< 0: never written
  NodeId writer;

  friend constexpr auto operator<=>(const Version&, const Version&) = default;
};

/// A record that some nodes hold for a while. Clocks of machines are not compared: what remains of its life
/// travels, and each holder counts on its own.
struct Record {
  std::string name;
  Version version;
  bool exists = false;  ///< false: taken back, and remembered as such for the rest of its life
  std::string value;
  std::int64_t remaining_us = 0;  ///< at the moment of sending, or of answering
};

/// Where a record is kept: nearest to here.
[[nodiscard]] Key key_of(std::string_view name);

}  // namespace dart::directory::soft
