#include "plan/distribution.hpp"

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "plan/codec.hpp"
#include "plan/divided_aggregate.hpp"
#include "plan/meeting_scans.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/source_chain.hpp"

namespace dart::plan {

namespace {

constexpr std::uint8_t kVersion = 1;

/// The one windowed aggregation that everything of the plan goes through, if keys can split it.
std::optional<NodeId> splitting_aggregate(const Plan& plan) {
  std::optional<NodeId> found;
  std::size_t sinks = 0;
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    const NodeKind& kind = plan.nodes[n].kind;
    if (const auto* aggregate = std::get_if<Aggregate>(&kind)) {
      if (aggregate->phase == AggregatePhase::Partial || aggregate->phase == AggregatePhase::Combine)
        continue;
      const bool splits =
          aggregate->emit == EmitPolicy::AtClose && aggregate->window && !aggregate->keys.empty();
      if (found || !splits) return std::nullopt;
      found = n;
    } else if (std::holds_alternative<Sink>(kind)) {
      ++sinks;
    } else if (const auto* emit = std::get_if<Emit>(&kind)) {
      if (emit->mode != EmitMode::WindowClose) return std::nullopt;
    } else if (!std::holds_alternative<Scan>(kind) && !std::holds_alternative<Filter>(kind) &&
               !std::holds_alternative<Project>(kind)) {
      return std::nullopt;
    }
    if (plan.nodes[n].inputs.size() > 1) return std::nullopt;
  }
  return sinks == 1 ? found : std::nullopt;
}

/// A sink that writes where it is bound, not to whoever looks.
bool is_pinned(const TableDefinition& table) {
  const auto* path = find_option(table.options, "path");
  return !table.label.empty() || (table.connector == "file" && path != nullptr && path->to_string() != "-");
}

/// The way from the aggregation to the sink, which only projections, filters and emissions lie on: the end of
/// the window is carried along, for the result to put windows of all partitions in order, and picked off
/// again in front of the sink.
struct SplitWay {
  NodeId aggregate = 0;
  NodeId last = 0;
  std::uint32_t window_end = 1;
};

SplitWay carry_window_end(Plan& plan, NodeId aggregate) {
  SplitWay way{aggregate, aggregate, 1};
  std::size_t visible = plan.nodes[aggregate].schema.size();
  for (auto next = only_reader(plan, way.last); next; next = only_reader(plan, way.last)) {
    if (std::holds_alternative<Sink>(plan.nodes[*next].kind)) break;
    if (std::holds_alternative<Project>(plan.nodes[*next].kind)) visible = plan.nodes[*next].schema.size();
    way.window_end = carry(plan, *next, way.window_end);
    way.last = *next;
  }
  Node pick = rewrite::pick_columns(plan, {way.last, 0}, rewrite::identity(visible));
  pick.stepped = plan.nodes[way.last].stepped;
  rewrite::insert_above(plan, {way.last, 0}, std::move(pick));
  return way;
}

class Cutter {
 public:
  Cutter(Distribution& result, const std::vector<SourceChain>& chains, const std::optional<SplitWay>& split)
      : it_(result), chains_(chains), split_(split) {}

  void cut() {
    stage_of_.assign(it_.plan.nodes.size(), SIZE_MAX);
    for (const SourceChain& chain : chains_) {
      const std::size_t stage = add(StageRole::Source);
      it_.stages[stage].table = std::get<Scan>(it_.plan.nodes[chain.scan].kind).table;
      for (NodeId n = chain.last; n != chain.scan; n = it_.plan.nodes[n].inputs.front().node) {
        stage_of_[n] = stage;
      }
      stage_of_[chain.scan] = stage;
    }
    for (const SourceChain& chain : chains_) {
      if (chain.combine) stage_of_[*chain.combine] = add(StageRole::Combine);
    }
    main_ = add(StageRole::Main);
    if (split_) it_.stages[main_].partitions = std::min(it_.options.partitions, kKeyGroups);
    place_sinks();
    for (std::size_t& stage : stage_of_) {
      if (stage == SIZE_MAX) stage = main_;
    }
    drop_empty_main();
    for (NodeId n = 0; n < it_.plan.nodes.size(); ++n) it_.stages[stage_of_[n]].nodes.push_back(n);
    for (NodeId n = 0; n < it_.plan.nodes.size(); ++n) connect(n);
    if (split_) hash_by_keys();
  }

 private:
  std::size_t add(StageRole role) {
    it_.stages.emplace_back().role = role;
    return it_.stages.size() - 1;
  }

  void place_sinks() {
    std::map<std::string, std::size_t> results;
    for (const NodeId sink : it_.plan.sinks()) {
      const std::uint32_t table = std::get<Sink>(it_.plan.nodes[sink].kind).table;
      const bool pinned = is_pinned(it_.plan.tables[table]);
      if (!pinned && !split_) continue;
      const std::string where = pinned ? "at " + it_.plan.tables[table].label : "";
      const auto [result, is_new] = results.try_emplace(where, 0);
      if (is_new) {
        result->second = add(StageRole::Result);
        if (pinned) it_.stages[result->second].table = table;
      }
      stage_of_[sink] = result->second;
      // Rows of partitions are put in order before anything is picked off.
      if (split_) stage_of_[it_.plan.nodes[sink].inputs.front().node] = result->second;
    }
  }

  /// A stage must stand between sources and a result only where there is something to do: the result itself
  /// takes what comes.
  void drop_empty_main() {
    if (std::find(stage_of_.begin(), stage_of_.end(), main_) != stage_of_.end()) return;
    it_.stages.erase(it_.stages.begin() + static_cast<std::ptrdiff_t>(main_));
    for (std::size_t& stage : stage_of_) stage -= stage > main_ ? 1 : 0;
  }

  void connect(NodeId n) {
    for (std::size_t port = 0; port < it_.plan.nodes[n].inputs.size(); ++port) {
      const Input& input = it_.plan.nodes[n].inputs[port];
      if (stage_of_[input.node] == stage_of_[n]) continue;
      RingExchange exchange;
      exchange.from = input;
      exchange.to = n;
      exchange.port = port;
      exchange.from_stage = stage_of_[input.node];
      exchange.to_stage = stage_of_[n];
      put_in_order(exchange);
      it_.stages[exchange.from_stage].outputs.push_back(it_.exchanges.size());
      it_.stages[exchange.to_stage].inputs.push_back(it_.exchanges.size());
      it_.exchanges.push_back(std::move(exchange));
    }
  }

  void put_in_order(RingExchange& exchange) const {
    if (exchange.from.output != 0) return;
    if (split_ && exchange.from.node == split_->last) {
      exchange.ordered = true;
      exchange.group = split_->aggregate;
      exchange.time = split_->window_end;
    }
    for (const SourceChain& chain : chains_) {
      if (chain.last != exchange.from.node) continue;
      exchange.ordered = chain.ordered;
      exchange.group = chain.group;
      exchange.time = chain.time;
      exchange.tie_break = chain.tie_break;
      exchange.place = chain.place;
    }
  }

  /// The keys of the aggregate as columns of the rows that cross to it, if only projections that pick lie
  /// between; otherwise it stays whole.
  void hash_by_keys() {
    const auto& aggregate = std::get<Aggregate>(it_.plan.nodes[split_->aggregate].kind);
    std::vector<std::uint32_t> keys = aggregate.keys;
    for (NodeId at = it_.plan.nodes[split_->aggregate].inputs.front().node; stage_of_[at] == main_;
         at = it_.plan.nodes[at].inputs.front().node) {
      const auto* project = std::get_if<Project>(&it_.plan.nodes[at].kind);
      for (std::uint32_t& key : keys) {
        if (project == nullptr) break;
        if (project->expressions[key]->kind != Expression::Kind::Column) {
          it_.stages[main_].partitions = 1;
          return;
        }
        key = project->expressions[key]->column;
      }
    }
    for (RingExchange& exchange : it_.exchanges) {
      // Where a Combine is left out, what is for it goes to its receivers.
      if (exchange.to_stage != main_ && it_.stages[exchange.to_stage].role != StageRole::Combine) continue;
      exchange.kind = ExchangeKind::Hash;
      exchange.keys = keys;
    }
  }

  Distribution& it_;
  const std::vector<SourceChain>& chains_;
  const std::optional<SplitWay>& split_;
  std::vector<std::size_t> stage_of_;
  std::size_t main_ = 0;
};

}  // namespace

Result<Distribution> distribute(Plan plan, const DistributionOptions& options) {
  if (plan.sinks().empty()) {
    return fail(ErrorCode::InvalidArgument, "the script asks for nothing: it has no SELECT and no INSERT");
  }
  Distribution result{plan, {}, {}, std::move(plan), options, {}};
  DART_TRY(std::vector<SourceChain> chains, find_source_chains(result.plan));
  result.notes = divide_aggregates(result.plan, chains);
  std::optional<SplitWay> split;
  if (const auto aggregate = splitting_aggregate(result.plan); aggregate && options.partitions > 1) {
    split = carry_window_end(result.plan, *aggregate);  // behind all chains
  }
  DART_TRY_STATUS(result.plan.validate());
  Cutter(result, chains, split).cut();
  return result;
}

std::string encode(const Distribution& distribution) {
  ByteWriter out;
  out.fixed(kVersion);
  out.fixed(distribution.options.partitions);
  out.text(encode(distribution.asked));
  return out.take();
}

Result<Distribution> decode_distribution(std::string_view bytes) {
  ByteReader in(bytes);
  DART_TRY(const auto version, in.fixed<std::uint8_t>());
  if (version != kVersion) return fail(ErrorCode::Data, "a program in the layout of another version of dart");
  DistributionOptions options;
  DART_TRY(options.partitions, in.fixed<std::uint32_t>());
  DART_TRY(const std::string_view text, in.text());
  if (in.remaining() != 0) return fail(ErrorCode::Data, "bytes behind the end of a program");
  DART_TRY(Plan plan, decode(text));
  return distribute(std::move(plan), options);
}

RowShape row_shape(const Distribution& distribution, std::size_t exchange) {
  const Input& from = distribution.exchanges[exchange].from;
  const Node& node = distribution.plan.nodes[from.node];
  RowShape shape{{}, node.weighted && from.output == 0, node.stepped && from.output == 0};
  for (const Column& column : node.schema) shape.types.push_back(column.type);
  return shape;
}

}  // namespace dart::plan
