#include <fmt/core.h>

#include <string>

#include "columnar/text_form.hpp"
#include "plan/meeting_scans.hpp"
#include "plan/plan.hpp"

namespace dart::plan {

namespace {

/// Items of a list that are written out before the rest is only counted.
constexpr std::size_t kListItems = 12;

using Names = std::vector<std::string>;

std::string interval(std::int64_t us) {
  std::string text;
  columnar::append_interval(us, text);
  return text;
}

/// "a, b, c", cut after kListItems.
std::string list(const Names& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == kListItems && items.size() > kListItems + 1) {
      return out + fmt::format(" and {} more", items.size() - kListItems);
    }
    if (i != 0) out += ", ";
    out += items[i];
  }
  return out;
}

Names names_of(const Schema& schema) {
  Names names;
  names.reserve(schema.size());
  for (const Column& column : schema) names.push_back(column.name);
  return names;
}

/// Columns without a name, and those that a broken plan (this text is also what check_invariants prints)
/// names wrongly, show as "#7".
std::string name_at(std::uint32_t column, const Names& names) {
  return column < names.size() && !names[column].empty() ? names[column] : fmt::format("#{}", column);
}

Names names_at(const std::vector<std::uint32_t>& columns, const Names& names) {
  Names out;
  for (const std::uint32_t column : columns) out.push_back(name_at(column, names));
  return out;
}

std::string expression_text(const ExpressionPtr& expression, const Names& names) {
  return expression ? to_string(*expression, names) : "?";
}

std::string conditions_text(const std::vector<ExpressionPtr>& conditions, const Names& names) {
  // As one AND, for its parentheses around an OR; kept whole, literals included.
  Expression all;
  all.kind = Expression::Kind::And;
  for (const ExpressionPtr& condition : conditions) {
    if (condition) all.arguments.push_back(condition);
  }
  return to_string(all, names);
}

Names order_text(const std::vector<SortKey>& order, const Names& names) {
  Names out;
  for (const SortKey& key : order) {
    std::string text = name_at(key.column, names);
    if (key.descending) text += " DESC";
    if (key.nulls_first != key.descending) text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    out.push_back(std::move(text));
  }
  return out;
}

std::string call_text(const std::string& name, const std::vector<columnar::Value>& direct,
                      const std::vector<std::uint32_t>& arguments, bool distinct,
                      std::optional<std::uint32_t> filter, const Names& names) {
  Names all;
  for (const columnar::Value& value : direct) all.push_back(value.to_string());
  for (const std::uint32_t column : arguments) all.push_back(name_at(column, names));
  std::string inside = list(all);
  if (inside.empty() && name == "count") inside = "*";
  std::string out = fmt::format("{}({}{})", name, distinct ? "DISTINCT " : "", inside);
  if (filter) out += fmt::format(" FILTER (WHERE {})", name_at(*filter, names));
  return out;
}

std::string window_text(const WindowAssign& window, const Names& names) {
  const std::string time = name_at(window.time_column, names);
  if (window.size_us == window.slide_us) return fmt::format("tumble({}, {})", time, interval(window.size_us));
  return fmt::format("hop({}, {}, {})", time, interval(window.slide_us), interval(window.size_us));
}

std::string_view phase_text(AggregatePhase phase) {
  switch (phase) {
    case AggregatePhase::Single:
      return "";
    case AggregatePhase::Partial:
      return "partial ";
    case AggregatePhase::Combine:
      return "combined ";
    case AggregatePhase::Final:
      return "final ";
  }
  return "";
}

std::string frame_text(const Frame& frame) {
  const bool rows = frame.unit == Frame::Unit::Rows;
  if (!frame.preceding) return rows ? "ROWS UNBOUNDED PRECEDING" : "";
  return rows ? fmt::format("ROWS {} PRECEDING", *frame.preceding)
              : fmt::format("RANGE {} PRECEDING", interval(*frame.preceding));
}

/// One overload a kind: its parameters.
class Describer {
 public:
  Describer(const Plan& plan, const Node& node) : plan_(plan), node_(node) {
    for (const Input& input : node.inputs) {
      if (input.node >= plan.nodes.size()) continue;
      const Names names = names_of(plan.nodes[input.node].schema);
      if (left_width_ == 0) left_width_ = names.size();
      names_.insert(names_.end(), names.begin(), names.end());
    }
  }

  std::string operator()(const Scan& scan) const {
    if (scan.table >= plan_.tables.size()) return "?";
    const TableDefinition& table = plan_.tables[scan.table];
    std::size_t visible = 0;
    for (const std::uint32_t column : scan.columns) visible += column < table.columns.size() ? 1 : 0;
    return fmt::format("{} ({} of {} columns)", table.name, visible, table.columns.size());
  }
  std::string operator()(const Filter& filter) const { return conditions_text(filter.conjuncts, names_); }
  std::string operator()(const Project& project) const {
    Names items;
    for (std::size_t i = 0; i < project.expressions.size(); ++i) {
      std::string text = expression_text(project.expressions[i], names_);
      const std::string name = i < node_.schema.size() ? node_.schema[i].name : std::string();
      if (text != name && !name.empty()) text += " AS " + name;
      items.push_back(std::move(text));
    }
    return list(items);
  }
  std::string operator()(const WindowAssign& window) const { return window_text(window, names_); }
  std::string operator()(const Sliding& sliding) const {
    return fmt::format("sliding({}, {})", name_at(sliding.time_column, names_), interval(sliding.size_us));
  }
  std::string operator()(const CountWindow& window) const {
    const std::string keys = list(names_at(window.keys, names_));
    return keys.empty() ? fmt::format("{} rows", window.rows)
                        : fmt::format("{} rows by {}", window.rows, keys);
  }
  std::string operator()(const Aggregate& aggregate) const {
    Names calls;
    for (const AggregateCall& call : aggregate.calls) {
      calls.push_back(call_text(call.name, call.direct, call.arguments, call.distinct, call.filter, names_));
    }
    std::string out = std::string(phase_text(aggregate.phase)) + list(calls);
    const std::string keys = list(names_at(aggregate.keys, names_));
    if (aggregate.calls.empty()) return out + "distinct " + keys;
    if (!keys.empty()) out += " by " + keys;
    if (aggregate.window) out += " in " + window_text(*aggregate.window, names_);
    return out;
  }
  std::string operator()(const TopN& top) const {
    std::string out = top.offset == 0 ? fmt::format("{} rows", top.limit)
                                      : fmt::format("{} rows after {}", top.limit, top.offset);
    if (!top.order.empty()) out += " order by " + list(order_text(top.order, names_));
    if (!top.partition.empty()) out += " per " + list(names_at(top.partition, names_));
    return top.with_rank ? out + ", ranked" : out;
  }
  std::string operator()(const Over& over) const {
    Names calls;
    for (const OverCall& call : over.calls) {
      std::string text =
          call_text(call.name, call.direct, call.arguments, call.distinct, call.filter, names_);
      const std::string frame = frame_text(call.frame);
      calls.push_back(frame.empty() || call.name == "row_number" || call.name == "lag" ? text
                                                                                       : text + " " + frame);
    }
    std::string out = list(calls) + " order by " + name_at(over.order, names_);
    if (!over.partition.empty()) out += " per " + list(names_at(over.partition, names_));
    return out;
  }
  std::string operator()(const Join& join) const {
    Names keys;
    for (std::size_t i = 0; i < join.left_keys.size() && i < join.right_keys.size(); ++i) {
      keys.push_back(
          fmt::format("{} = {}", name_at(join.left_keys[i], names_),
                      name_at(join.right_keys[i] + static_cast<std::uint32_t>(left_width_), names_)));
    }
    if (!join.conditions.empty()) keys.push_back(conditions_text(join.conditions, names_));
    const bool cross = keys.empty() && join.kind == JoinKind::Inner;
    const std::string kind = cross ? "cross" : join.kind == JoinKind::Inner ? "inner" : "left";
    return keys.empty() ? kind : kind + " on " + list(keys);
  }
  std::string operator()(const UnionAll&) const { return fmt::format("{} inputs", node_.inputs.size()); }
  std::string operator()(const Expand& expand) const {
    return fmt::format("{} rows each", expand.lists.size());
  }
  std::string operator()(const Limit& limit) const {
    return limit.offset == 0 ? fmt::format("{} rows", limit.limit)
                             : fmt::format("{} rows after {}", limit.limit, limit.offset);
  }
  std::string operator()(const Emit& emit) const {
    std::string out;
    switch (emit.mode) {
      case EmitMode::Changes:
        out = "changes";
        break;
      case EmitMode::WindowClose:
        out = "window_close";
        break;
      case EmitMode::OnChange:
        out = "on_change";
        break;
      case EmitMode::Final:
        out = "final";
        break;
    }
    if (!emit.ignored.empty()) out += " ignoring " + list(names_at(emit.ignored, names_));
    if (!emit.order.empty()) out += " order by " + list(order_text(emit.order, names_));
    return out;
  }
  std::string operator()(const Sink& sink) const {
    return sink.table < plan_.tables.size() ? plan_.tables[sink.table].name : "?";
  }

 private:
  const Plan& plan_;
  const Node& node_;
  Names names_;  // of all inputs, one after the other
  std::size_t left_width_ = 0;
};

std::string_view emission(const NodeKind& kind) {
  EmitPolicy policy = EmitPolicy::PerStep;
  if (const auto* aggregate = std::get_if<Aggregate>(&kind)) policy = aggregate->emit;
  if (const auto* top = std::get_if<TopN>(&kind)) policy = top->emit;
  if (const auto* join = std::get_if<Join>(&kind)) policy = join->emit;
  switch (policy) {
    case EmitPolicy::PerStep:
      return "";
    case EmitPolicy::AtClose:
      return " [at close]";
    case EmitPolicy::AtEnd:
      return " [at end]";
  }
  return "";
}

class Explainer {
 public:
  explicit Explainer(const Plan& plan)
      : plan_(plan),
        consumers_(plan.nodes.size()),
        shown_(plan.nodes.size()),
        orders_(scans_in_one_order(plan)) {
    for (const Node& node : plan.nodes) {
      for (const Input& input : node.inputs) {
        if (input.node < consumers_.size()) ++consumers_[input.node];
      }
    }
  }

  void tree(NodeId id, std::size_t level) {
    const Node& node = plan_.nodes[id];
    out_.append(2 * level, ' ');
    const std::string_view kind = kind_name(node.kind);
    if (shown_[id]) {
      out_ += fmt::format("{} #{} (above)\n", kind, id);
      return;
    }
    shown_[id] = true;
    out_ += kind;
    if (consumers_[id] > 1) out_ += fmt::format(" #{}", id);
    if (!node.label.empty()) out_ += fmt::format(" {}", node.label);
    const std::string text = describe(plan_, id);
    if (!text.empty()) out_ += ": " + text;
    out_ += emission(node.kind);
    if (node.weighted) out_ += " [changelog]";
    if (node.stepped) out_ += " [per step]";
    out_ += order_among_scans(id);
    out_ += '\n';
    for (const Input& input : node.inputs) {
      if (input.node >= id) continue;  // a broken plan is printed as far as it goes
      if (input.output != 0) out_ += std::string(2 * level + 2, ' ') + "late rows of\n";
      tree(input.node, level + 1);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  /// How a scan's rows come into one order with those of others.
  [[nodiscard]] std::string order_among_scans(NodeId id) const {
    const TableDefinition* table = table_of(id);
    if (table == nullptr) return "";
    Names awaited;
    bool alone = true;
    for (NodeId other = 0; other < plan_.nodes.size(); ++other) {
      const TableDefinition* its = other == id || orders_[other] != orders_[id] ? nullptr : table_of(other);
      if (its == nullptr) continue;
      alone = false;
      if (its->order == MergeOrder::EventTime) awaited.push_back(its->name);
    }
    if (alone) return "";
    if (table->order == MergeOrder::Arrival) return " [rows go on as they arrive]";
    if (!table->event_time) return " [read to its end first]";
    return awaited.empty() ? "" : fmt::format(" [rows wait for the watermark of {}]", list(awaited));
  }
  /// What a Scan reads; null for other nodes, and for what a broken plan names wrongly.
  [[nodiscard]] const TableDefinition* table_of(NodeId id) const {
    const auto* scan = std::get_if<Scan>(&plan_.nodes[id].kind);
    return scan == nullptr || scan->table >= plan_.tables.size() ? nullptr : &plan_.tables[scan->table];
  }

  const Plan& plan_;
  std::vector<std::size_t> consumers_;
  std::vector<bool> shown_;
  std::vector<NodeId> orders_;  // scans_in_one_order
  std::string out_;
};

}  // namespace

std::string_view kind_name(const NodeKind& kind) {
  struct Namer {
    std::string_view operator()(const Scan&) const { return "Scan"; }
    std::string_view operator()(const Filter&) const { return "Filter"; }
    std::string_view operator()(const Project&) const { return "Project"; }
    std::string_view operator()(const WindowAssign&) const { return "WindowAssign"; }
    std::string_view operator()(const Sliding&) const { return "Sliding"; }
    std::string_view operator()(const CountWindow&) const { return "CountWindow"; }
    std::string_view operator()(const Aggregate&) const { return "Aggregate"; }
    std::string_view operator()(const TopN&) const { return "TopN"; }
    std::string_view operator()(const Over&) const { return "Over"; }
    std::string_view operator()(const Join&) const { return "Join"; }
    std::string_view operator()(const UnionAll&) const { return "UnionAll"; }
    std::string_view operator()(const Expand&) const { return "Expand"; }
    std::string_view operator()(const Limit&) const { return "Limit"; }
    std::string_view operator()(const Emit&) const { return "Emit"; }
    std::string_view operator()(const Sink&) const { return "Sink"; }
  };
  return std::visit(Namer{}, kind);
}

std::string describe(const Plan& plan, NodeId node) {
  return std::visit(Describer(plan, plan.nodes[node]), plan.nodes[node].kind);
}

std::string explain(const Plan& plan) {
  Explainer explainer(plan);
  for (const NodeId sink : plan.sinks()) explainer.tree(sink, 0);
  return explainer.take();
}

}  // namespace dart::plan
