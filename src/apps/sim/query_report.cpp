#include "apps/sim/query_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "plan/distribution.hpp"
#include "sql/compile.hpp"

namespace dart::apps {

namespace {

/// So many in ten seeds, or the runs have proved nothing.
constexpr std::uint64_t kLeastInTen = 3;

constexpr std::string_view kTables = R"(
CREATE TABLE readings (gateway bigint, k bigint, ts timestamp, v bigint)
WITH (connector = 'feed', event_time = ts, tie_break = 'gateway, k', label = 'role=cab');
)";
constexpr std::string_view kBusy = R"(
CREATE MATERIALIZED VIEW busy WITH (emit = 'on_change') AS
SELECT count(*) AS n, sum(v) AS s, max(_seq) AS place FROM sliding(readings, ts, INTERVAL '20 seconds');
CREATE TABLE result (n bigint, s numeric, place bigint) WITH (connector = 'feed');
INSERT INTO result SELECT * FROM busy;
)";
constexpr std::string_view kWindows = R"(
CREATE TABLE result (window_start timestamp, gateway bigint, n bigint, s numeric) WITH (connector = 'feed');
INSERT INTO result SELECT window_start, gateway, count(*), sum(v)
FROM tumble(readings, ts, INTERVAL '10 seconds') GROUP BY window_start, window_end, gateway;
)";

Result<sim::ChaosQuery> query_of(const std::string& name, std::string_view text, std::uint32_t partitions,
                                 bool ordered) {
  plan::Catalogue catalogue;
  catalogue.connectors.push_back({std::string(sim::kFeedConnector), true, true, false, {}, nullptr, false});
  const std::string script = fmt::format("{}{}", kTables, text);
  DART_TRY(const sql::Script compiled, sql::compile(script, {}, catalogue));
  DART_TRY(const plan::Distribution distribution, plan::distribute(compiled.plan, {partitions}));
  sim::ChaosQuery query;
  query.ordered = ordered;
  query.spec.name = name;
  query.spec.text = script;
  query.spec.program = plan::encode(distribution);
  for (const plan::RingStage& stage : distribution.stages) {
    placement::StageShape shape;
    shape.role = static_cast<placement::StageRole>(stage.role);
    shape.partitions = stage.partitions;
    if (stage.table) shape.label = distribution.plan.tables[*stage.table].label;
    query.spec.stages.push_back(std::move(shape));
  }
  for (const plan::RingExchange& edge : distribution.exchanges) {
    query.spec.edges.push_back({static_cast<std::uint32_t>(edge.from_stage),
                                static_cast<std::uint32_t>(edge.to_stage),
                                static_cast<placement::EdgeKind>(edge.kind)});
  }
  return query;
}

}  // namespace

Result<std::vector<sim::ChaosQuery>> chaos_queries() {
  std::vector<sim::ChaosQuery> queries;
  DART_TRY(sim::ChaosQuery busy, query_of("busy", kBusy, 1, true));
  DART_TRY(sim::ChaosQuery windows, query_of("windows", kWindows, 3, false));
  queries.push_back(std::move(busy));
  queries.push_back(std::move(windows));
  return queries;
}

std::vector<std::string> complaints_of(const sim::QueryChaosReport& report, std::uint64_t again,
                                       std::uint32_t nodes) {
  std::vector<std::string> lines;
  for (const std::string& what : report.violations) {
    lines.push_back(fmt::format("seed {}: {}", report.seed, what));
  }
  if (report.hash != again) {
    lines.push_back(
        fmt::format("seed {}: two runs differ: {:016x} and {:016x}", report.seed, report.hash, again));
  }
  if (!lines.empty()) {
    lines.push_back(fmt::format("again: dart sim chaos --queries --seeds {} --nodes {}", report.seed, nodes));
  }
  return lines;
}

void QuerySummary::add(const sim::QueryChaosReport& report, std::uint64_t again) {
  ++seeds_;
  if (report.violation_count != 0 || report.hash != again) ++bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i) sum_.faults[i] += report.faults[i];
  sum_.runs += report.runs;
  sum_.epochs += report.epochs;
  sum_.moves += report.moves;
  sum_.adopted += report.adopted;
  sum_.drained += report.drained;
  sum_.rows += report.rows;
  sum_.right += report.right;
  sum_.fenced += report.fenced;
  sum_.events += report.events;
  sum_.messages += report.messages;
  slowest_s_ = std::max(slowest_s_, report.settled_s);
}

std::vector<std::string> QuerySummary::missing() const {
  std::vector<std::string> lines;
  if (seeds_ < 10) return lines;
  const std::uint64_t least = seeds_ / 10 * kLeastInTen;
  const auto expect = [&](std::string_view name, std::uint64_t count) {
    if (count < least) {
      lines.push_back(fmt::format("only {} {} in {} seeds, expected {}", count, name, seeds_, least));
    }
  };
  expect("placements behind a barrier", sum_.moves);
  expect("queries of dead schedulers taken over", sum_.adopted);
  expect("nodes that handed over and left", sum_.drained);
  expect("runs that began anew", sum_.runs - std::min(sum_.runs, 2 * seeds_));
  expect("frames of older epochs refused", sum_.fenced);
  return lines;
}

std::string QuerySummary::json(const Cost& cost) const {
  nlohmann::ordered_json json;
  json["seeds"] = seeds_;
  json["bad_seeds"] = bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i) {
    json["faults"][std::string(sim::kFaultNames[i])] = sum_.faults[i];
  }
  json["runs"] = sum_.runs;
  json["placements"] = sum_.epochs;
  json["moves"] = sum_.moves;
  json["adopted"] = sum_.adopted;
  json["drained"] = sum_.drained;
  json["rows"] = sum_.rows;
  json["rows_right"] = sum_.right;
  json["fenced"] = sum_.fenced;
  json["slowest_settled_s"] = slowest_s_;
  json["events"] = sum_.events;
  json["messages"] = sum_.messages;
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string QuerySummary::text(const Cost& cost) const {
  std::string out = fmt::format("{} seeds, each twice; {} with something wrong\nfaults:", seeds_, bad_);
  for (std::size_t i = 0; i < sim::kFaults; ++i) {
    if (sum_.faults[i] > 0) out += fmt::format(" {} {}", sim::kFaultNames[i], sum_.faults[i]);
  }
  out += fmt::format(
      "\nruns {}, placements {}, behind a barrier {}, taken over {}, nodes that handed over and left {}\n"
      "rows {}, of last runs and right {}, frames of older epochs refused {}; slowest to settle {:.1f} s\n",
      sum_.runs, sum_.epochs, sum_.moves, sum_.adopted, sum_.drained, sum_.rows, sum_.right, sum_.fenced,
      slowest_s_);
  out += fmt::format("{} events, {} messages in {:.1f} s, {:.0f} MB\n", sum_.events, sum_.messages,
                     cost.wall_s, cost.peak_rss_mb);
  return out;
}

}  // namespace dart::apps
