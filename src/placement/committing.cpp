// The record of a query, and what follows from it: instances are opened where it says.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// Hosts that have not said that they opened everything are told again after this.
constexpr std::int64_t kTellAgainUs = 2'000'000;
/// An instance that cannot open for a reason that may pass is tried elsewhere so many times.
constexpr std::uint32_t kOpenings = 3;

std::vector<InstanceId> instances_of(const QuerySpec& spec, const std::vector<Placed>& placed,
                                     StageRole role) {
  std::vector<InstanceId> found;
  for (const Placed& one : placed) {
    if (spec.stages[one.id.stage].role == role) found.push_back(one.id);
  }
  return found;
}

std::string text_of(const QuerySpec& spec, const InstanceId& id) {
  constexpr std::string_view kRoles[] = {"", "reader", "combine", "main", "result"};
  return fmt::format("{} {}", kRoles[static_cast<std::size_t>(spec.stages[id.stage].role)], id.number);
}

}  // namespace

void QueryService::ask_record(ScheduledQuery& query, RecordUse use, directory::Operation operation,
                              std::uint64_t expected, std::string value) {
  const std::uint64_t tag = next_tag_++;
  query.attempt = tag;
  records_[tag] = {query.name, use, tag};
  directory::Command command;
  command.tag = tag;
  command.request = RequestName::draw(random_);
  command.operation = operation;
  command.name = record_name(query.name);
  command.expected = expected;
  command.value = std::move(value);
  out_->emplace_back(AskRecord{std::move(command)});
}

void QueryService::write_history(ScheduledQuery& query, std::string what) {
  out_->emplace_back(QueryEvent{query.name, query.record.epoch, query.record.state, what});
  what.resize(std::min(what.size(), limits::kHistoryBytes));
  auto& history = query.record.history;
  history.push_back({now_.us + wall_offset_us_, query.record.epoch, std::move(what)});
  if (history.size() > limits::kHistory) history.erase(history.begin());
}

/// A change that starts and stops nothing by itself.
void QueryService::note(ScheduledQuery& query, QueryState state, std::string what) {
  query.record.state = state;
  query.record.scheduler = self_;
  write_history(query, std::move(what));
  // The version stays that of what was read or acknowledged: one that is only hoped for may be another
  // scheduler's.
  ask_record(query, RecordUse::Note, directory::Operation::Set, query.version, encode(query.record));
}

void QueryService::remove(ScheduledQuery& query) {
  query.phase = Phase::Removing;
  ask_record(query, RecordUse::Remove, directory::Operation::Delete, query.version, {});
}

void QueryService::removed(ScheduledQuery& query, const directory::Answer& result) {
  if (result.outcome == directory::Outcome::Conflict && result.exists) {
    query.version = result.version;
    return remove(query);
  }
  const bool gone =
      result.outcome == directory::Outcome::Ok || result.outcome == directory::Outcome::Conflict;
  query.phase = Phase::Steady;
  if (!gone) {
    const ClientAsk ask = *std::exchange(query.serving, std::nullopt);
    answer_error(ask, "the record of the query cannot be deleted: its keepers do not answer", "try again");
    return serve_asks(query);
  }
  query.record.state = QueryState::Dropped;
  write_history(query, "dropped");
  stop_hosts(query.name, query.record.placed, UINT64_MAX, nullptr);
  bind_labels(query.record.spec, false);
  Answered done;
  done.ok = done.changed = true;
  done.epoch = query.record.epoch;
  if (query.serving) answer(*std::exchange(query.serving, std::nullopt), std::move(done));
  query.exists = false;
  query.version = result.version;
  query.record = {};
  query.finished.clear();
  serve_asks(query);
}

/// A node with the label that comes up later finds the query by this.
void QueryService::bind_labels(const QuerySpec& spec, bool bound) {
  std::set<std::string> labels;
  for (const StageShape& stage : spec.stages) {
    if (stage.role == StageRole::Source && !stage.label.empty()) labels.insert(stage.label);
  }
  for (const std::string& label : labels) {
    const std::uint64_t tag = next_tag_++;
    records_[tag] = {spec.name, RecordUse::Bind, tag};
    directory::Command command;
    command.tag = tag;
    command.request = RequestName::draw(random_);
    command.operation = bound ? directory::Operation::Set : directory::Operation::Delete;
    command.name = fmt::format("{}{}/{}", kBindPrefix, label, spec.name);
    command.expected = directory::kAnyVersion;
    out_->emplace_back(AskRecord{std::move(command)});
  }
}

/// All hosts have agreed: the plan is written down, or only told.
void QueryService::commit(ScheduledQuery& query) {
  query.placed.clear();
  for (const Choosing& choosing : query.choosing) {
    query.placed.push_back({choosing.choice.id, choosing.host, choosing.choice.to, false});
  }
  for (Placed& away : query.away) {
    // One that has ended says nothing any more, and by another way than before nobody knows of its end.
    const bool keeps_run = query.cause == Cause::Extend || query.cause == Cause::Move;
    const bool ended = keeps_run && query.finished.contains(away.id);
    away.to = ended ? std::vector<InstanceId>() : instances_of(query.spec, query.placed, StageRole::Main);
    query.placed.push_back(away);
  }
  std::sort(query.placed.begin(), query.placed.end(),
            [](const Placed& a, const Placed& b) { return a.id < b.id; });
  if (query.cause == Cause::Explain) return explain(query);
  const bool behind_barrier = query.cause == Cause::Extend || query.cause == Cause::Move;
  if (behind_barrier && query.phase != Phase::Holding) return start_barrier(query);
  query.phase = Phase::Committing;
  query.due_us = INT64_MAX;
  QueryRecord record = query.record;
  record.spec = query.spec;
  record.epoch = query.version + 1;
  // Of a query that was dropped and is handed in again, hosts may remember runs: epochs are beyond all of
  // them.
  if (!behind_barrier) record.run = query.exists ? record.run + 1 : record.epoch;
  if (record.state != QueryState::Paused || query.cause == Cause::Start) record.state = QueryState::Running;
  record.scheduler = self_;
  record.placed = query.placed;
  query.old_placed = std::exchange(query.record, std::move(record)).placed;
  write_history(query, fmt::format("{}: run {} at {} nodes", query.why, query.record.run, [&] {
                  std::set<NodeId> hosts;
                  for (const Placed& placed : query.placed) hosts.insert(placed.host.id);
                  return hosts.size();
                }()));
  ask_record(query, RecordUse::Commit, directory::Operation::Set, query.version, encode(query.record));
}

void QueryService::explain(ScheduledQuery& query) {
  std::vector<Candidate> known;
  for (const Route& route : query.routes) {
    for (const Hop& hop : route.hops) {
      known.push_back(hop.self);
      known.insert(known.end(), hop.leaves.begin(), hop.leaves.end());
    }
  }
  const Estimate cost = estimate(query.spec, query.placed, known);
  Answered told;
  told.ok = true;
  told.placed = query.placed;
  std::size_t reader = 0;
  for (const Duration& delay : cost.source_to_sink) {
    if (told.notes.size() + 1 >= limits::kNotes) break;
    told.notes.push_back(fmt::format("reader {}: {} us to the last instance, estimated", reader++, delay.us));
  }
  const bool rates_known = std::none_of(
      query.spec.stages.begin(), query.spec.stages.end(),
      [](const StageShape& stage) { return stage.role == StageRole::Source && stage.rows_per_s <= 0; });
  told.notes.push_back(fmt::format("{:.0f} bytes a second between nodes{}, estimated", cost.bytes_per_s,
                                   rates_known ? "" : " if readers without a rate have one row a second"));
  query.phase = Phase::Steady;
  if (query.serving) answer(*std::exchange(query.serving, std::nullopt), std::move(told));
  serve_asks(query);
}

void QueryService::committed(ScheduledQuery& query, const directory::Answer& answer) {
  switch (answer.outcome) {
    case directory::Outcome::Ok:
      query.version = answer.version;
      query.exists = true;
      ++counters_.placements;
      if (query.cause == Cause::Repair) ++counters_.repairs;
      if (query.cause == Cause::Move || query.cause == Cause::Extend) ++counters_.moves;
      if (query.cause == Cause::Start) {
        if (query.before && !(query.before->spec == query.spec)) bind_labels(query.before->spec, false);
        bind_labels(query.spec, true);
      }
      if (query.cause == Cause::Start || query.cause == Cause::Repair) query.finished.clear();
      return deploy(query);
    case directory::Outcome::Conflict:
      return lost_race(query, answer);
    case directory::Outcome::Unknown:
      return load(query);
    case directory::Outcome::Unavailable:
    case directory::Outcome::Refused:
      break;
  }
  query.record.placed = query.old_placed;
  placement_failed(query,
                   "the record of the query cannot be written: " +
                       (answer.value.empty() ? "its keepers do not answer" : answer.value),
                   "try again when `dart ring ls` shows them");
}

/// Somebody else has written the record since it was read here.
void QueryService::lost_race(ScheduledQuery& query, const directory::Answer& answer) {
  ++counters_.lost_races;
  const bool was_new = !query.exists;
  query.version = answer.version;
  query.exists = answer.exists;
  auto record = answer.exists ? decode_record(answer.value) : Result<QueryRecord>(QueryRecord{});
  query.record = record ? std::move(*record) : QueryRecord{};
  query.phase = Phase::Steady;
  query.broken = false;
  if (!query.exists) {
    answer_all(query, false, "the query was dropped meanwhile");
    return serve_asks(query);
  }
  if (!was_new && !is_root(query.key)) {
    // Whoever is the root now has taken it over.
    answer_all(query, false, "another node has taken the query over", "try again");
    query.deaths.clear();
    if (ring_->next_hop(query.key)) return hand_over_roots();
    // Without its leases nobody here knows who the root is, and until then it looks after the query.
    return probe_hosts(query);
  }
  if (was_new && query.serving) {
    query.asks.insert(query.asks.begin(), *std::exchange(query.serving, std::nullopt));
    return serve_asks(query);
  }
  place(query, query.cause == Cause::Start ? Cause::Start : Cause::Repair, query.why);
}

void QueryService::deploy(ScheduledQuery& query) {
  query.phase = Phase::Opening;
  query.deadline_us = now_.us + config_.opening.us;
  query.to_open.clear();
  query.unopened.clear();
  for (const Placed& placed : query.placed) {
    if (!placed.away) query.to_open.insert(placed.id);
  }
  std::set<NodeId> told;
  for (const Placed& placed : query.placed) {
    if (!placed.away && told.insert(placed.host.id).second) deploy_at(query, placed.host);
  }
  wake(query, now_.us + kTellAgainUs);
  for (const auto& host : std::exchange(query.deaths, {})) {
    if (query.phase == Phase::Opening) host_died(query, host);
  }
}

void QueryService::deploy_at(ScheduledQuery& query, const overlay::NodeHandle& host) {
  Deploy message;
  message.spec = query.record.spec;
  message.spec.text.clear();
  message.epoch = query.record.epoch;
  message.version = query.version;
  message.run = query.record.run;
  message.placed = query.record.placed;
  message.held = query.record.state == QueryState::Paused;
  if (query.barrier != 0) {
    message.barrier = query.barrier;
    message.barrier_epoch = query.barrier_epoch;
    message.state = query.old_placed;
  }
  tell(host, std::move(message));
}

void QueryService::handle(const overlay::NodeHandle&, const Deployed& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr || query->record.epoch != m.epoch ||
      m.instance.stage >= query->record.spec.stages.size()) {
    ++counters_.dropped_foreign;
    return;
  }
  const bool reader = query->record.spec.stages[m.instance.stage].role == StageRole::Source;
  if (m.error.empty()) query->unopened.erase(m.instance);
  if (query->phase != Phase::Opening || query->to_open.erase(m.instance) == 0) {
    if (!m.error.empty() && reader) query->unopened[m.instance] = m.error;
    return;
  }
  if (!m.error.empty()) {
    const std::string what = text_of(query->record.spec, m.instance) + ": " + m.error;
    if (!reader && (m.lasting || ++query->failures >= kOpenings)) return fail_query(*query, what);
    if (!reader) return place(*query, Cause::Repair, what);
    query->unopened[m.instance] = m.error;
    std::size_t others = 0;
    for (const Placed& placed : query->placed) {
      const bool other = placed.id.stage == m.instance.stage && !query->unopened.contains(placed.id);
      others += other ? 1 : 0;
    }
    if (others == 0) return fail_query(*query, what);
  }
  if (query->to_open.empty()) opened_all(*query);
}

void QueryService::opened_all(ScheduledQuery& query) {
  query.phase = Phase::Steady;
  query.broken = false;
  query.failures = 0;
  query.avoided.clear();
  query.before.reset();
  query.barrier = 0;
  stop_hosts(query.name, query.old_placed, query.record.epoch, &query.placed);
  query.old_placed.clear();
  Answered done;
  done.ok = done.changed = true;
  done.epoch = query.record.epoch;
  done.placed = query.record.placed;
  for (const auto& [id, why] : query.unopened) {
    if (done.notes.size() < limits::kNotes) {
      done.notes.push_back(fmt::format("reader {} cannot open its source: {}", id.number, why));
    }
  }
  if (!query.unopened.empty()) {
    const auto& [id, why] = *query.unopened.begin();
    note(query, query.record.state, fmt::format("reader {} cannot open its source: {}", id.number, why));
  }
  if (query.serving) answer(*std::exchange(query.serving, std::nullopt), std::move(done));
  out_->emplace_back(QueryEvent{query.name, query.record.epoch, query.record.state, "runs"});
  const bool away =
      std::any_of(query.placed.begin(), query.placed.end(), [](const Placed& placed) { return placed.away; });
  query.revise_us = now_.us + (away ? 2 * config_.retry.us : config_.revise.us);
  wake(query,
       std::min(query.count_us, query.unopened.empty() ? query.revise_us : now_.us + config_.retry.us));
  finish_when_all(query);
  serve_news(query);
}

/// What was heard of while it was being placed, then what clients want.
void QueryService::serve_news(ScheduledQuery& query) {
  for (const auto& host : std::exchange(query.deaths, {})) {
    if (query.phase == Phase::Steady) {
      host_died(query, host);
    } else {
      query.deaths.push_back(host);
    }
  }
  for (const auto& node : std::exchange(query.arrivals, {})) {
    if (query.phase == Phase::Steady) {
      arrived(query, node);
    } else {
      query.arrivals.push_back(node);
    }
  }
  if (query.phase == Phase::Steady) serve_asks(query);
}

/// It cannot run as it is: what ran before an update comes back, anything else waits for its owner.
void QueryService::fail_query(ScheduledQuery& query, const std::string& why) {
  if (query.serving) {
    const ClientAsk ask = *std::exchange(query.serving, std::nullopt);
    answer_error(ask, why, query.before ? "the query goes on as it was before" : "");
  }
  stop_hosts(query.name, query.record.placed, UINT64_MAX, nullptr);
  if (query.before) {
    query.spec = std::exchange(query.before, std::nullopt)->spec;
    query.failures = 0;
    return place(query, Cause::Start, "back to the text before the update that failed: " + why);
  }
  query.phase = Phase::Steady;
  query.due_us = INT64_MAX;
  note(query, QueryState::Failed, why);
  serve_asks(query);
}

/// Hosts of a placement that are not among those to keep.
void QueryService::stop_hosts(const std::string& name, const std::vector<Placed>& stopped,
                              std::uint64_t epoch, const std::vector<Placed>* keep) {
  std::set<NodeId> spared;
  for (std::size_t i = 0; keep != nullptr && i < keep->size(); ++i) {
    if (!(*keep)[i].away) spared.insert((*keep)[i].host.id);
  }
  for (const Placed& placed : stopped) {
    if (placed.away || !spared.insert(placed.host.id).second) continue;
    tell(placed.host, Stop{name, epoch});
  }
}

}  // namespace dart::placement
