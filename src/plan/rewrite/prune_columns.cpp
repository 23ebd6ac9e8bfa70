#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

using Used = std::vector<bool>;
constexpr std::uint32_t kDropped = UINT32_MAX;

void mark(Used& used, const std::vector<std::uint32_t>& columns) {
  for (const std::uint32_t column : columns) used[column] = true;
}
void mark(Used& used, const std::vector<ExpressionPtr>& expressions) {
  for (const ExpressionPtr& expression : expressions) mark_columns(*expression, used);
}
void mark(Used& used, const std::vector<SortKey>& order) {
  for (const SortKey& key : order) used[key.column] = true;
}
template <class Call>
void mark_call(Used& used, const Call& call) {
  mark(used, call.arguments);
  if (call.filter) used[*call.filter] = true;
}

/// Of the output columns that are read, those that the input has too.
Used passed_on(const Used& output, std::size_t input_width) {
  Used used(output.begin(),
            output.begin() + static_cast<std::ptrdiff_t>(std::min(output.size(), input_width)));
  used.resize(input_width, false);
  return used;
}

/// Calls of an aggregate that stay: those that are read, and one of a global aggregate in any case, so that
/// its row has a column.
bool keeps_call(const Aggregate& aggregate, const Used& output, std::size_t call) {
  const std::size_t before = aggregate.keys.size() + (aggregate.window ? 2 : 0);
  if (output[before + call]) return true;
  if (before != 0 || call != 0) return false;
  return std::find(output.begin(), output.end(), true) == output.end();
}

/// One overload a kind: the columns of each input that it needs for the output columns that are read.
class Needs {
 public:
  Needs(const Plan& plan, const Node& node, const Used& output) : plan_(plan), node_(node), output_(output) {}

  std::vector<Used> operator()(const Scan&) const { return {}; }
  std::vector<Used> operator()(const Filter& filter) const {
    Used used = passed_on(output_, width(0));
    mark(used, filter.conjuncts);
    return {used};
  }
  std::vector<Used> operator()(const Project& project) const {
    Used used(width(0), false);
    for (std::size_t i = 0; i < output_.size(); ++i) {
      if (output_[i]) mark_columns(*project.expressions[i], used);
    }
    return {used};
  }
  std::vector<Used> operator()(const WindowAssign& window) const { return passed_with(window.time_column); }
  std::vector<Used> operator()(const Sliding& sliding) const { return passed_with(sliding.time_column); }
  std::vector<Used> operator()(const CountWindow& window) const {
    Used used = passed_on(output_, width(0));
    mark(used, window.keys);
    return {used};
  }
  std::vector<Used> operator()(const Aggregate& aggregate) const {
    Used used(width(0), false);
    mark(used, aggregate.keys);
    if (aggregate.window) used[aggregate.window->time_column] = true;
    for (std::size_t i = 0; i < aggregate.calls.size(); ++i) {
      if (!keeps_call(aggregate, output_, i)) continue;
      mark_call(used, aggregate.calls[i]);
      if (aggregate.calls[i].position) used[*aggregate.calls[i].position] = true;
    }
    return {used};
  }
  std::vector<Used> operator()(const TopN& top) const {
    Used used = passed_on(output_, width(0));
    mark(used, top.partition);
    mark(used, top.order);
    return {used};
  }
  std::vector<Used> operator()(const Over& over) const {
    Used used = passed_on(output_, width(0));
    mark(used, over.partition);
    used[over.order] = true;
    for (std::size_t i = 0; i < over.calls.size(); ++i) {
      if (output_[width(0) + i]) mark_call(used, over.calls[i]);
    }
    return {used};
  }
  std::vector<Used> operator()(const Join& join) const {
    Used both = output_;
    mark(both, join.conditions);
    const auto middle = both.begin() + static_cast<std::ptrdiff_t>(width(0));
    Used left(both.begin(), middle);
    Used right(middle, both.end());
    mark(left, join.left_keys);
    mark(right, join.right_keys);
    return {left, right};
  }
  std::vector<Used> operator()(const UnionAll&) const {
    return std::vector<Used>(node_.inputs.size(), output_);
  }
  std::vector<Used> operator()(const Expand& expand) const {
    Used used = passed_on(output_, width(0));
    for (const std::vector<ExpressionPtr>& list : expand.lists) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (output_[width(0) + i]) mark_columns(*list[i], used);
      }
    }
    return {used};
  }
  std::vector<Used> operator()(const Limit&) const { return {output_}; }
  std::vector<Used> operator()(const Emit& emit) const {
    // OnChange compares and writes whole rows.
    if (emit.mode == EmitMode::OnChange) return {Used(width(0), true)};
    Used used = output_;
    mark(used, emit.order);
    return {used};
  }
  std::vector<Used> operator()(const Sink&) const { return {Used(width(0), true)}; }

 private:
  [[nodiscard]] std::size_t width(std::size_t port) const {
    return plan_.nodes[node_.inputs[port].node].schema.size();
  }
  [[nodiscard]] std::vector<Used> passed_with(std::uint32_t column) const {
    Used used = passed_on(output_, width(0));
    used[column] = true;
    return {used};
  }

  const Plan& plan_;
  const Node& node_;
  const Used& output_;
};

/// Whether the node keeps its input rows, so that columns that it does not need cost memory; a union wants
/// the same columns from all its inputs.
bool wants_narrow_input(const NodeKind& kind) {
  return std::holds_alternative<Sliding>(kind) || std::holds_alternative<CountWindow>(kind) ||
         std::holds_alternative<TopN>(kind) || std::holds_alternative<Join>(kind) ||
         std::holds_alternative<Emit>(kind) || std::holds_alternative<UnionAll>(kind);
}

/// Builds the pruned plan node by node, and remembers where every old column has gone.
class Pruner {
 public:
  explicit Pruner(Plan& plan)
      : plan_(plan), used_(plan.nodes.size()), places_(plan.nodes.size()), ids_(plan.nodes.size()) {}

  bool run() {
    mark_used();
    for (NodeId id = 0; id < plan_.nodes.size(); ++id) rebuild(id);
    const bool changed = dropped_ || out_.nodes.size() != plan_.nodes.size();
    plan_.nodes = std::move(out_.nodes);
    return changed;
  }

 private:
  using Places = std::vector<std::uint32_t>;

  void mark_used() {
    for (NodeId id = 0; id < plan_.nodes.size(); ++id) used_[id].assign(plan_.nodes[id].schema.size(), false);
    for (std::size_t i = plan_.nodes.size(); i-- > 0;) {
      const Node& node = plan_.nodes[i];
      needs_.push_back(std::visit(Needs(plan_, node, used_[i]), node.kind));
      for (std::size_t port = 0; port < node.inputs.size(); ++port) {
        Used& input = used_[node.inputs[port].node];
        for (std::size_t c = 0; c < input.size(); ++c) input[c] = input[c] || needs_.back()[port][c];
      }
    }
    std::reverse(needs_.begin(), needs_.end());
  }

  /// The columns of an input that are still there, as the node will see them.
  Places connect(Node& node, NodeId id, std::size_t port) {
    const Input old = node.inputs[port];
    Places places = places_[old.node];
    node.inputs[port] = {ids_[old.node], old.output};
    const Used& need = needs_[id][port];
    std::vector<std::uint32_t> wanted;
    Places narrow(places.size(), kDropped);
    bool wider = false;
    for (std::uint32_t c = 0; c < places.size(); ++c) {
      if (need[c]) {
        narrow[c] = static_cast<std::uint32_t>(wanted.size());
        wanted.push_back(places[c]);
      }
      wider = wider || (!need[c] && places[c] != kDropped);
    }
    if (!wider || !wants_narrow_input(node.kind)) return places;
    Plan& out = out_;
    Node picker = pick_columns(out, node.inputs[port], wanted);
    picker.inputs = {node.inputs[port]};
    out.nodes.push_back(std::move(picker));
    node.inputs[port] = {static_cast<NodeId>(out.nodes.size() - 1), 0};
    return narrow;
  }

  void rebuild(NodeId id) {
    Node node = plan_.nodes[id];
    std::vector<Places> inputs;
    for (std::size_t port = 0; port < node.inputs.size(); ++port) inputs.push_back(connect(node, id, port));
    places_[id] = std::visit(Renumber{used_[id], node, inputs}, node.kind);
    Schema schema(node.schema.size());
    std::size_t width = 0;
    for (std::size_t c = 0; c < places_[id].size(); ++c) {
      const std::uint32_t place = places_[id][c];
      if (place == kDropped) continue;
      schema[place] = node.schema[c];
      ++width;
    }
    dropped_ = dropped_ || width != node.schema.size();
    schema.resize(width);
    node.schema = std::move(schema);
    ids_[id] = static_cast<NodeId>(out_.nodes.size());
    out_.nodes.push_back(std::move(node));
  }

  /// One overload a kind: rewrites it for its inputs' new columns and gives the places of its old output
  /// columns.
  struct Renumber {
    const Used& used;
    const Node& node;
    const std::vector<Places>& inputs;

    void column(std::uint32_t& c, std::size_t port = 0) const {
      c = inputs[port][c];
      DART_CHECK(c != kDropped);
    }
    void all(std::vector<std::uint32_t>& columns, std::size_t port = 0) const {
      for (std::uint32_t& c : columns) column(c, port);
    }
    void all(std::vector<SortKey>& order) const {
      for (SortKey& key : order) column(key.column);
    }
    void all(std::vector<ExpressionPtr>& expressions) const {
      for (ExpressionPtr& expression : expressions) expression = renumber(expression, inputs[0]);
    }
    template <class Call>
    void call(Call& c) const {
      all(c.arguments);
      if (c.filter) column(*c.filter);
    }
    [[nodiscard]] std::uint32_t input_width(std::size_t port = 0) const {
      return static_cast<std::uint32_t>(std::count_if(inputs[port].begin(), inputs[port].end(),
                                                      [](std::uint32_t place) { return place != kDropped; }));
    }
    /// The input's columns, then the node's own, of which only those that are `kept` remain.
    template <class Kept>
    [[nodiscard]] Places appended(std::size_t own, const Kept& kept) const {
      Places places = inputs[0];
      std::uint32_t next = input_width();
      for (std::size_t i = 0; i < own; ++i) places.push_back(kept(i) ? next++ : kDropped);
      return places;
    }
    [[nodiscard]] bool reads_own(std::size_t i) const { return used[inputs[0].size() + i]; }

    /// Keeps the items that are read; gives the places of all.
    template <class Item>
    Places keep_used(std::vector<Item>& items) const {
      Places places;
      std::vector<Item> kept;
      for (std::size_t i = 0; i < items.size(); ++i) {
        places.push_back(used[i] ? static_cast<std::uint32_t>(kept.size()) : kDropped);
        if (used[i]) kept.push_back(std::move(items[i]));
      }
      items = std::move(kept);
      return places;
    }

    Places operator()(Scan& scan) const { return keep_used(scan.columns); }
    Places operator()(Filter& filter) const {
      all(filter.conjuncts);
      return inputs[0];
    }
    Places operator()(Project& project) const {
      Places places = keep_used(project.expressions);
      all(project.expressions);
      return places;
    }
    Places operator()(WindowAssign& window) const {
      column(window.time_column);
      return appended(2, [](std::size_t) { return true; });
    }
    Places operator()(Sliding& sliding) const {
      column(sliding.time_column);
      return inputs[0];
    }
    Places operator()(CountWindow& window) const {
      all(window.keys);
      return appended(1, [](std::size_t) { return true; });
    }
    Places operator()(Aggregate& aggregate) const {
      const std::size_t before = aggregate.keys.size() + (aggregate.window ? 2 : 0);
      Places places = identity(before);
      std::vector<AggregateCall> kept;
      for (std::size_t i = 0; i < aggregate.calls.size(); ++i) {
        const bool keep = keeps_call(aggregate, used, i);
        places.push_back(keep ? static_cast<std::uint32_t>(before + kept.size()) : kDropped);
        if (keep) kept.push_back(std::move(aggregate.calls[i]));
      }
      aggregate.calls = std::move(kept);
      all(aggregate.keys);
      if (aggregate.window) column(aggregate.window->time_column);
      for (AggregateCall& c : aggregate.calls) {
        call(c);
        if (c.position) column(*c.position);
      }
      return places;
    }
    Places operator()(TopN& top) const {
      all(top.partition);
      all(top.order);
      if (!top.with_rank) return inputs[0];
      top.with_rank = reads_own(0);
      return appended(1, [&](std::size_t) { return top.with_rank; });
    }
    Places operator()(Over& over) const {
      Places places = appended(over.calls.size(), [&](std::size_t i) { return reads_own(i); });
      std::vector<OverCall> kept;
      for (std::size_t i = 0; i < over.calls.size(); ++i) {
        if (reads_own(i)) kept.push_back(std::move(over.calls[i]));
      }
      over.calls = std::move(kept);
      all(over.partition);
      column(over.order);
      for (OverCall& c : over.calls) call(c);
      return places;
    }
    Places operator()(Join& join) const {
      all(join.left_keys, 0);
      all(join.right_keys, 1);
      Places places = inputs[0];
      for (const std::uint32_t place : inputs[1]) {
        places.push_back(place == kDropped ? kDropped : place + input_width(0));
      }
      for (ExpressionPtr& condition : join.conditions) condition = renumber(condition, places);
      return places;
    }
    Places operator()(UnionAll&) const {
      for (const Places& places : inputs) DART_CHECK(places == inputs.front());
      return inputs.front();
    }
    Places operator()(Expand& expand) const {
      for (std::vector<ExpressionPtr>& list : expand.lists) {
        std::vector<ExpressionPtr> kept;
        for (std::size_t i = 0; i < list.size(); ++i) {
          if (reads_own(i)) kept.push_back(renumber(list[i], inputs[0]));
        }
        list = std::move(kept);
      }
      return appended(used.size() - inputs[0].size(), [&](std::size_t i) { return reads_own(i); });
    }
    Places operator()(Limit&) const { return inputs[0]; }
    Places operator()(Emit& emit) const {
      std::erase_if(emit.ignored, [&](std::uint32_t c) { return inputs[0][c] == kDropped; });
      all(emit.ignored);
      all(emit.order);
      return inputs[0];
    }
    Places operator()(Sink&) const { return inputs[0]; }
  };

  Plan& plan_;
  Plan out_;
  std::vector<Used> used_;
  std::vector<std::vector<Used>> needs_;  // by node and port
  std::vector<Places> places_;            // by node: where its old columns are now
  std::vector<NodeId> ids_;               // by node: its new id
  bool dropped_ = false;
};

}  // namespace

bool prune_columns(Plan& plan) {
  drop_unread(plan);
  // Pickers that narrow an input are new nodes, at most one for every input.
  std::size_t inputs = 0;
  for (const Node& node : plan.nodes) inputs += node.inputs.size();
  if (plan.nodes.size() + inputs > limits::kPlanNodes) return false;
  return Pruner(plan).run();
}

}  // namespace dart::plan::rewrite
