#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "sim/step_kind.hpp"

namespace dart::sim {

/// A median and how many samples it is the median of.
struct MeasuredCost {
  double us = 0;
  std::uint64_t samples = 0;
};

/// What the control plane costs one core, as `dart bench control` measured it: the text of a file of lines
///
///     # anything
///     plan MICROSECONDS SAMPLES
///     open MICROSECONDS SAMPLES
///     policy NAME
///     MICROSECONDS SAMPLES HANDLED > SENT…
///
/// where the last kind of line is about steps of nodes in a ring whose queries have the policy named last.
class ControlCosts {
 public:
  /// An error names the line.
  [[nodiscard]] static Result<ControlCosts> parse(std::string_view text);

  /// SQL to the program of a query and its stages, at the node that is asked.
  MeasuredCost plan;
  /// One instance: its program decoded, its operators made.
  MeasuredCost open;
  std::map<std::string, std::unordered_map<StepKind, MeasuredCost, StepKindHash>> steps;  ///< by policy

  /// The opposite of parse(), without comments.
  [[nodiscard]] std::string text() const;
};

/// The costs of one policy's steps, in nanoseconds. A step of a kind that was never measured costs what steps
/// that handle the same input cost on average.
class StepCosts {
 public:
  /// `costs` outlives it. A policy that was not measured has the steps of any other.
  StepCosts(const ControlCosts& costs, const std::string& policy);

  [[nodiscard]] std::int64_t of(const StepKind& kind);
  /// Steps that were asked for, and those of them whose kind was never measured.
  [[nodiscard]] std::uint64_t asked() const { return asked_; }
  [[nodiscard]] std::uint64_t guessed() const { return guessed_; }

 private:
  std::unordered_map<StepKind, std::int64_t, StepKindHash> known_;
  std::vector<std::int64_t> by_handled_;
  std::uint64_t asked_ = 0;
  std::uint64_t guessed_ = 0;
};

}  // namespace dart::sim
