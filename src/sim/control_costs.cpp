#include "sim/control_costs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace dart::sim {

namespace {

constexpr double kNsPerUs = 1000;
/// No step takes longer than this, so what says more is no measurement.
constexpr double kMostUs = 1e9;

/// Takes the text up to the next space.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::optional<MeasuredCost> take_cost(std::string_view& line) {
  const auto us = number_of<double>(take_word(line));
  const auto samples = number_of<std::uint64_t>(take_word(line));
  if (!us || !samples || !(*us >= 0 && *us <= kMostUs) || *samples == 0) return std::nullopt;
  return MeasuredCost{*us, *samples};
}

std::string line_of(const MeasuredCost& cost) { return fmt::format("{:.2f} {}", cost.us, cost.samples); }

std::int64_t ns_of(double us) { return std::llround(us * kNsPerUs); }

}  // namespace

Result<ControlCosts> ControlCosts::parse(std::string_view text) {
  ControlCosts costs;
  std::unordered_map<StepKind, MeasuredCost, StepKindHash>* steps = nullptr;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const std::string_view whole = line;
    bool right = false;
    if (line.starts_with("policy ")) {
      line.remove_prefix(std::string_view("policy ").size());
      steps = &costs.steps[std::string(line)];
      right = !line.empty();
    } else if (line.starts_with("plan ") || line.starts_with("open ")) {
      MeasuredCost& it = take_word(line) == "plan" ? costs.plan : costs.open;
      const auto cost = take_cost(line);
      right = cost.has_value() && line.empty();
      if (right) it = *cost;
    } else if (const auto cost = take_cost(line); cost && steps != nullptr) {
      const auto kind = step_kind_named(line);
      right = kind.has_value();
      if (right) steps->insert_or_assign(*kind, *cost);
    }
    if (!right) {
      return fail(ErrorCode::Data, fmt::format("line {} of the costs is none: '{}'", number, whole),
                  std::nullopt, "`dart bench control --write FILE` makes such a file");
    }
  }
  if (costs.steps.empty() || costs.plan.samples == 0) {
    return fail(ErrorCode::Data, "the costs name no policy, or not what a plan costs", std::nullopt,
                "`dart bench control --write FILE` makes such a file");
  }
  return costs;
}

std::string ControlCosts::text() const {
  std::string out = fmt::format("plan {}\nopen {}\n", line_of(plan), line_of(open));
  for (const auto& [policy, kinds] : steps) {
    out += fmt::format("policy {}\n", policy);
    std::vector<std::string> lines;
    for (const auto& [kind, cost] : kinds) lines.push_back(line_of(cost) + ' ' + text_of(kind));
    const auto kind_in = [](const std::string& line) {
      return line.substr(line.find(' ', line.find(' ') + 1));
    };
    std::sort(lines.begin(), lines.end(),
              [&](const std::string& a, const std::string& b) { return kind_in(a) < kind_in(b); });
    for (const std::string& line : lines) out += line + '\n';
  }
  return out;
}

StepCosts::StepCosts(const ControlCosts& costs, const std::string& policy) : by_handled_(message_kinds(), 0) {
  const auto found = costs.steps.find(policy);
  if (found == costs.steps.end() && costs.steps.empty()) return;
  const auto& steps = found == costs.steps.end() ? costs.steps.begin()->second : found->second;
  std::vector<MeasuredCost> sums(message_kinds());
  MeasuredCost all;
  for (const auto& [kind, cost] : steps) {
    known_[kind] = ns_of(cost.us);
    for (MeasuredCost* sum : {&sums[kind.handled], &all}) {
      sum->us += cost.us * static_cast<double>(cost.samples);
      sum->samples += cost.samples;
    }
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const MeasuredCost& sum = sums[k].samples > 0 ? sums[k] : all;
    by_handled_[k] = ns_of(sum.us / static_cast<double>(std::max<std::uint64_t>(1, sum.samples)));
  }
}

std::int64_t StepCosts::of(const StepKind& kind) {
  ++asked_;
  const auto found = known_.find(kind);
  if (found != known_.end()) return found->second;
  ++guessed_;
  return by_handled_[kind.handled];
}

}  // namespace dart::sim
