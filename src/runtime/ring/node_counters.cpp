#include "runtime/ring/node_counters.hpp"

namespace dart::runtime {

namespace {

using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

void add(Counters& out, const overlay::Counters& counters) {
  const Counters own = {{"delivered", counters.delivered}, {"forwarded", counters.forwarded},
                        {"rerouted", counters.rerouted},   {"stale", counters.stale},
                        {"suspected", counters.suspected}, {"refuted", counters.refuted},
                        {"deaths", counters.deaths},       {"lags", counters.lags}};
  out.insert(out.end(), own.begin(), own.end());
}

void add(Counters& out, const directory::Counters& counters) {
  const Counters own = {{"record_rounds", counters.rounds},       {"record_rejected", counters.rejected},
                        {"record_changes", counters.changed},     {"record_groups", counters.groups},
                        {"record_caught_up", counters.caught_up}, {"record_believed", counters.believed},
                        {"record_old_disks", counters.old_disks}, {"record_malformed", counters.malformed},
                        {"record_dropped", counters.dropped_full}};
  out.insert(out.end(), own.begin(), own.end());
}

void add(Counters& out, const directory::tree::Counters& counters) {
  std::uint64_t sent = 0;
  for (const std::uint64_t one : counters.sent) sent += one;
  const std::uint64_t dropped = counters.full_groups + counters.full_asked + counters.full_walks +
                                counters.full_recent + counters.full_counters + counters.too_deep;
  const Counters own = {{"tree_sent", sent},
                        {"tree_attached", counters.attached},
                        {"tree_lost_parents", counters.lost_parents},
                        {"tree_loops", counters.loops},
                        {"tree_handed_down", counters.handed_down},
                        {"tree_delivered", counters.delivered},
                        {"tree_repeated", counters.repeated},
                        {"tree_given_again", counters.given_again},
                        {"tree_malformed", counters.malformed},
                        {"tree_dropped", dropped}};
  out.insert(out.end(), own.begin(), own.end());
}

void add(Counters& out, const placement::Counters& counters) {
  std::uint64_t sent = 0;
  for (const std::uint64_t one : counters.sent) sent += one;
  const Counters own = {{"query_sent", sent},
                        {"query_placements", counters.placements},
                        {"query_repairs", counters.repairs},
                        {"query_moves", counters.moves},
                        {"query_adopted", counters.adopted},
                        {"query_lost_races", counters.lost_races},
                        {"query_reserved", counters.reserved},
                        {"query_refused", counters.refused},
                        {"query_malformed", counters.malformed},
                        {"query_dropped_full", counters.dropped_full},
                        {"query_dropped_foreign", counters.dropped_foreign}};
  out.insert(out.end(), own.begin(), own.end());
}

}  // namespace

Counters counters_of(const node::NodeCore& core) {
  Counters all;
  add(all, core.overlay().counters());
  if (core.directory() != nullptr) add(all, core.directory()->counters());
  if (core.tree() != nullptr) add(all, core.tree()->counters());
  if (core.queries() != nullptr) add(all, core.queries()->counters());
  return all;
}

}  // namespace dart::runtime
