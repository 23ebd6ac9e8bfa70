#include "sim/linearizability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace dart::sim {

namespace {

using Operation = RegisterOperation;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;
using Contradiction = std::optional<std::string>;

std::string text_of(const std::optional<std::string>& value) {
  return value ? fmt::format("'{}'", std::string_view(*value).substr(0, 40)) : std::string("nothing");
}

std::string text_of(const Operation& operation) {
  std::string text = fmt::format("client {}: ", operation.client);
  if (operation.kind == Kind::Get) text += "get";
  if (operation.kind == Kind::Cas) {
    text += fmt::format("cas of version {} to {}", operation.expected, text_of(operation.wanted));
  }
  if (operation.kind == Kind::Delete) text += fmt::format("delete of version {}", operation.expected);
  text += fmt::format(
      " [{}, {}]", operation.invoked_at,
      operation.returned_at == Operation::kNever ? "never" : std::to_string(operation.returned_at));
  if (operation.outcome == Outcome::Unknown || operation.returned_at == Operation::kNever)
    return text + " unknown";
  if (operation.outcome == Outcome::Unavailable) return text + " unavailable";
  return text + fmt::format(" {} version {}, {}", operation.outcome == Outcome::Ok ? "ok" : "conflict",
                            operation.version, text_of(operation.value));
}

bool is_change(const Operation& operation) { return operation.kind != Kind::Get; }
bool is_unknown(const Operation& operation) {
  return operation.outcome == Outcome::Unknown || operation.returned_at == Operation::kNever;
}

/// One version that the register must have had.
struct State {
  const Operation* maker = nullptr;    ///< the change that was told it made it
  const Operation* leaver = nullptr;   ///< the change that was told it changed it
  const Operation* witness = nullptr;  ///< somebody who was told the value
  std::vector<const Operation*> readers;
};

/// The history in the order of versions.
class Register {
 public:
  /// Contradictions that need no order: answers that do not fit their question, or one another.
  Contradiction add(const Operation& operation);
  /// Walks from version to version, each change as early as it can be.
  Contradiction walk();

 private:
  /// Of changes with unknown outcome: the last, and the one before it if that is needed.
  struct Path {
    const Operation* before = nullptr;
    const Operation* last = nullptr;
  };

  static Contradiction check_answer(const Operation& operation);
  Contradiction add_change(const Operation& operation);
  Contradiction add_witness(const Operation& operation);
  Contradiction step(std::uint64_t from, const State& left, std::uint64_t to, const State& reached);
  [[nodiscard]] Path path_of_unknown(std::uint64_t from, std::uint64_t to, const State& reached) const;
  /// `operation` stands behind all before it in the order.
  Contradiction place(const Operation& operation, const char* role);
  Contradiction read_all(const State& state);

  std::map<std::uint64_t, State> states_ = {{0, {}}};
  std::multimap<std::uint64_t, const Operation*> unknown_;  ///< changes, by the version that they expect
  const Operation* last_invoked_ = nullptr;  ///< the latest invocation among what has its place already
};

Contradiction Register::check_answer(const Operation& operation) {
  const bool matches = operation.version == operation.expected;
  if (operation.returned_at < operation.invoked_at)
    return "returned before it was invoked: " + text_of(operation);
  if (operation.version == 0 && operation.value) return "a value without a version: " + text_of(operation);
  if (operation.outcome == Outcome::Conflict) {
    if (!is_change(operation)) return "a get cannot conflict: " + text_of(operation);
    if (matches) return "a conflict with the version that was expected: " + text_of(operation);
  } else if (is_change(operation)) {
    if (operation.version <= operation.expected)
      return "a change must make a larger version: " + text_of(operation);
    const auto& made = operation.kind == Kind::Cas ? operation.wanted : std::nullopt;
    if (operation.value != made) return "a change made another value: " + text_of(operation);
  }
  return std::nullopt;
}

Contradiction Register::add(const Operation& operation) {
  if (is_unknown(operation)) {
    if (is_change(operation)) unknown_.emplace(operation.expected, &operation);
    return std::nullopt;
  }
  if (operation.outcome == Outcome::Unavailable) return std::nullopt;
  if (auto wrong = check_answer(operation)) return wrong;
  if (is_change(operation) && operation.outcome == Outcome::Ok) {
    if (auto wrong = add_change(operation)) return wrong;
  } else {
    states_[operation.version].readers.push_back(&operation);
  }
  return add_witness(operation);
}

Contradiction Register::add_change(const Operation& operation) {
  State& left = states_[operation.expected];
  if (left.leaver != nullptr) {
    return fmt::format("two changes of version {}: {}; and {}", operation.expected, text_of(*left.leaver),
                       text_of(operation));
  }
  left.leaver = &operation;
  State& made = states_[operation.version];
  if (made.maker != nullptr) {
    return fmt::format("version {} was made twice: {}; and {}", operation.version, text_of(*made.maker),
                       text_of(operation));
  }
  made.maker = &operation;
  return std::nullopt;
}

Contradiction Register::add_witness(const Operation& operation) {
  State& state = states_[operation.version];
  if (state.witness != nullptr && state.witness->value != operation.value) {
    return fmt::format("version {} has two values: {}; and {}", operation.version, text_of(*state.witness),
                       text_of(operation));
  }
  state.witness = &operation;
  return std::nullopt;
}

Contradiction Register::walk() {
  if (auto wrong = read_all(states_.begin()->second)) return wrong;
  for (auto from = states_.begin(), to = std::next(from); to != states_.end(); from = to++) {
    if (auto wrong = step(from->first, from->second, to->first, to->second)) return wrong;
    if (auto wrong = read_all(to->second)) return wrong;
  }
  return std::nullopt;
}

Contradiction Register::step(std::uint64_t from, const State& left, std::uint64_t to, const State& reached) {
  if (reached.maker != nullptr) {
    if (reached.maker == left.leaver) return place(*reached.maker, "changes");
    return fmt::format("version {} came between: {}", from, text_of(*reached.maker));
  }
  const Path path = path_of_unknown(from, to, reached);
  if (path.last == nullptr) {
    return fmt::format("nobody can have made version {}, after version {}: {}", to, from,
                       text_of(*(reached.witness != nullptr ? reached.witness : reached.leaver)));
  }
  for (const Operation* change : {path.before, path.last}) {
    if (change == nullptr) continue;
    if (auto wrong = place(*change, "changes")) return wrong;
  }
  return std::nullopt;
}

/// The changes of unknown outcome that can lead from one version to the next that was seen, the earliest.
/// What version they made is unknown too, so one or two are enough: the last must make the right value, and
/// when it expects a version between, any change of `from` can have made that. `any` is the earliest of
/// those, so the invocation of the last decides.
Register::Path Register::path_of_unknown(std::uint64_t from, std::uint64_t to, const State& reached) const {
  const Operation* any = nullptr;
  Path best;
  const auto end = unknown_.lower_bound(to);
  for (auto at = unknown_.lower_bound(from); at != end; ++at) {
    const Operation* const change = at->second;
    const bool first = at->first == from;
    if (first && (any == nullptr || change->invoked_at < any->invoked_at)) any = change;
    // `any` is final once a version between is looked at: the map is in order.
    if (!first && any == nullptr) break;
    const auto& made = change->kind == Kind::Cas ? change->wanted : std::nullopt;
    if (reached.witness != nullptr && reached.witness->value != made) continue;
    if (best.last == nullptr || change->invoked_at < best.last->invoked_at)
      best = {first ? nullptr : any, change};
  }
  return best;
}

Contradiction Register::place(const Operation& operation, const char* role) {
  if (last_invoked_ != nullptr && !is_unknown(operation) &&
      operation.returned_at < last_invoked_->invoked_at) {
    return fmt::format("{} an older state than real time allows: {}; it had returned before: {}", role,
                       text_of(operation), text_of(*last_invoked_));
  }
  if (last_invoked_ == nullptr || operation.invoked_at > last_invoked_->invoked_at)
    last_invoked_ = &operation;
  return std::nullopt;
}

Contradiction Register::read_all(const State& state) {
  // Readers of one state have no order among themselves: all against what came before, then all before what
  // follows.
  const Operation* latest = last_invoked_;
  for (const Operation* reader : state.readers) {
    const Operation* const before = last_invoked_;
    if (auto wrong = place(*reader, "sees")) return wrong;
    if (latest == nullptr || reader->invoked_at > latest->invoked_at) latest = reader;
    last_invoked_ = before;
  }
  last_invoked_ = latest;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_contradiction(std::span<const RegisterOperation> history) {
  Register judged;
  for (const Operation& operation : history) {
    if (auto wrong = judged.add(operation)) return wrong;
  }
  return judged.walk();
}

}  // namespace dart::sim
