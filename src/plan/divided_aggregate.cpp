#include "plan/divided_aggregate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/rewrite/graph.hpp"

namespace dart::plan {

namespace {

const TableDefinition& table_of(const Plan& plan, const SourceChain& chain) {
  return plan.tables[std::get<Scan>(plan.nodes[chain.scan].kind).table];
}

/// The call whose states cannot be put together, or are no smaller than the rows that they were made of. Sums
/// over double precision may: they are within 1e-9 in whatever order their rows come.
const AggregateCall* undividable(const Aggregate& aggregate) {
  const auto found = std::find_if(
      aggregate.calls.begin(), aggregate.calls.end(),
      [](const AggregateCall& call) { return call.position || call.bound.ordered || call.bound.gathers; });
  return found == aggregate.calls.end() ? nullptr : &*found;
}

/// Why the node itself stays whole, wherever it stands; empty: it does not have to.
std::string why_whole(const Node& node) {
  const auto& aggregate = std::get<Aggregate>(node.kind);
  if (aggregate.emit != EmitPolicy::AtClose || !aggregate.window)
    return "it does not only emit closed windows";
  if (node.stepped) return "its results meet others step by step";
  if (const AggregateCall* call = undividable(aggregate)) {
    return fmt::format("{}({}) {}", call->name, call->distinct ? "DISTINCT" : "",
                       call->bound.ordered ? "depends on the order of its rows" : "keeps all its values");
  }
  return {};
}

Aggregate state_taker(const Aggregate& whole, AggregatePhase phase) {
  Aggregate taker;
  taker.phase = phase;
  taker.emit = EmitPolicy::AtClose;
  taker.window = WindowAssign{0, whole.window->size_us, whole.window->slide_us};
  std::uint32_t column = 1;
  for (std::size_t k = 0; k < whole.keys.size(); ++k) taker.keys.push_back(column++);
  for (const AggregateCall& call : whole.calls) {
    taker.calls.push_back(
        {call.name, {column++}, call.direct, std::nullopt, call.distinct, std::nullopt, call.bound});
  }
  return taker;
}

Schema state_schema(const Plan& plan, const Node& whole) {
  const auto& aggregate = std::get<Aggregate>(whole.kind);
  const Schema& input = plan.nodes[whole.inputs.front().node].schema;
  Schema schema;
  schema.push_back({"pane", input[aggregate.window->time_column].type});
  for (const std::uint32_t key : aggregate.keys) schema.push_back(input[key]);
  for (const AggregateCall& call : aggregate.calls) {
    std::string name = call.arguments.empty() ? "*" : "";
    for (const std::uint32_t column : call.arguments) name += (name.empty() ? "" : ", ") + input[column].name;
    schema.push_back({std::move(name), columnar::LogicalType::of(columnar::TypeId::Text)});
  }
  return schema;
}

/// A node went in at `place`.
void move_behind(std::vector<SourceChain>& chains, NodeId place) {
  for (SourceChain& chain : chains) {
    for (NodeId* id : {&chain.scan, &chain.last, &chain.group}) *id += *id >= place ? 1 : 0;
    if (chain.combine) *chain.combine += *chain.combine >= place ? 1 : 0;
  }
}

void divide(Plan& plan, std::vector<SourceChain>& chains, std::size_t which, NodeId whole) {
  const auto& aggregate = std::get<Aggregate>(plan.nodes[whole].kind);
  const bool combines = !has_one_reader(table_of(plan, chains[which]));
  Node partial;
  partial.kind = aggregate;
  std::get<Aggregate>(partial.kind).phase = AggregatePhase::Partial;
  partial.schema = state_schema(plan, plan.nodes[whole]);
  partial.offset = plan.nodes[whole].offset;
  partial.label = plan.nodes[whole].label;
  Node combine = partial;
  combine.kind = state_taker(aggregate, AggregatePhase::Combine);
  plan.nodes[whole].kind = state_taker(aggregate, AggregatePhase::Final);

  const NodeId last = rewrite::insert_above(plan, {chains[which].last, 0}, std::move(partial));
  move_behind(chains, last);
  chains[which].last = last;
  if (!combines) return;
  const NodeId place = rewrite::insert_above(plan, {last, 0}, std::move(combine));
  move_behind(chains, place);
  chains[which].combine = place;
}

std::string named(const Node& node) {
  return node.label.empty() ? "the aggregation" : fmt::format("the aggregation of \"{}\"", node.label);
}

/// The chain that the node reads directly, as the only one.
std::optional<std::size_t> chain_before(const Plan& plan, const std::vector<SourceChain>& chains,
                                        NodeId node) {
  for (std::size_t c = 0; c < chains.size(); ++c) {
    if (only_reader(plan, chains[c].last) == node) return c;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> divide_aggregates(Plan& plan, std::vector<SourceChain>& chains) {
  std::vector<std::string> notes;
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    const auto* aggregate = std::get_if<Aggregate>(&plan.nodes[n].kind);
    if (aggregate == nullptr || aggregate->phase != AggregatePhase::Single) continue;
    const std::string name = named(plan.nodes[n]);
    const auto chain = chain_before(plan, chains, n);
    std::string why = why_whole(plan.nodes[n]);
    if (why.empty() && !chain) why = "it does not stand directly behind its table";
    if (why.empty() && chains[*chain].ordered) why = "the rows of its table are put into one order";
    if (!why.empty()) {
      notes.push_back(fmt::format("{} is done as a whole: {}", name, why));
      continue;
    }
    const std::string& table = table_of(plan, chains[*chain]).name;
    divide(plan, chains, *chain, n);
    n += chains[*chain].combine ? 2 : 1;
    notes.push_back(
        chains[*chain].combine
            ? fmt::format("{} is done in part at each reader of \"{}\", and put together on the way", name,
                          table)
            : fmt::format("{} is done in part at the reader of \"{}\"", name, table));
  }
  return notes;
}

Status bind_states(const Plan& plan, Node& node) {
  auto& aggregate = std::get<Aggregate>(node.kind);
  const auto wrong = [&] {
    return fail(ErrorCode::Data, "the plan is not valid: states that nobody gives out");
  };
  if (node.inputs.size() != 1) return wrong();
  const auto* from = std::get_if<Aggregate>(&plan.nodes[node.inputs.front().node].kind);
  const bool gives =
      from != nullptr && (from->phase == AggregatePhase::Partial || from->phase == AggregatePhase::Combine);
  if (!gives || from->calls.size() != aggregate.calls.size() || from->keys.size() != aggregate.keys.size()) {
    return wrong();
  }
  for (std::size_t c = 0; c < aggregate.calls.size(); ++c) {
    if (aggregate.calls[c].name != from->calls[c].name) return wrong();
    aggregate.calls[c].bound = from->calls[c].bound;
  }
  return {};
}

}  // namespace dart::plan
