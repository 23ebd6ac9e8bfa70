// A query that runs: deaths of its hosts, readers that come, moves, ends.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// Signs of life that a host may miss before it counts as dead here; the ring's own word usually comes first.
constexpr std::uint32_t kProbes = 2;
/// Failures in a row after which a query is left to its owner.
constexpr std::uint32_t kFailures = 8;
/// How busy the host of an instance must be, and how idle another, for a move because of that alone.
constexpr std::uint32_t kPressedPermille = 900;
constexpr std::uint32_t kIdlePermille = 600;

bool runs_at(const ScheduledQuery& query, const NodeId& host) {
  return std::any_of(query.record.placed.begin(), query.record.placed.end(),
                     [&](const Placed& placed) { return !placed.away && placed.host.id == host; });
}

}  // namespace

void QueryService::handle(const overlay::NodeHandle& from, const HostDied& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr) {
    if (queries_.size() >= limits::kScheduled) {
      ++counters_.dropped_full;
      return;
    }
    query = &adopt(m.name);
    if (!m.host.id.is_zero()) query->deaths.push_back(m.host);
    return load(*query);
  }
  if (!m.host.id.is_zero()) return host_died(*query, m.host);
  if (query->phase != Phase::Steady || !query->exists) return;
  // Somebody looks for the scheduler of what it runs, or thinks that there is none.
  const bool held = query->record.state == QueryState::Paused;
  tell(from, Hold{query->name, query->record.epoch, query->version, held});
}

void QueryService::host_died(ScheduledQuery& query, const overlay::NodeHandle& host) {
  const auto there = [&](const Placed& placed) {
    return !placed.away && placed.host.id == host.id &&
           (placed.host.same_life(host) || host.replaces(placed.host));
  };
  switch (query.phase) {
    case Phase::Loading:
    case Phase::Committing:
      query.deaths.push_back(host);
      return;
    case Phase::Waiting:
    case Phase::Removing:
      return;
    case Phase::Attracting:
    case Phase::Reserving:
      query.avoided.insert(host.id);
      if (query.cause == Cause::Explain || query.cause == Cause::Start) return;
      break;
    case Phase::Steady:
    case Phase::Holding:
    case Phase::Opening:
      break;
  }
  const auto& placed = query.record.placed;
  const auto lost = std::find_if(placed.begin(), placed.end(), there);
  if (lost == placed.end()) return;
  if (!is_running(query)) {
    if (query.record.state == QueryState::Finished) {
      note(query, query.record.state,
           fmt::format("node {} died, and with it the rows that it kept", host.id.short_text()));
      query.record.placed.erase(query.record.placed.begin() + (lost - placed.begin()));
    }
    return;
  }
  query.avoided.insert(host.id);
  std::size_t readers = 0;
  std::size_t others = 0;
  for (const Placed& one : placed) {
    if (!there(one)) continue;
    ++(query.record.spec.stages[one.id.stage].role == StageRole::Source ? readers : others);
  }
  std::string why = fmt::format("node {} died", host.id.short_text());
  if (others > 0) why += fmt::format(", the state of {} instances is lost", others);
  if (readers > 0) why += fmt::format(", {} readers are away", readers);
  place(query, Cause::Repair, why + "; begins anew from the sources");
}

void QueryService::handle(const overlay::NodeHandle&, const PeerLost& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr || query->record.epoch != m.epoch || query->phase != Phase::Steady) return;
  if (!runs_at(*query, m.peer.id) || query->probed.contains(m.peer.id)) return;
  query->probed[m.peer.id] = 1;
  tell(m.peer, Probe{0});
  wake(*query, now_.us + config_.answer.us);
}

void QueryService::probe_hosts(ScheduledQuery& query) {
  const bool held = query.record.state == QueryState::Paused;
  for (const Placed& placed : query.record.placed) {
    if (placed.away || placed.host.id == self_.id || !query.probed.emplace(placed.host.id, 1).second)
      continue;
    tell(placed.host, Hold{query.name, query.record.epoch, query.version, held});
    tell(placed.host, Probe{0});
  }
  query.revise_us = now_.us + config_.revise.us;
  wake(query, now_.us + config_.answer.us);
}

void QueryService::answered_probe(const overlay::NodeHandle& from) {
  std::vector<std::string> reborn;
  for (auto& [name, query] : queries_) {
    if (query->probed.erase(from.id) == 0) continue;
    for (const Placed& placed : query->record.placed) {
      if (!placed.away && placed.host.id == from.id && !placed.host.same_life(from)) {
        reborn.push_back(name);
        break;
      }
    }
  }
  for (const std::string& name : reborn) {
    if (ScheduledQuery* query = find(name)) host_died(*query, from);
  }
}

void QueryService::handle(const overlay::NodeHandle& from, RollCall& m) {
  RollAnswer answer{m.round, {}};
  for (const NameEpoch& run : m.runs) {
    ScheduledQuery* query = find(run.name);
    if (query == nullptr || (query->phase == Phase::Steady && !query->exists)) {
      answer.not_mine.push_back(run.name);
      continue;
    }
    if (query->phase != Phase::Steady || run.epoch >= query->record.epoch) continue;
    if (runs_at(*query, from.id)) {
      deploy_at(*query, from);
    } else {
      tell(from, Stop{run.name, query->record.epoch});
    }
  }
  tell(from, std::move(answer));
}

void QueryService::handle(const overlay::NodeHandle&, const Ended& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr || query->record.epoch != m.epoch ||
      m.instance.stage >= query->record.spec.stages.size()) {
    ++counters_.dropped_foreign;
    return;
  }
  if (m.error.empty()) {
    query->finished.insert(m.instance);
    query->to_hold.erase(m.instance);
    if (query->phase == Phase::Holding) return barrier_done_when_all(*query);
    if (query->phase == Phase::Steady) finish_when_all(*query);
    return;
  }
  const bool settled = query->phase == Phase::Steady || query->phase == Phase::Opening;
  if (!settled || !is_running(*query)) return;
  if (m.lasting || ++query->failures >= kFailures) return fail_query(*query, m.error);
  place(*query, Cause::Repair, m.error + "; begins anew from the sources");
}

/// The query has ended when nothing of its last stage is left to do.
void QueryService::finish_when_all(ScheduledQuery& query) {
  if (query.record.state != QueryState::Running || query.finished.empty()) return;
  std::uint32_t last = 0;
  for (const Placed& placed : query.record.placed) last = std::max(last, placed.id.stage);
  const bool all = std::all_of(
      query.record.placed.begin(), query.record.placed.end(),
      [&](const Placed& placed) { return placed.id.stage != last || query.finished.contains(placed.id); });
  if (all) note(query, QueryState::Finished, "all sources have ended");
}

void QueryService::handle(const overlay::NodeHandle& from, const Leaving& m) {
  for (const std::string& name : m.names) {
    ScheduledQuery* query = find(name);
    if (query == nullptr) {
      handle(from, HostDied{name, {}});
      continue;
    }
    // A scheduler that is busy hears it again.
    if (query->phase != Phase::Steady || !query->exists) continue;
    if (!runs_at(*query, from.id)) {
      tell(from, Stop{name, query->record.epoch});
      continue;
    }
    query->avoided.insert(from.id);
    if (is_running(*query)) {
      place(*query, Cause::Move, fmt::format("node {} leaves", from.id.short_text()));
    } else {
      tell(from, Stop{name, query->record.epoch});
    }
  }
}

void QueryService::handle(const overlay::NodeHandle& from, const Hello& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr) return handle(from, HostDied{m.name, {}});
  query->avoided.erase(from.id);
  if (query->phase != Phase::Steady) {
    if (query->arrivals.size() < limits::kInstances) query->arrivals.push_back(from);
    return;
  }
  arrived(*query, from);
}

/// A node that may have a reader has come up, or is back.
void QueryService::arrived(ScheduledQuery& it, const overlay::NodeHandle& from) {
  ScheduledQuery* query = &it;
  if (!query->exists || !is_running(*query)) return;
  bool back = false;
  bool known = false;
  for (const Placed& placed : query->record.placed) {
    if (placed.host.id != from.id || query->record.spec.stages[placed.id.stage].role != StageRole::Source) {
      continue;
    }
    known = known || !placed.away;
    back = back || (placed.away && !query->finished.contains(placed.id));
    // The ring may not have noticed that the life before has ended.
    if (!placed.away && !placed.host.same_life(from)) return host_died(*query, from);
  }
  if (known) return;
  query->invited.push_back(from);
  if (back) {
    place(
        *query, Cause::Repair,
        fmt::format("node {} is back with its readers; begins anew from the sources", from.id.short_text()));
  } else {
    place(*query, Cause::Extend, fmt::format("node {} brings a reader", from.id.short_text()));
  }
}

/// Everything that runs holds still behind a barrier, so that nothing is on its way when links are laid anew
/// (Chandy and Lamport; DESIGN §6).
void QueryService::start_barrier(ScheduledQuery& query) {
  query.phase = Phase::Holding;
  query.barrier = query.version + 1;
  query.barrier_epoch = query.record.epoch;
  query.deadline_us = now_.us + config_.opening.us;
  query.to_hold.clear();
  for (const Placed& placed : query.record.placed) {
    if (!placed.away && !query.finished.contains(placed.id)) query.to_hold.insert(placed.id);
  }
  tell_barrier(query);
  barrier_done_when_all(query);
}

void QueryService::tell_barrier(ScheduledQuery& query) {
  std::set<NodeId> told;
  for (const Placed& placed : query.record.placed) {
    if (!query.to_hold.contains(placed.id) || !told.insert(placed.host.id).second) continue;
    tell(placed.host, Barrier{query.name, query.record.epoch, query.version, query.barrier});
  }
  wake(query, std::min(query.deadline_us, now_.us + config_.answer.us));
}

void QueryService::handle(const overlay::NodeHandle&, const BarrierReached& m) {
  ScheduledQuery* query = find(m.name);
  const bool awaited = query != nullptr && query->phase == Phase::Holding && query->record.epoch == m.epoch &&
                       query->barrier == m.barrier;
  if (!awaited) {
    ++counters_.dropped_foreign;
    return;
  }
  query->to_hold.erase(m.instance);
  barrier_done_when_all(*query);
}

void QueryService::barrier_done_when_all(ScheduledQuery& query) {
  if (query.to_hold.empty()) commit(query);
}

/// Nodes whose readers were away and have sent a JOIN now.
std::vector<overlay::NodeHandle> QueryService::readers_back(const ScheduledQuery& query) {
  std::vector<overlay::NodeHandle> back;
  for (const Placed& placed : query.record.placed) {
    if (!placed.away || query.finished.contains(placed.id)) continue;
    for (const Route& route : query.routes) {
      if (route.reader == placed.id) back.push_back(route.hops.front().self.node);
    }
  }
  return back;
}

/// Whether the placement at hand has been better than the present one for a while: hysteresis, so that a
/// query does not wander.
bool QueryService::is_better(ScheduledQuery& query) {
  const bool more = std::any_of(query.routes.begin(), query.routes.end(), [&](const Route& route) {
    return route.reader.stage != UINT32_MAX &&
           std::none_of(query.record.placed.begin(), query.record.placed.end(),
                        [&](const Placed& placed) { return placed.id == route.reader; });
  });
  if (more) {
    query.cause = Cause::Extend;
    query.why = "more nodes have a reader";
    return true;
  }
  std::vector<Candidate> known;
  for (const Route& route : query.routes) {
    for (const Hop& hop : route.hops) {
      known.push_back(hop.self);
      known.insert(known.end(), hop.leaves.begin(), hop.leaves.end());
    }
  }
  const auto load_of = [&](const NodeId& id) {
    for (const Candidate& one : known) {
      if (one.node.id == id) return one.load;
    }
    return Load{};
  };
  std::vector<Placed> wished;
  bool relieved = false;
  for (const Choosing& choosing : query.choosing) {
    wished.push_back({choosing.choice.id, choosing.host, choosing.choice.to, false});
    for (const Placed& now : query.record.placed) {
      if (now.id != choosing.choice.id || now.host.id == choosing.host.id) continue;
      relieved = relieved || (load_of(now.host.id).cpu_permille > kPressedPermille &&
                              load_of(choosing.host.id).cpu_permille < kIdlePermille);
    }
  }
  const auto mean_us = [](const Estimate& cost) {
    std::int64_t sum = 0;
    for (const Duration& delay : cost.source_to_sink) sum += delay.us;
    return sum / std::max<std::int64_t>(1, static_cast<std::int64_t>(cost.source_to_sink.size()));
  };
  const std::int64_t now_us = mean_us(estimate(query.record.spec, query.record.placed, known));
  const std::int64_t then_us = mean_us(estimate(query.record.spec, wished, known));
  const bool nearer = then_us * 100 < now_us * (100 - static_cast<std::int64_t>(config_.better_percent));
  query.better = nearer || relieved ? query.better + 1 : 0;
  if (query.better < config_.better_times) return false;
  query.better = 0;
  query.why = fmt::format("{} us from source to sink instead of {}", then_us, now_us);
  return true;
}

void QueryService::look_for_better(ScheduledQuery& query) {
  const bool away =
      std::any_of(query.record.placed.begin(), query.record.placed.end(),
                  [&](const Placed& placed) { return placed.away && !query.finished.contains(placed.id); });
  const Policy* policy = find_policy(query.record.spec.policy);
  // A reader that is away may only have missed the call.
  query.revise_us = now_.us + (away ? 2 * config_.retry.us : config_.revise.us);
  if (!is_running(query) || (!away && (policy == nullptr || !policy->spreads()))) {
    return wake(query, query.revise_us);
  }
  query.looking = true;
  place(query, Cause::Move, {});
}

void QueryService::run_queries() {
  std::vector<std::string> due;
  for (const auto& [name, query] : queries_) {
    if (query->due_us <= now_.us) due.push_back(name);
  }
  for (const std::string& name : due) {
    if (ScheduledQuery* query = find(name)) {
      query->due_us = INT64_MAX;
      run_query(*query);
    }
  }
  for (const auto& [name, query] : queries_) {
    if (query->due_us != INT64_MAX) deadlines_.set_earlier(Timer::Queries, {query->due_us});
  }
}

void QueryService::run_query(ScheduledQuery& query) {
  switch (query.phase) {
    case Phase::Steady:
      return run_steady(query);
    case Phase::Attracting:
      if (now_.us < query.deadline_us && (query.routes.empty() || readers_missing(query))) {
        return wake(query, query.deadline_us);
      }
      return choose(query);
    case Phase::Reserving:
      if (now_.us >= query.deadline_us) {
        return placement_failed(query, "the nodes that were asked to run the query do not answer",
                                "try again");
      }
      for (Choosing& choosing : query.choosing) {
        if (!choosing.taken) reserve_next(query, choosing);
        if (query.phase != Phase::Reserving) return;
      }
      return reserve(query);
    case Phase::Holding:
      if (now_.us < query.deadline_us) return tell_barrier(query);
      return place(query, Cause::Repair, "a barrier did not come through; begins anew from the sources");
    case Phase::Opening:
      return run_opening(query);
    case Phase::Waiting:
      if (ring_->next_hop(query.key)) return hand_over_roots();
      query.avoided.clear();  // whoever was dead may be back
      return place(query, Cause::Repair, query.why);
    case Phase::Loading:
    case Phase::Committing:
    case Phase::Removing:
      return;
  }
}

/// Whether a reader that must be there has not sent its JOIN yet. A repair does not wait for a count, which a
/// death makes late and wrong: it knows its readers, and finds out later who else there is.
bool QueryService::readers_missing(const ScheduledQuery& query) const {
  const auto joined = [&](std::uint32_t stage, const NodeId& reader) {
    return std::any_of(query.routes.begin(), query.routes.end(), [&](const Route& route) {
      return (stage == UINT32_MAX || route.reader.stage == stage) &&
             route.hops.front().self.node.id == reader;
    });
  };
  const auto is_late = [&](const overlay::NodeHandle& node) { return !joined(UINT32_MAX, node.id); };
  if (std::any_of(query.invited.begin(), query.invited.end(), is_late)) return true;
  if (query.cause != Cause::Repair) {
    if (query.counts > 0 && !query.uncounted) return true;
    if (!query.uncounted && query.routes.size() < query.expected) return true;
  }
  if (query.cause == Cause::Start || query.cause == Cause::Explain) return false;
  return std::any_of(query.record.placed.begin(), query.record.placed.end(), [&](const Placed& placed) {
    const bool reader = query.record.spec.stages[placed.id.stage].role == StageRole::Source;
    if (!reader || placed.away || query.avoided.contains(placed.host.id)) return false;
    return !joined(placed.id.stage, placed.host.id);
  });
}

void QueryService::run_opening(ScheduledQuery& query) {
  std::set<NodeId> silent;
  for (const Placed& placed : query.placed) {
    const bool told = !query.to_open.contains(placed.id) || !silent.insert(placed.host.id).second;
    if (!told && now_.us < query.deadline_us) deploy_at(query, placed.host);
  }
  if (now_.us < query.deadline_us) {
    return wake(query, std::min(query.deadline_us, now_.us + config_.answer.us));
  }
  query.avoided.insert(silent.begin(), silent.end());
  if (++query.failures >= kFailures) return fail_query(query, "hosts of the query do not answer");
  place(query, Cause::Repair, "a host did not open its part in time; begins anew from the sources");
}

void QueryService::run_steady(ScheduledQuery& query) {
  if (ring_->next_hop(query.key)) return hand_over_roots();
  if (now_.us >= query.count_us) count_again(query);
  std::vector<overlay::NodeHandle> dead;
  for (auto& [id, times] : query.probed) {
    const auto placed = std::find_if(query.record.placed.begin(), query.record.placed.end(),
                                     [host = id](const Placed& one) { return one.host.id == host; });
    if (placed == query.record.placed.end()) continue;
    if (times++ >= kProbes) {
      dead.push_back(placed->host);
    } else {
      tell(placed->host, Probe{0});
    }
  }
  for (const auto& host : dead) {
    query.probed.erase(host.id);
    if (query.phase == Phase::Steady) host_died(query, host);
  }
  if (query.phase != Phase::Steady) return;
  std::set<NodeId> again;
  for (const Placed& placed : query.record.placed) {
    if (query.unopened.contains(placed.id) && again.insert(placed.host.id).second) {
      deploy_at(query, placed.host);
    }
  }
  if (now_.us >= query.revise_us) return look_for_better(query);
  std::int64_t next_us = std::min(query.revise_us, query.count_us);
  if (!query.probed.empty()) next_us = std::min(next_us, now_.us + config_.answer.us);
  if (!query.unopened.empty()) next_us = std::min(next_us, now_.us + config_.retry.us);
  if (next_us != INT64_MAX) wake(query, next_us);
}

/// A node that came up is the root of some keys now: it takes their queries over.
void QueryService::hand_over_roots() {
  std::vector<std::string> moved;
  for (const auto& [name, query] : queries_) {
    const bool waits = query->phase == Phase::Waiting || (query->phase == Phase::Steady && query->exists);
    const bool idle = waits && query->asks.empty();
    if (idle && ring_->next_hop(query->key)) moved.push_back(name);
  }
  for (const std::string& name : moved) {
    route(query_key_of(name), HostDied{name, {}});
    queries_.erase(name);
    care_no_more(name);
  }
}

}  // namespace dart::placement
