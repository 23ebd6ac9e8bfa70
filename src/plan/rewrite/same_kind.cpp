#include <algorithm>

#include "plan/rewrite/graph.hpp"

namespace dart::plan::rewrite {

namespace {

bool same(const std::vector<ExpressionPtr>& a, const std::vector<ExpressionPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ExpressionPtr& x, const ExpressionPtr& y) { return equal(*x, *y); });
}

bool same(const std::vector<SortKey>& a, const std::vector<SortKey>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const SortKey& x, const SortKey& y) {
    return x.column == y.column && x.descending == y.descending && x.nulls_first == y.nulls_first;
  });
}

bool same(const WindowAssign& a, const WindowAssign& b) {
  return a.time_column == b.time_column && a.size_us == b.size_us && a.slide_us == b.slide_us;
}

bool same(const AggregateCall& a, const AggregateCall& b) {
  return a.name == b.name && a.arguments == b.arguments && a.direct == b.direct && a.filter == b.filter &&
         a.distinct == b.distinct && a.position == b.position;
}

bool same(const OverCall& a, const OverCall& b) {
  return a.name == b.name && a.arguments == b.arguments && a.direct == b.direct && a.filter == b.filter &&
         a.distinct == b.distinct && a.frame.unit == b.frame.unit && a.frame.preceding == b.frame.preceding;
}

template <class Call>
bool same_calls(const std::vector<Call>& a, const std::vector<Call>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Call& x, const Call& y) { return same(x, y); });
}

struct Comparer {
  const NodeKind& other;

  bool operator()(const Scan& a) const {
    const Scan& b = std::get<Scan>(other);
    return a.table == b.table && a.columns == b.columns;
  }
  bool operator()(const Filter& a) const { return same(a.conjuncts, std::get<Filter>(other).conjuncts); }
  bool operator()(const Project& a) const {
    return same(a.expressions, std::get<Project>(other).expressions);
  }
  bool operator()(const WindowAssign& a) const { return same(a, std::get<WindowAssign>(other)); }
  bool operator()(const Sliding& a) const {
    const Sliding& b = std::get<Sliding>(other);
    return a.time_column == b.time_column && a.size_us == b.size_us;
  }
  bool operator()(const CountWindow& a) const {
    const CountWindow& b = std::get<CountWindow>(other);
    return a.rows == b.rows && a.keys == b.keys;
  }
  bool operator()(const Aggregate& a) const {
    const Aggregate& b = std::get<Aggregate>(other);
    const bool windows = a.window ? b.window && same(*a.window, *b.window) : !b.window;
    return windows && a.keys == b.keys && same_calls(a.calls, b.calls) && a.emit == b.emit &&
           a.per_block == b.per_block && a.expires_by_key == b.expires_by_key && a.phase == b.phase;
  }
  bool operator()(const TopN& a) const {
    const TopN& b = std::get<TopN>(other);
    return a.partition == b.partition && same(a.order, b.order) && a.offset == b.offset &&
           a.limit == b.limit && a.with_rank == b.with_rank && a.emit == b.emit &&
           a.expires_by_key == b.expires_by_key;
  }
  bool operator()(const Over& a) const {
    const Over& b = std::get<Over>(other);
    return a.partition == b.partition && a.order == b.order && a.peers == b.peers &&
           same_calls(a.calls, b.calls);
  }
  bool operator()(const Join& a) const {
    const Join& b = std::get<Join>(other);
    return a.kind == b.kind && a.left_keys == b.left_keys && a.right_keys == b.right_keys &&
           same(a.conditions, b.conditions) && a.expires_by_key == b.expires_by_key && a.emit == b.emit;
  }
  bool operator()(const UnionAll&) const { return true; }
  bool operator()(const Expand& a) const {
    const Expand& b = std::get<Expand>(other);
    return std::equal(a.lists.begin(), a.lists.end(), b.lists.begin(), b.lists.end(),
                      [](const auto& x, const auto& y) { return same(x, y); });
  }
  bool operator()(const Limit& a) const {
    const Limit& b = std::get<Limit>(other);
    return a.offset == b.offset && a.limit == b.limit;
  }
  bool operator()(const Emit& a) const {
    const Emit& b = std::get<Emit>(other);
    return a.mode == b.mode && a.ignored == b.ignored && same(a.order, b.order);
  }
  bool operator()(const Sink& a) const { return a.table == std::get<Sink>(other).table; }
};

}  // namespace

bool same_kind(const NodeKind& a, const NodeKind& b) {
  return a.index() == b.index() && std::visit(Comparer{b}, a);
}

}  // namespace dart::plan::rewrite
