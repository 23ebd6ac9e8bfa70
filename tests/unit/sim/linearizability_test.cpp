#include "sim/linearizability.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace dart::sim {
namespace {

using Operation = RegisterOperation;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;
using Value = std::optional<std::string>;
using History = std::vector<Operation>;

Operation get(std::int64_t from, std::int64_t to, std::uint64_t version, Value value) {
  return {1, Kind::Get, 0, {}, from, to, Outcome::Ok, version, std::move(value)};
}
Operation cas(std::int64_t from, std::int64_t to, std::uint64_t expected, const std::string& wanted,
              std::uint64_t made) {
  return {2, Kind::Cas, expected, wanted, from, to, Outcome::Ok, made, wanted};
}
Operation erase(std::int64_t from, std::int64_t to, std::uint64_t expected, std::uint64_t made) {
  return {3, Kind::Delete, expected, {}, from, to, Outcome::Ok, made, {}};
}
Operation conflict(std::int64_t from, std::int64_t to, std::uint64_t expected, std::uint64_t met,
                   Value value) {
  return {4, Kind::Cas, expected, "lost", from, to, Outcome::Conflict, met, std::move(value)};
}
Operation unknown(std::int64_t from, std::uint64_t expected, const std::string& wanted) {
  return {5, Kind::Cas, expected, wanted, from, Operation::kNever, Outcome::Unknown, 0, {}};
}
Operation unavailable(std::int64_t from, std::int64_t to, std::uint64_t expected, const std::string& wanted) {
  return {6, Kind::Cas, expected, wanted, from, to, Outcome::Unavailable, 0, {}};
}

void expect_good(const History& history) {
  const auto wrong = find_contradiction(history);
  EXPECT_FALSE(wrong) << *wrong;
}
void expect_bad(const History& history, const std::string& why) {
  const auto wrong = find_contradiction(history);
  ASSERT_TRUE(wrong) << "expected: " << why;
  EXPECT_NE(wrong->find(why), std::string::npos) << *wrong;
}

TEST(Linearizability, GoodHistories) {
  expect_good({});
  expect_good({get(0, 10, 0, {}), cas(20, 30, 0, "a", 1), get(40, 50, 1, "a"), erase(60, 70, 1, 5),
               get(80, 90, 5, {}), cas(100, 110, 5, "b", 9), conflict(120, 130, 5, 9, "b")});
  // At the same time, any order will do; to touch is to be at the same time.
  expect_good({cas(0, 100, 0, "a", 1), get(0, 100, 0, {}), get(10, 20, 1, "a"), get(5, 10, 0, {}),
               conflict(0, 100, 3, 1, "a")});
  // Nobody read what it met, and nobody needs to.
  expect_good({cas(0, 10, 0, "a", 3), cas(20, 30, 3, "b", 4)});
  expect_good({unavailable(0, 10, 0, "a"), get(20, 30, 0, {})});
  Operation lost = get(0, 10, 0, {});
  lost.outcome = Outcome::Unknown;
  expect_good({lost, cas(0, 10, 0, "a", 1)});
}

TEST(Linearizability, StaleRead) {
  expect_bad({cas(0, 10, 0, "a", 1), cas(20, 30, 1, "b", 2), get(40, 50, 1, "a")}, "real time");
  expect_bad({cas(0, 10, 0, "a", 1), get(20, 30, 0, {})}, "real time");
  // A reader saw the new value, one after it the old: though the change itself was still on its way.
  expect_bad({cas(0, 100, 0, "a", 1), get(10, 20, 1, "a"), get(30, 40, 0, {})}, "real time");
  expect_bad({cas(0, 10, 0, "a", 1), cas(20, 30, 1, "b", 2), conflict(40, 50, 0, 1, "a")}, "real time");
}

TEST(Linearizability, LostUpdate) {
  expect_bad({cas(0, 10, 0, "a", 1), cas(5, 15, 0, "b", 2)}, "two changes of version 0");
  expect_bad({cas(0, 10, 0, "a", 2), cas(5, 15, 1, "b", 2)}, "made twice");
  // Acknowledged, then gone: the next one finds the record as it was before.
  expect_bad({cas(0, 10, 0, "a", 1), cas(20, 30, 1, "b", 2), cas(40, 50, 1, "c", 3)},
             "two changes of version 1");
  expect_bad({cas(0, 10, 0, "a", 1), get(20, 30, 1, "b")}, "two values");
  expect_bad({cas(0, 10, 0, "a", 1), erase(20, 30, 1, 2), get(40, 50, 2, "a")}, "two values");
}

TEST(Linearizability, AppliedTwice) {
  expect_bad({cas(0, 100, 0, "a", 1), get(10, 20, 2, "a")}, "nobody can have made version 2");
  expect_bad({unknown(0, 0, "a"), get(10, 20, 1, "a"), erase(30, 40, 1, 2), get(50, 60, 3, "a")},
             "nobody can have made version 3");
}

TEST(Linearizability, UnavailableTookEffect) {
  expect_bad({unavailable(0, 10, 0, "a"), get(20, 30, 1, "a")}, "nobody can have made version 1");
}

TEST(Linearizability, UnknownTakesEffectLateOrNever) {
  expect_good({unknown(0, 0, "a"), get(10, 20, 0, {}), get(30, 40, 0, {}), get(50, 60, 1, "a")});
  expect_good({unknown(0, 0, "a"), get(10, 20, 0, {}), cas(30, 40, 0, "b", 1), get(50, 60, 1, "b")});
  // The client gave up at 10; the change came later all the same.
  Operation given_up = unknown(0, 0, "a");
  given_up.returned_at = 10;
  expect_good({given_up, get(20, 30, 0, {}), get(40, 50, 1, "a")});
  expect_bad({get(0, 10, 1, "a"), unknown(20, 0, "a")}, "real time");
  // Not when another change of that version was acknowledged.
  expect_bad({unknown(0, 0, "a"), cas(10, 20, 0, "b", 1), get(30, 40, 2, "a")},
             "nobody can have made version 2");
  // What nobody saw can have been between: 0 -> 4 -> 5.
  expect_good({unknown(0, 0, "a"), unknown(5, 4, "b"), get(10, 20, 5, "b")});
  expect_bad({unknown(5, 4, "b"), get(10, 20, 5, "b")}, "nobody can have made version 5");
  expect_good({unknown(50, 0, "a"), unknown(0, 0, "c"), unknown(5, 4, "b"), get(10, 20, 5, "b")});
  // Of two that could, one was early enough.
  expect_good({unknown(50, 0, "a"), unknown(0, 0, "a"), get(10, 20, 1, "a")});
  // An answer that never came is unknown, whatever stands in the record.
  Operation no_answer = cas(0, Operation::kNever, 0, "a", 7);
  expect_good({no_answer, get(20, 30, 0, {})});
}

TEST(Linearizability, RealTimeOrder) {
  expect_bad({cas(20, 30, 0, "a", 1), cas(0, 10, 1, "b", 2)}, "real time");
  expect_bad({get(0, 10, 1, "a"), cas(20, 30, 0, "a", 1)}, "real time");
  expect_bad({cas(0, 10, 0, "a", 1), conflict(20, 30, 1, 0, {})}, "real time");
}

TEST(Linearizability, WrongAnswers) {
  expect_bad({conflict(0, 10, 0, 0, {})}, "that was expected");
  expect_bad({cas(0, 10, 4, "a", 4)}, "larger version");
  expect_bad({get(0, 10, 0, "a")}, "a value without a version");
  expect_bad({get(10, 0, 0, {})}, "returned before");
  Operation other = cas(0, 10, 0, "a", 1);
  other.value = "b";
  expect_bad({other}, "another value");
}

TEST(Linearizability, FirstContradictionNamesBoth) {
  const auto wrong =
      find_contradiction(History{cas(0, 10, 0, "a", 1), cas(20, 30, 1, "b", 2), get(40, 50, 1, "a")});
  ASSERT_TRUE(wrong);
  EXPECT_NE(wrong->find("client 2: cas of version 1 to 'b' [20, 30] ok version 2"), std::string::npos)
      << *wrong;
  EXPECT_NE(wrong->find("client 1: get [40, 50] ok version 1, 'a'"), std::string::npos) << *wrong;
}

/// Tries every order: what the judge claims to have found without.
class Search {
 public:
  explicit Search(const History& history) : history_(history) {
    for (const auto& operation : history_) {
      versions_.insert({operation.expected, operation.version});
    }
    versions_.insert(*versions_.rbegin() + 1);
  }
  [[nodiscard]] bool possible() const { return go(0, 0, {}); }

 private:
  [[nodiscard]] static bool lost(const Operation& operation) {
    return operation.outcome == Outcome::Unknown || operation.returned_at == Operation::kNever;
  }
  [[nodiscard]] bool go(unsigned done, std::uint64_t version, const Value& value) const {
    bool all = true;
    std::int64_t first_return = Operation::kNever;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((done >> i & 1U) != 0 || lost(history_[i])) continue;
      all = false;
      first_return = std::min(first_return, history_[i].returned_at);
    }
    if (all) return true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((done >> i & 1U) == 0 && history_[i].invoked_at <= first_return && next(i, done, version, value)) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool next(std::size_t i, unsigned done, std::uint64_t version, const Value& value) const {
    const Operation& operation = history_[i];
    const unsigned then = done | 1U << i;
    if (operation.outcome == Outcome::Unavailable && !lost(operation)) return go(then, version, value);
    if (lost(operation)) {
      if (operation.kind == Kind::Get || operation.expected != version) return false;
      return std::any_of(versions_.upper_bound(version), versions_.end(),
                         [&](std::uint64_t made) { return go(then, made, operation.wanted); });
    }
    if (operation.kind == Kind::Get || operation.outcome == Outcome::Conflict) {
      const bool fits =
          operation.kind == Kind::Get ? operation.outcome == Outcome::Ok : operation.expected != version;
      return fits && operation.version == version && operation.value == value && go(then, version, value);
    }
    return operation.expected == version && operation.version > version &&
           operation.value == operation.wanted && go(then, operation.version, operation.wanted);
  }

  const History& history_;
  std::set<std::uint64_t> versions_;
};

/// What clients saw of a register that keeps its word. A change whose answer is lost may come late or never.
History honest_history(Random& random, std::size_t operations, std::int64_t step, unsigned values) {
  History history;
  std::uint64_t version = 0;
  Value value;
  std::vector<Operation> late;
  const auto apply = [&](const Operation& change) {
    if (change.expected != version) return false;
    version += 1 + random.below(2);
    value = change.wanted;
    return true;
  };
  for (std::int64_t now = 100; history.size() < operations;
       now += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(step)))) {
    Operation operation;
    operation.client = static_cast<std::uint32_t>(random.below(8));
    operation.kind = std::array{Kind::Get, Kind::Cas, Kind::Cas, Kind::Delete}[random.below(4)];
    if (operation.kind != Kind::Get)
      operation.expected = random.chance(3, 4) ? version : random.below(version + 2);
    if (operation.kind == Kind::Cas) operation.wanted = std::to_string(random.below(values));
    operation.invoked_at = now - static_cast<std::int64_t>(random.below(30));
    operation.returned_at = now + static_cast<std::int64_t>(random.below(30));
    if (random.chance(1, 10)) {
      operation.outcome = Outcome::Unknown;
      if (operation.kind != Kind::Get) late.push_back(operation);
    } else if (random.chance(1, 10)) {
      operation.outcome = Outcome::Unavailable;
    } else {
      const bool done = operation.kind == Kind::Get || apply(operation);
      operation.outcome = done ? Outcome::Ok : Outcome::Conflict;
      operation.version = version;
      operation.value = value;
    }
    history.push_back(operation);
    if (!late.empty() && random.chance(1, 3)) {
      apply(late.front());
      late.erase(late.begin());
    }
  }
  return history;
}

void spoil(Random& random, History& history) {
  Operation& operation = history[random.below(history.size())];
  switch (random.below(6)) {
    case 0:
      operation.version = random.below(6);
      break;
    case 1:
      operation.value = random.chance(1, 3) ? Value() : Value(std::to_string(random.below(2)));
      break;
    case 2:
      operation.outcome = static_cast<Outcome>(random.below(4));
      break;
    case 3:
      operation.invoked_at += static_cast<std::int64_t>(random.below(80)) - 40;
      operation.returned_at = std::max(operation.returned_at, operation.invoked_at);
      break;
    case 4:
      operation.expected = random.below(6);
      break;
    default:
      history.erase(history.begin() + (&operation - history.data()));
      break;
  }
}

TEST(Linearizability, AgreesWithASearchOfAllOrders) {
  const std::uint64_t seed = 4;
  Random random(seed);
  int good = 0;
  int bad = 0;
  for (int round = 0; round < 30'000; ++round) {
    History history = honest_history(random, 2 + random.below(6), 40, 2);
    for (std::uint64_t i = random.below(4); i > 0 && history.size() > 1; --i) spoil(random, history);
    const bool possible = Search(history).possible();
    ++(possible ? good : bad);
    const auto wrong = find_contradiction(history);
    ASSERT_EQ(!wrong, possible) << "seed " << seed << ", round " << round << ": "
                                << wrong.value_or("nothing wrong");
  }
  EXPECT_GT(good, 5'000);
  EXPECT_GT(bad, 5'000);
}

TEST(Linearizability, LongHistoriesAreQuick) {
  Random random(7);
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 10; ++round) {
    History history = honest_history(random, 2'000, 12, 1'000);
    std::sort(history.begin(), history.end(),
              [](const auto& a, const auto& b) { return a.returned_at < b.returned_at; });
    expect_good(history);
    EXPECT_GT(std::count_if(history.begin(), history.end(),
                            [](const auto& operation) { return operation.outcome == Outcome::Unknown; }),
              100);
    const auto stale = std::find_if(history.begin() + 1'000, history.end(), [](const auto& operation) {
      return operation.kind == Kind::Get && operation.outcome == Outcome::Ok && operation.version > 0;
    });
    ASSERT_NE(stale, history.end());
    stale->version = 0;
    stale->value.reset();
    expect_bad(history, "real time");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace dart::sim
