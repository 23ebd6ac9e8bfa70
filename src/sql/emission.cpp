#include "sql/emission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/names.hpp"

namespace dart::sql {
namespace {

/// Copies of nodes in which groups per window wait for the window's close; what is shared with others stays
/// as it is.
class WindowCloser {
 public:
  explicit WindowCloser(Context& context) : context_(context) {}

  plan::NodeId close(plan::NodeId id) {
    const plan::Node original = context_.plan.nodes[id];
    if (!original.weighted) return id;
    if (const auto done = closed_.find(id); done != closed_.end()) return done->second;
    plan::NodeKind kind = original.kind;
    std::vector<plan::Input> inputs = original.inputs;
    if (!close_kind(kind)) return id;
    for (plan::Input& input : inputs) input.node = close(input.node);
    std::string label = original.label;
    std::swap(label, context_.label);
    const plan::NodeId copy =
        context_.add(std::move(kind), std::move(inputs), original.schema, original.offset);
    std::swap(label, context_.label);
    closed_[id] = copy;
    return copy;
  }

 private:
  /// Whether the node can give final rows per window, itself or through its inputs.
  static bool close_kind(plan::NodeKind& kind) {
    if (auto* aggregate = std::get_if<plan::Aggregate>(&kind)) {
      if (!aggregate->expires_by_key) return false;
      aggregate->emit = plan::EmitPolicy::AtClose;
      return true;
    }
    if (auto* top = std::get_if<plan::TopN>(&kind)) {
      if (!top->expires_by_key) return false;
      top->emit = plan::EmitPolicy::AtClose;
      return true;
    }
    if (auto* join = std::get_if<plan::Join>(&kind)) {
      if (!join->expires_by_key) return false;
      if (join->kind == plan::JoinKind::Left) join->emit = plan::EmitPolicy::AtClose;
      return true;
    }
    return std::holds_alternative<plan::Filter>(kind) || std::holds_alternative<plan::Project>(kind) ||
           std::holds_alternative<plan::Expand>(kind) || std::holds_alternative<plan::UnionAll>(kind) ||
           std::holds_alternative<plan::WindowAssign>(kind);
  }

  Context& context_;
  std::map<plan::NodeId, plan::NodeId> closed_;
};

tl::unexpected<Error> not_bounded(const std::string& what, std::uint32_t offset) {
  return fail(ErrorCode::Binding, what + " needs input that ends", offset,
              "a source of this query never ends; use LIMIT, or another emission");
}

/// OnChange: the places of the columns that make no new result by themselves.
Result<std::vector<std::uint32_t>> ignored_columns(const Relation& relation, const Emission& emission) {
  std::vector<std::uint32_t> ignored;
  std::vector<std::string_view> names;
  for (const RelationColumn& column : relation.columns) names.push_back(column.name);
  for (const std::string& name : emission.ignored) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return fail(ErrorCode::Binding,
                  fmt::format("option \"ignore\" names \"{}\", which is no column of the view", name),
                  emission.offset, did_you_mean(name, names));
    }
    ignored.push_back(relation.columns[static_cast<std::size_t>(found - names.begin())].column);
  }
  return ignored;
}

Relation emitted(Context& context, const Relation& relation, plan::Emit node, std::uint32_t offset) {
  Relation output = relation;
  output.node = context.add_same(std::move(node), relation.node, offset);
  return output;
}

/// Once, at the end, in the order asked for; then without the columns that only the order needed.
Relation emit_final(Context& context, const Relation& relation, std::uint32_t offset) {
  Relation output = emitted(context, relation, {plan::EmitMode::Final, {}, relation.order}, offset);
  output.seq.reset();
  output.times.clear();
  output.window.reset();
  output.no_seq_reason = "a final result has no order of its own";
  return context.visible(output, offset);
}

}  // namespace

Result<Relation> emit(Context& context, const Relation& relation, const Emission& emission,
                      std::uint32_t offset) {
  Relation exact = relation;
  if (relation.order_pending && (emission.mode.value_or(plan::EmitMode::Final) != plan::EmitMode::Final)) {
    return fail(ErrorCode::Unsupported, "ORDER BY without LIMIT orders a final result only",
                relation.order_offset, "add LIMIT n, or emit = 'final'");
  }
  if (relation.order_pending && !relation.bounded)
    return not_bounded("ORDER BY without LIMIT", relation.order_offset);
  const bool may_close = !emission.mode || *emission.mode == plan::EmitMode::WindowClose;
  if (may_close && context.weighted(exact)) {
    Relation closed = exact;
    closed.node = WindowCloser(context).close(exact.node);
    if (!context.weighted(closed)) exact = std::move(closed);
  }
  const bool weighted = context.weighted(exact);
  if (emission.mode == plan::EmitMode::WindowClose && weighted) {
    if (relation.window && !relation.window->closes) {
      return fail(ErrorCode::Binding,
                  "windows over a table with late = 'update' never close: no row is final", emission.offset,
                  "emit = 'changes' corrects them; or late = 'drop' or 'side_table'");
    }
    return fail(ErrorCode::Binding, "emit = 'window_close' needs groups by the bounds of windows",
                emission.offset, "GROUP BY window_start, window_end, ... over tumble() or hop()");
  }
  const bool final_default = emission.final_by_default && relation.bounded && weighted;
  if (emission.mode == plan::EmitMode::Final || final_default || relation.order_pending) {
    if (!relation.bounded) return not_bounded("emit = 'final'", emission.offset);
    return emit_final(context, exact, offset);
  }
  Relation output = context.visible(exact, offset);
  if (emission.mode == plan::EmitMode::OnChange) {
    DART_TRY(std::vector<std::uint32_t> ignored, ignored_columns(output, emission));
    output = emitted(context, output, {plan::EmitMode::OnChange, std::move(ignored), {}}, offset);
    output.seq.reset();
    output.times.clear();
    output.window.reset();
    output.max_rows.reset();
    output.no_seq_reason = "results emitted on change have no order of their own";
  } else if (weighted) {
    output = emitted(context, output, {plan::EmitMode::Changes, {}, {}}, offset);
  }
  return output;
}

}  // namespace dart::sql
