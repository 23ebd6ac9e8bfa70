#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace dart::sim {

/// What one client asked of one register, and what it was told.
struct RegisterOperation {
  enum class Kind : std::uint8_t { Get, Cas, Delete };
  enum class Outcome : std::uint8_t {
    Ok,           ///< with the state that was read or made
    Conflict,     ///< with the state that was met instead of the expected version; nothing changed
    Unavailable,  ///< certainly not applied
    Unknown,      ///< may be applied once, at any time from the invocation on, or never
  };
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  std::uint32_t client = 0;
  Kind kind = Kind::Get;
  std::uint64_t expected = 0;         ///< Cas, Delete: the version that is changed
  std::optional<std::string> wanted;  ///< Cas: the new value
  std::int64_t invoked_at = 0;        ///< µs of one clock for all clients
  std::int64_t returned_at = kNever;  ///< never: the outcome is Unknown, whatever it says
  Outcome outcome = Outcome::Unknown;
  // Ok, Conflict: what the register held then.
  std::uint64_t version = 0;         ///< 0: there never was a record
  std::optional<std::string> value;  ///< nothing: no record, or a deleted one
};

/// Judges whether one register could have answered a whole history: all operations in one order, each between
/// its invocation and its return, in which every answer is right. The register starts absent at version 0;
/// Cas and Delete need the expected version and make a larger one.
///
/// Versions only grow and each is left by one change at most, so the order of the states is known and only
/// the changes of unknown outcome are to be placed: exact, and n log n where a search (Wing and Gong, Lowe)
/// branches.
///
/// Nothing when there is such an order; else the first contradiction in words.
[[nodiscard]] std::optional<std::string> find_contradiction(std::span<const RegisterOperation> history);

}  // namespace dart::sim
