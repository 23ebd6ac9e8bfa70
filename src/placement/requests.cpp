// What clients want of the scheduler of a query.

#include <algorithm>
#include <utility>

#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// Explain works on a query beside the one that runs, which has the same key.
constexpr char kBeside = '?';

constexpr const char* kNoSuchQuery = "no query has this name";
constexpr const char* kListThem = "`dart query ls` lists them";

}  // namespace

Key query_key_of(const std::string& name) {
  return query_key(name.ends_with(kBeside) ? name.substr(0, name.size() - 1) : name);
}

void QueryService::handle(const overlay::NodeHandle& from, Ask& m) {
  const auto answered = std::find_if(answered_.begin(), answered_.end(),
                                     [&](const auto& one) { return one.first == m.request; });
  if (answered != answered_.end()) return tell(from, answered->second);
  if (m.kind == RequestKind::Explain) {
    m.name += kBeside;
    if (m.spec) m.spec->name = m.name;
  }
  ScheduledQuery* query = find(m.name);
  if (query == nullptr) {
    if (queries_.size() >= limits::kScheduled) {
      ++counters_.dropped_full;
      return answer_error({m, from}, "this node schedules as many queries as it may", "drop some");
    }
    query = &adopt(m.name);
    query->asks.push_back({std::move(m), from});
    if (query->asks.back().ask.kind == RequestKind::Explain) {
      query->phase = Phase::Steady;
      return serve_asks(*query);
    }
    return load(*query);
  }
  const auto same = [&](const ClientAsk& one) { return one.ask.request == m.request; };
  if (query->serving && same(*query->serving)) return;
  if (std::any_of(query->asks.begin(), query->asks.end(), same)) return;
  query->asks.push_back({std::move(m), from});
  if (query->phase == Phase::Waiting) query->phase = Phase::Steady;
  if (query->phase == Phase::Steady) serve_asks(*query);
}

/// Those that waited for what was under way.
void QueryService::serve_asks(ScheduledQuery& query) {
  const std::string name = query.name;
  while (!query.asks.empty() && query.phase == Phase::Steady) {
    ClientAsk ask = std::move(query.asks.front());
    query.asks.erase(query.asks.begin());
    serve(query, ask);
    if (find(name) != &query) return;
  }
  if (query.phase != Phase::Steady) return;
  if (!query.exists) {
    queries_.erase(name);
    care_no_more(name);
  } else if (is_running(query) && query.broken) {
    // The ask came in between two tries to place it.
    query.phase = Phase::Waiting;
    if (query.due_us == INT64_MAX) wake(query, now_.us + config_.retry.us);
  } else if (is_running(query) && query.due_us == INT64_MAX) {
    wake(query, now_.us + config_.answer.us);
  }
}

void QueryService::serve(ScheduledQuery& query, ClientAsk& ask) {
  const bool there = query.exists;
  switch (ask.ask.kind) {
    case RequestKind::Submit:
    case RequestKind::Update:
      return serve_submit(query, ask);
    case RequestKind::Explain:
      if (!ask.ask.spec) return answer_error(ask, "explain needs the text of a query");
      query.spec = std::move(*ask.ask.spec);
      query.serving = std::move(ask);
      return place(query, Cause::Explain, {});
    case RequestKind::Pause:
    case RequestKind::Resume:
      if (!there) return answer_error(ask, kNoSuchQuery, kListThem);
      return serve_pause(query, ask, ask.ask.kind == RequestKind::Pause);
    case RequestKind::Drop:
      if (!there) return answer_error(ask, kNoSuchQuery, kListThem);
      query.serving = std::move(ask);
      return remove(query);
  }
}

void QueryService::serve_submit(ScheduledQuery& query, ClientAsk& ask) {
  if (!ask.ask.spec || ask.ask.spec->name != query.name) {
    return answer_error(ask, "a query needs a text and a name");
  }
  const bool update = ask.ask.kind == RequestKind::Update;
  if (query.exists && query.record.spec == *ask.ask.spec && query.record.state != QueryState::Failed) {
    Answered same;
    same.ok = true;
    same.epoch = query.record.epoch;
    same.placed = query.record.placed;
    return answer(ask, std::move(same));
  }
  const bool other = query.exists && !(query.record.spec == *ask.ask.spec);
  if (other && !update) {
    return answer_error(ask, "a query with another text has this name",
                        "`dart query update` replaces it; or choose another name");
  }
  if (!query.exists && update) return answer_error(ask, kNoSuchQuery, "`dart query submit` makes it");
  if (query.exists) query.before = query.record;
  query.spec = std::move(*ask.ask.spec);
  query.serving = std::move(ask);
  place(query, Cause::Start, query.exists ? "updated" : "submitted");
}

void QueryService::serve_pause(ScheduledQuery& query, ClientAsk& ask, bool pause) {
  const QueryState state = query.record.state;
  const bool held = state == QueryState::Paused;
  const bool away = std::any_of(query.record.placed.begin(), query.record.placed.end(),
                                [](const Placed& placed) { return placed.away; });
  if (!pause && (state == QueryState::Failed || state == QueryState::Finished || away)) {
    // What waited for a reader that is away is released by hand: it goes on without it.
    std::erase_if(query.record.placed, [](const Placed& placed) { return placed.away; });
    query.spec = query.record.spec;
    query.serving = std::move(ask);
    return place(query, Cause::Start, away ? "resumed without the readers that are away" : "resumed");
  }
  Answered done;
  done.ok = true;
  done.epoch = query.record.epoch;
  done.placed = query.record.placed;
  if (held == pause) return answer(ask, std::move(done));
  if (state == QueryState::Failed || state == QueryState::Finished) {
    return answer_error(ask, "the query does not run", "`dart query show` says why");
  }
  note(query, pause ? QueryState::Paused : QueryState::Running, pause ? "paused" : "resumed");
  std::set<NodeId> told;
  for (const Placed& placed : query.record.placed) {
    if (placed.away || !told.insert(placed.host.id).second) continue;
    tell(placed.host, Hold{query.name, query.record.epoch, query.version + 1, pause});
  }
  done.changed = true;
  answer(ask, std::move(done));
}

void QueryService::answer(const ClientAsk& ask, Answered answered) {
  answered.request = ask.ask.request;
  answered_.emplace_back(ask.ask.request, answered);
  if (answered_.size() > limits::kAnswers) answered_.pop_front();
  tell(ask.client, std::move(answered));
}

void QueryService::answer_error(const ClientAsk& ask, std::string message, std::string hint) {
  Answered refused;
  refused.message = message.substr(0, limits::kReasonBytes);
  refused.hint = hint.substr(0, limits::kReasonBytes);
  answer(ask, std::move(refused));
}

/// What is being served, and what waits behind it, end alike.
void QueryService::answer_all(ScheduledQuery& query, bool ok, const std::string& message,
                              const std::string& hint) {
  std::vector<ClientAsk> asks = std::move(query.asks);
  query.asks.clear();
  if (query.serving) asks.insert(asks.begin(), std::move(*query.serving));
  query.serving.reset();
  for (const ClientAsk& ask : asks) {
    Answered answered;
    answered.ok = ok;
    answered.message = message.substr(0, limits::kReasonBytes);
    answered.hint = hint.substr(0, limits::kReasonBytes);
    answer(ask, std::move(answered));
  }
}

}  // namespace dart::placement
