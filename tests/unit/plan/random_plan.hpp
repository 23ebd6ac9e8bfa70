#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "unit/plan/plan_maker.hpp"

namespace dart::plan::testing {

/// Random plans as a careless planner would write them: columns that nobody reads, the same view twice,
/// filters far from their tables. Nothing in them can fail on a row, and every TopN orders by all columns, so
/// that there is one right answer.
class RandomPlan {
 public:
  explicit RandomPlan(std::uint64_t seed) : random_(seed) {}

  Plan make() {
    const std::uint32_t table = m_.table();
    pool_.push_back(m_.scan(table, {0, 1, 2, 3, Scan::kSeqColumn}));
    pool_.push_back(m_.scan(table, {3, 1, 0}));
    const std::uint64_t operators = 4 + random_.below(9);
    for (std::uint64_t i = 0; i < operators; ++i) grow();
    const std::uint64_t sinks = 1 + random_.below(2);
    for (std::uint64_t i = 0; i < sinks; ++i) finish("out" + std::to_string(i));
    return std::move(m_.plan);
  }

 private:
  using Types = std::vector<TypeId>;

  /// Mostly the newest, so that plans grow deep.
  NodeId any() {
    const std::uint64_t back =
        random_.chance(3, 4) ? 0 : random_.below(std::min<std::uint64_t>(pool_.size(), 5));
    return pool_[pool_.size() - 1 - back];
  }
  std::vector<std::uint32_t> columns_of(NodeId node, TypeId type) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t c = 0; c < m_.schema(node).size(); ++c) {
      if (m_.schema(node)[c].type.id == type) found.push_back(c);
    }
    return found;
  }
  std::uint32_t pick(const std::vector<std::uint32_t>& from) { return from[random_.below(from.size())]; }
  /// The column of that name, or the width when there is none.
  std::uint32_t named(NodeId node, const std::string& name) {
    std::uint32_t c = 0;
    while (c < m_.schema(node).size() && m_.schema(node)[c].name != name) ++c;
    return c;
  }

  void grow() {
    const NodeId input = any();
    switch (random_.below(10)) {
      case 0:
      case 1:
        return filter(input);
      case 2:
      case 3:
        return project(input);
      case 4:
        return window(input);
      case 5:
        return sliding(input);
      case 6:
        return aggregate(input);
      case 7:
        return top(input);
      case 8:
        return join(input, any());
      default:
        return union_all(input);
    }
  }

  ExpressionPtr condition(NodeId input) {
    const std::vector<std::uint32_t> numbers = columns_of(input, TypeId::BigInt);
    const std::vector<std::uint32_t> times = columns_of(input, TypeId::Timestamp);
    if (numbers.empty() || (!times.empty() && random_.chance(1, 3))) {
      if (times.empty()) return make_literal(Value::boolean(true));
      const auto bound =
          make_literal(Value::timestamp(static_cast<std::int64_t>(random_.below(20)) * 1'000'000));
      return call(">=", {m_.column(input, pick(times)), bound});
    }
    const ExpressionPtr left = m_.column(input, pick(numbers));
    if (random_.chance(1, 6)) return call("is null", {left});
    const ExpressionPtr right = random_.chance(1, 3) ? m_.column(input, pick(numbers))
                                                     : number(static_cast<std::int64_t>(random_.below(6)));
    static constexpr const char* kOperators[] = {"=", "<>", "<", ">="};
    const ExpressionPtr made = call(kOperators[random_.below(4)], {left, right});
    return random_.chance(1, 4) ? make_logical(Expression::Kind::Or, {made, condition(input)}) : made;
  }

  void filter(NodeId input) {
    std::vector<ExpressionPtr> conjuncts;
    for (std::uint64_t i = 0; i <= random_.below(3); ++i) conjuncts.push_back(condition(input));
    pool_.push_back(m_.filter(input, conjuncts));
  }

  void project(NodeId input) {
    std::vector<ExpressionPtr> expressions;
    std::vector<std::string> names;
    for (std::uint32_t c = 0; c < m_.schema(input).size(); ++c) {
      if (random_.chance(1, 4)) continue;
      expressions.push_back(m_.column(input, c));
      names.push_back(m_.schema(input)[c].name);
    }
    const std::vector<std::uint32_t> numbers = columns_of(input, TypeId::BigInt);
    for (std::uint64_t i = 0; !numbers.empty() && i < random_.below(3); ++i) {
      const ExpressionPtr a = m_.column(input, pick(numbers));
      const ExpressionPtr b = m_.column(input, pick(numbers));
      switch (random_.below(3)) {
        case 0:
          expressions.push_back(call("-", {a, b}));
          break;
        case 1:
          expressions.push_back(make_coalesce({a, number(1)}, a->type));
          break;
        default:
          expressions.push_back(make_case({call("<", {a, b}), a, call("+", {b, number(1)})}, a->type));
      }
      names.push_back("e" + std::to_string(i));
    }
    if (expressions.empty()) return;
    pool_.push_back(m_.project(input, expressions, names));
  }

  void window(NodeId input) {
    const std::uint32_t ts = named(input, "ts");
    if (ts == m_.schema(input).size() || m_.weighted(input)) return;
    if (named(input, "window_end") != m_.schema(input).size()) return;
    const std::int64_t slide = static_cast<std::int64_t>(1 + random_.below(3)) * 2'000'000;
    pool_.push_back(m_.window(input, ts, slide * static_cast<std::int64_t>(1 + random_.below(3)), slide));
  }

  void sliding(NodeId input) {
    const std::uint32_t ts = named(input, "ts");
    if (ts == m_.schema(input).size() || m_.weighted(input)) return;
    pool_.push_back(m_.sliding(input, ts, static_cast<std::int64_t>(1 + random_.below(9)) * 1'000'000));
  }

  void aggregate(NodeId input) {
    Aggregate kind;
    const auto width = static_cast<std::uint32_t>(m_.schema(input).size());
    for (std::uint32_t c = 0; c < width; ++c) {
      if (random_.chance(1, 4)) kind.keys.push_back(c);
    }
    const std::uint32_t end = named(input, "window_end");
    if (end != width && !m_.weighted(input) && random_.chance(2, 3)) {
      std::erase(kind.keys, end);
      kind.expires_by_key = static_cast<std::uint32_t>(kind.keys.size());
      kind.keys.push_back(end);
      kind.emit = EmitPolicy::AtClose;
    }
    std::vector<std::string> names = {"n"};
    kind.calls = {aggregate_call("count", {})};
    for (const std::uint32_t c : columns_of(input, TypeId::BigInt)) {
      if (!random_.chance(1, 3)) continue;
      kind.calls.push_back(aggregate_call(random_.chance(1, 2) ? "max" : "min", {c}));
      names.push_back("m" + std::to_string(c));
    }
    pool_.push_back(m_.aggregate(input, kind, names));
  }

  void top(NodeId input) {
    TopN kind;
    const std::size_t width = m_.schema(input).size();
    const std::uint64_t shift = random_.below(width);
    for (std::size_t i = 0; i < width; ++i) {
      const auto column = static_cast<std::uint32_t>((i + shift) % width);
      if (random_.chance(1, 6)) kind.partition.push_back(column);
      kind.order.push_back({column, random_.chance(1, 2), random_.chance(1, 2)});
    }
    kind.limit = static_cast<std::int64_t>(1 + random_.below(3));
    kind.with_rank = random_.chance(1, 2);
    pool_.push_back(m_.top(input, kind));
  }

  void join(NodeId left, NodeId right) {
    const std::vector<std::uint32_t> a = columns_of(left, TypeId::BigInt);
    const std::vector<std::uint32_t> b = columns_of(right, TypeId::BigInt);
    if (a.empty() || b.empty() || joins_++ > 1) return;
    Join kind;
    kind.kind = random_.chance(1, 2) ? JoinKind::Inner : JoinKind::Left;
    if (random_.chance(2, 3)) {
      kind.left_keys = {pick(a)};
      kind.right_keys = {pick(b)};
    }
    const auto shift = static_cast<std::uint32_t>(m_.schema(left).size());
    if (kind.left_keys.empty() || random_.chance(1, 3)) {
      const LogicalType type = LogicalType::of(TypeId::BigInt);
      kind.conditions = {call(random_.chance(1, 2) ? "=" : "<",
                              {make_column(pick(a), type), make_column(pick(b) + shift, type)})};
    }
    pool_.push_back(m_.join(left, right, kind));
  }

  void union_all(NodeId input) {
    for (const NodeId other : pool_) {
      const Schema& a = m_.schema(input);
      const Schema& b = m_.schema(other);
      const bool fits = std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                   [](const Column& x, const Column& y) { return x.type == y.type; });
      if (!fits || (other == input && random_.chance(1, 2))) continue;
      pool_.push_back(m_.union_all({input, other}));
      return;
    }
  }

  void finish(const std::string& name) {
    NodeId input = any();
    switch (random_.below(4)) {
      case 0:
        input = m_.emit(input, {EmitMode::Final, {}, {}});
        break;
      case 1:
        input = m_.emit(input, {EmitMode::OnChange, {}, {}});
        break;
      case 2:
        input = m_.emit(input, {EmitMode::Changes, {}, {}});
        break;
      default:
        break;
    }
    m_.sink(input, name);
  }

  Random random_;
  PlanMaker m_;
  std::vector<NodeId> pool_;
  int joins_ = 0;
};

}  // namespace dart::plan::testing
