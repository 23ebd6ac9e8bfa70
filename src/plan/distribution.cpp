#include "plan/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "plan/codec.hpp"
#include "plan/meeting_scans.hpp"
#include "plan/place_column.hpp"
#include "plan/rewrite/graph.hpp"

namespace dart::plan {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kMostPartitions = 128;

/// A scan of a table with what goes along to its node: the columns by which several readers are put in order.
struct SourceChain {
  NodeId scan = 0;
  NodeId last = 0;   // its rows cross to another machine
  NodeId group = 0;  // scans of one group share an order
  bool ordered = false;
  std::optional<std::uint32_t> time;
  std::vector<std::uint32_t> tie_break;
  std::optional<std::uint32_t> place;
};

/// The reader of a table that is one node's, or bound to one by name.
bool has_one_reader(const TableDefinition& table) {
  return table.label.empty() || table.label.starts_with("node=") || table.label.starts_with("id=");
}

bool is_table_scan(const Plan& plan, NodeId id) {
  const auto* scan = std::get_if<Scan>(&plan.nodes[id].kind);
  return scan != nullptr && plan.tables[scan->table].connector != kOneRowConnector;
}

/// Where the column stands in the scan's output; appended when it is not there.
std::uint32_t scan_column(Plan& plan, NodeId id, std::uint32_t column) {
  Node& node = plan.nodes[id];
  auto& columns = std::get<Scan>(node.kind).columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found != columns.end()) return static_cast<std::uint32_t>(found - columns.begin());
  const TableColumn& added = plan.tables[std::get<Scan>(node.kind).table].columns[column];
  columns.push_back(column);
  node.schema.push_back({added.name, added.type});
  return static_cast<std::uint32_t>(columns.size() - 1);
}

/// The only reader of a node's rows; nothing when there are several.
std::optional<NodeId> only_reader(const Plan& plan, NodeId id) {
  std::optional<NodeId> reader;
  for (NodeId n = id + 1; n < plan.nodes.size(); ++n) {
    for (const Input& input : plan.nodes[n].inputs) {
      if (input.node != id) continue;
      if (reader || input.output != 0) return std::nullopt;
      reader = n;
    }
  }
  return reader;
}

/// Carries a column through a projection, at its end.
std::uint32_t carry(Plan& plan, NodeId id, std::uint32_t column) {
  Node& node = plan.nodes[id];
  auto& expressions = std::get<Project>(node.kind).expressions;
  for (std::uint32_t e = 0; e < expressions.size(); ++e) {
    const bool same = expressions[e]->kind == Expression::Kind::Column && expressions[e]->column == column;
    if (same) return e;
  }
  const Column& from = plan.nodes[node.inputs.front().node].schema[column];
  expressions.push_back(make_column(column, from.type, node.offset));
  node.schema.push_back(from);
  return static_cast<std::uint32_t>(expressions.size() - 1);
}

/// Follows a scan through the filters and projections that read nothing else, and takes along what the other
/// side needs to put rows in order.
Result<SourceChain> follow(Plan& plan, NodeId scan, bool ordered, std::vector<NodeId>& inserted) {
  const TableDefinition& table = plan.tables[std::get<Scan>(plan.nodes[scan].kind).table];
  SourceChain chain{scan, scan, 0, ordered, {}, {}, {}};
  const bool merges = ordered && table.order == MergeOrder::EventTime;
  if (merges && !has_one_reader(table) && (!table.event_time || table.tie_break.empty())) {
    return fail(
        ErrorCode::Unsupported,
        fmt::format(
            "table \"{}\" has a reader at each node with the label '{}', and the query depends on the "
            "order of its rows, which they do not have",
            table.name, table.label),
        std::nullopt,
        table.event_time ? "give the table tie_break = 'columns' that make the order unique"
                         : "give the table event_time and tie_break");
  }
  const std::size_t width = plan.nodes[scan].schema.size();
  if (merges && table.event_time) {
    chain.time = scan_column(plan, scan, *table.event_time);
    for (const std::uint32_t column : table.tie_break)
      chain.tie_break.push_back(scan_column(plan, scan, column));
  }
  const auto& columns = std::get<Scan>(plan.nodes[scan].kind).columns;
  const auto seq = std::find(columns.begin(), columns.end(), Scan::kSeqColumn);
  if (seq != columns.end()) chain.place = static_cast<std::uint32_t>(seq - columns.begin());
  std::size_t visible = width;
  // Where rows are left out early, those behind them get other numbers: only for who does not look at
  // numbers.
  const bool filters = !chain.place || place_only_orders(plan, scan);
  for (auto next = only_reader(plan, scan); next; next = only_reader(plan, chain.last)) {
    const NodeKind& kind = plan.nodes[*next].kind;
    if (std::holds_alternative<Filter>(kind)) {
      if (!filters) break;
      plan.nodes[*next].schema = plan.nodes[chain.last].schema;
    } else if (std::holds_alternative<Project>(kind)) {
      visible = plan.nodes[*next].schema.size();
      if (chain.time) chain.time = carry(plan, *next, *chain.time);
      for (std::uint32_t& column : chain.tie_break) column = carry(plan, *next, column);
      if (chain.place) chain.place = carry(plan, *next, *chain.place);
    } else {
      break;
    }
    chain.last = *next;
  }
  if (plan.nodes[chain.last].schema.size() != visible) {
    std::vector<std::uint32_t> columns_kept = rewrite::identity(visible);
    Node pick = rewrite::pick_columns(plan, {chain.last, 0}, columns_kept);
    pick.stepped = plan.nodes[chain.last].stepped;
    inserted.push_back(rewrite::insert_above(plan, {chain.last, 0}, std::move(pick)));
  }
  return chain;
}

/// Late rows go on as they are; whoever reads them wants the columns that the table's rows had.
void restore_late_width(Plan& plan, NodeId scan, std::size_t width, std::vector<NodeId>& inserted) {
  const bool read = std::any_of(plan.nodes.begin(), plan.nodes.end(), [&](const Node& node) {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const Input& input) { return input.node == scan && input.output == 1; });
  });
  if (!read || plan.nodes[scan].schema.size() == width) return;
  Node pick = rewrite::pick_columns(plan, {scan, 1}, rewrite::identity(width));
  inserted.push_back(rewrite::insert_above(plan, {scan, 1}, std::move(pick)));
}

/// The one windowed aggregation that everything of the plan goes through, if keys can split it.
std::optional<NodeId> splitting_aggregate(const Plan& plan) {
  std::optional<NodeId> found;
  std::size_t sinks = 0;
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    const NodeKind& kind = plan.nodes[n].kind;
    if (const auto* aggregate = std::get_if<Aggregate>(&kind)) {
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
  return !table.label.empty() || (table.connector == "file" && path != nullptr && path->text() != "-");
}

class Cutter {
 public:
  Cutter(Distribution& result, const std::map<NodeId, SourceChain>& chains) : it_(result), chains_(chains) {}

  void cut(std::optional<NodeId> split) {
    stage_of_.assign(it_.plan.nodes.size(), SIZE_MAX);
    for (const auto& [scan, chain] : chains_) {
      const std::size_t stage = add(StageRole::Source);
      it_.stages[stage].table = std::get<Scan>(it_.plan.nodes[scan].kind).table;
      mark_back(chain.last, stage);
    }
    main_ = add(StageRole::Main);
    if (split) it_.stages[main_].partitions = std::clamp(it_.options.partitions, 1U, kMostPartitions);
    place_sinks();
    for (std::size_t& stage : stage_of_) {
      if (stage == SIZE_MAX) stage = main_;
    }
    for (NodeId n = 0; n < it_.plan.nodes.size(); ++n) it_.stages[stage_of_[n]].nodes.push_back(n);
    drop_empty_main();
    for (NodeId n = 0; n < it_.plan.nodes.size(); ++n) connect(n);
    if (split && it_.stages[main_].partitions > 1) hash_by(*split);
  }

 private:
  std::size_t add(StageRole role) {
    it_.stages.emplace_back().role = role;
    return it_.stages.size() - 1;
  }

  void mark_back(NodeId node, std::size_t stage) {
    stage_of_[node] = stage;
    for (const Input& input : it_.plan.nodes[node].inputs) mark_back(input.node, stage);
  }

  void place_sinks() {
    std::map<std::string, std::size_t> results;
    const bool parted = it_.stages[main_].partitions > 1;
    for (const NodeId sink : it_.plan.sinks()) {
      const std::uint32_t table = std::get<Sink>(it_.plan.nodes[sink].kind).table;
      const bool pinned = is_pinned(it_.plan.tables[table]);
      if (!pinned && !parted) continue;
      const std::string where = pinned ? "at " + it_.plan.tables[table].label : "";
      const auto [result, is_new] = results.try_emplace(where, 0);
      if (is_new) {
        result->second = add(StageRole::Result);
        if (pinned) it_.stages[result->second].table = table;
      }
      stage_of_[sink] = result->second;
    }
  }

  /// Everything was moved to the sources, or to where the sink is bound.
  void drop_empty_main() {
    if (!it_.stages[main_].nodes.empty()) return;
    // A stage must stand between a source and a result only where rows meet: the result itself takes them.
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
      for (const auto& [scan, chain] : chains_) {
        if (chain.last != input.node || input.output != 0) continue;
        exchange.ordered = chain.ordered;
        exchange.group = chain.group;
        exchange.time = chain.time;
        exchange.tie_break = chain.tie_break;
        exchange.place = chain.place;
      }
      it_.stages[exchange.from_stage].outputs.push_back(it_.exchanges.size());
      it_.stages[exchange.to_stage].inputs.push_back(it_.exchanges.size());
      it_.exchanges.push_back(std::move(exchange));
    }
  }

  /// The keys of the aggregate, as columns of the rows that cross to it: only projections that pick lie
  /// between.
  void hash_by(NodeId aggregate) {
    std::vector<std::uint32_t> keys = std::get<Aggregate>(it_.plan.nodes[aggregate].kind).keys;
    NodeId at = it_.plan.nodes[aggregate].inputs.front().node;
    while (stage_of_[at] == main_) {
      const Node& node = it_.plan.nodes[at];
      if (const auto* project = std::get_if<Project>(&node.kind)) {
        for (std::uint32_t& key : keys) {
          if (project->expressions[key]->kind != Expression::Kind::Column) return keep_whole();
          key = project->expressions[key]->column;
        }
      }
      at = node.inputs.front().node;
    }
    for (RingExchange& exchange : it_.exchanges) {
      if (exchange.to_stage != main_ || exchange.from.output != 0) continue;
      exchange.kind = ExchangeKind::Hash;
      exchange.keys = keys;
    }
  }
  void keep_whole() { it_.stages[main_].partitions = 1; }

  Distribution& it_;
  const std::map<NodeId, SourceChain>& chains_;
  std::vector<std::size_t> stage_of_;
  std::size_t main_ = 0;
};

}  // namespace

Result<Distribution> distribute(Plan plan, const DistributionOptions& options) {
  if (plan.sinks().empty()) {
    return fail(ErrorCode::InvalidArgument, "the script asks for nothing: it has no SELECT and no INSERT");
  }
  Distribution result{plan, {}, {}, std::move(plan), options};
  const std::optional<NodeId> split =
      options.partitions > 1 ? splitting_aggregate(result.plan) : std::nullopt;
  // Nodes are inserted behind scans: the last scan first, so that those before keep their numbers.
  const std::vector<NodeId> groups = scans_in_one_order(result.plan);
  std::vector<SourceChain> found;
  for (auto n = static_cast<NodeId>(result.plan.nodes.size()); n-- > 0;) {
    if (n >= groups.size() || !is_table_scan(result.plan, n)) continue;
    const std::size_t width = result.plan.nodes[n].schema.size();
    std::vector<NodeId> inserted;
    DART_TRY(SourceChain chain, follow(result.plan, n, result.plan.nodes[n].stepped, inserted));
    chain.group = groups[n];
    found.push_back(std::move(chain));
    restore_late_width(result.plan, n, width, inserted);
    for (const NodeId place : inserted) {
      for (SourceChain& one : found) {
        one.scan += one.scan >= place ? 1 : 0;
        one.last += one.last >= place ? 1 : 0;
      }
    }
  }
  std::map<NodeId, SourceChain> chains;
  for (SourceChain& one : found) chains.emplace(one.scan, std::move(one));
  std::optional<NodeId> aggregate;
  for (NodeId n = 0; split && n < result.plan.nodes.size(); ++n) {
    if (std::holds_alternative<Aggregate>(result.plan.nodes[n].kind)) aggregate = n;
  }
  Cutter(result, chains).cut(aggregate);
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
