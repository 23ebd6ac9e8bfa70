// From the readers of a query to hosts that take it.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "directory/tree/message.hpp"
#include "placement/message_codec.hpp"
#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// "id=" and 32 digits: the one node with this id.
std::optional<NodeId> node_of_label(const std::string& label) {
  return label.starts_with("id=") ? NodeId::parse(label.substr(3)) : std::nullopt;
}

Key group_of(const std::string& label) {
  return directory::tree::group_key(directory::tree::label_group(label));
}

bool is_reader(const QuerySpec& spec, const InstanceId& id) {
  return spec.stages[id.stage].role == StageRole::Source;
}

}  // namespace

ScheduledQuery* QueryService::find(const std::string& name) {
  const auto found = queries_.find(name);
  return found == queries_.end() ? nullptr : found->second.get();
}

ScheduledQuery& QueryService::adopt(const std::string& name) {
  auto made = std::make_unique<ScheduledQuery>();
  made->name = name;
  made->key = query_key_of(name);
  ScheduledQuery& query = *made;
  queries_[name] = std::move(made);
  care_for(name);
  return query;
}

void QueryService::wake(ScheduledQuery& query, std::int64_t at_us) {
  query.due_us = at_us;
  deadlines_.set_earlier(Timer::Queries, {at_us});
}

void QueryService::load(ScheduledQuery& query) {
  query.phase = Phase::Loading;
  query.due_us = INT64_MAX;
  ask_record(query, RecordUse::Load, directory::Operation::Get, 0, {});
}

void QueryService::loaded(ScheduledQuery& query, const directory::Answer& answer) {
  if (answer.outcome != directory::Outcome::Ok) {
    answer_all(query, false, "the record of the query cannot be read: its keepers do not answer",
               "try again when `dart ring ls` shows them");
    if (!query.record.placed.empty() || !query.deaths.empty()) return try_later(query);
    query.exists = false;
    query.phase = Phase::Steady;
    return serve_asks(query);
  }
  query.version = answer.version;
  query.exists = answer.exists;
  query.phase = Phase::Steady;
  if (!answer.exists) {
    query.record = {};
    query.deaths.clear();
    return serve_asks(query);
  }
  auto record = decode_record(answer.value);
  if (!record) {
    answer_all(query, false, "the record of the query is damaged: " + record.error().message,
               "`dart ring rm query/NAME` removes it");
    query.exists = false;
    return serve_asks(query);
  }
  query.record = std::move(*record);
  query.broken = false;
  const bool own = query.record.scheduler.same_life(self_);
  if (own && query.record.epoch == query.version && query.record.state == QueryState::Running) {
    // The reply to our own commit was lost.
    query.spec = query.record.spec;
    query.placed = query.record.placed;
    return deploy(query);
  }
  if (!own) {
    ++counters_.adopted;
    note(query, query.record.state, "scheduled by node " + self_.id.short_text() + " from now on");
  }
  if (is_running(query)) probe_hosts(query);
  serve_news(query);
}

void QueryService::place(ScheduledQuery& query, Cause cause, std::string why) {
  query.cause = cause;
  query.why = std::move(why);
  query.begun_us = now_.us;
  if (cause != Cause::Start && cause != Cause::Explain) query.spec = query.record.spec;
  query.choosing.clear();
  query.routes.clear();
  query.away.clear();
  query.to_open.clear();
  query.unopened.clear();
  query.to_hold.clear();
  query.probed.clear();
  query.barrier = 0;
  attract(query);
}

/// Nodes that read for a stage, or may: those of the placement before, and who has just come up.
std::vector<overlay::NodeHandle> QueryService::known_readers(const ScheduledQuery& query,
                                                             std::uint32_t stage) const {
  std::vector<overlay::NodeHandle> known = query.invited;
  const bool kept = query.exists && query.record.spec == query.spec;
  for (const Placed& placed : query.record.placed) {
    if (!kept || placed.id.stage != stage || placed.away || query.avoided.contains(placed.host.id)) continue;
    const bool twice = std::any_of(known.begin(), known.end(),
                                   [&](const overlay::NodeHandle& one) { return one.id == placed.host.id; });
    if (!twice) known.push_back(placed.host);
  }
  return known;
}

/// Readers are told to send their JOINs.
void QueryService::attract(ScheduledQuery& query) {
  query.phase = Phase::Attracting;
  query.round = next_round_++;
  query.expected = 0;
  query.counts = 0;
  query.uncounted = false;
  query.last_join_us = now_.us;
  for (std::uint32_t s = 0; s < query.spec.stages.size(); ++s) {
    const StageShape& stage = query.spec.stages[s];
    if (stage.role != StageRole::Source && stage.label.empty()) continue;
    if (stage.role != StageRole::Source && stage.role != StageRole::Result) continue;
    const Attract message{query.name, query.round, s, stage.label};
    if (!stage.nodes.empty()) {
      for (const auto& node : stage.nodes) tell(node, message);
      query.expected += stage.nodes.size();
    } else if (const auto node = node_of_label(stage.label)) {
      route(*node, message);
      ++query.expected;
    } else {
      // Readers that it has are told without the tree: a death may have torn that too.
      for (const auto& reader : known_readers(query, s)) tell(reader, message);
      const Key group = group_of(stage.label);
      ++counters_.sent[Message(message).index()];
      out_->emplace_back(Cast{group, encode(Message(message))});
      ++query.counts;
      count_readers(query, s, group);
    }
  }
  const bool counted = query.counts == 0;
  query.deadline_us = now_.us + config_.joins_longest.us;
  if (counted && query.expected == 0) {
    // It reads nothing of the ring: it may start where it is scheduled.
    query.routes.push_back({{UINT32_MAX, 0}, {own_hop(self_)}});
    return choose(query);
  }
  wake(query, counted ? query.deadline_us : now_.us + config_.joins_least.us);
}

void QueryService::count_readers(const ScheduledQuery& query, std::uint32_t stage, const Key& group) {
  const std::uint64_t tag = next_tag_++;
  counting_[tag] = {query.name, query.round, stage};
  out_->emplace_back(CountMembers{tag, group});
}

/// Members of the labels that a running query reads at; see counted_again.
void QueryService::count_again(ScheduledQuery& query) {
  query.count_us = INT64_MAX;
  const auto& stages = query.record.spec.stages;
  for (std::uint32_t s = 0; is_running(query) && s < stages.size(); ++s) {
    const bool grouped =
        stages[s].nodes.empty() && !stages[s].label.empty() && !node_of_label(stages[s].label);
    if (stages[s].role == StageRole::Source && grouped) count_readers(query, s, group_of(stages[s].label));
  }
}

/// More members than it has readers bring a query to look for them.
void QueryService::counted_again(ScheduledQuery& query, std::uint32_t stage, const MembersCounted& counted) {
  const auto& placed = query.record.placed;
  const auto readers =
      std::count_if(placed.begin(), placed.end(), [&](const Placed& one) { return one.id.stage == stage; });
  const bool more = counted.known && counted.members > static_cast<std::uint64_t>(readers);
  if (!more || !is_running(query)) return;
  query.looking = true;
  place(query, Cause::Move, {});
}

/// Each reader keeps its number as long as the query's text stays: its place in the merge, and its state.
bool QueryService::number_readers(ScheduledQuery& query) {
  std::sort(query.routes.begin(), query.routes.end(), [](const Route& a, const Route& b) {
    const auto& first = a.hops.front().self.node.id;
    const auto& second = b.hops.front().self.node.id;
    return a.reader.stage != b.reader.stage ? a.reader.stage < b.reader.stage : first < second;
  });
  const bool fresh = query.cause == Cause::Explain || !query.exists || !(query.record.spec == query.spec);
  const bool keeps_run = query.cause == Cause::Extend || query.cause == Cause::Move;
  for (std::uint32_t s = 0; s < query.spec.stages.size(); ++s) {
    if (query.spec.stages[s].role != StageRole::Source) continue;
    std::uint32_t next = 0;
    std::map<NodeId, std::uint32_t> numbers;
    for (const Placed& placed : query.record.placed) {
      if (fresh || placed.id.stage != s) continue;
      numbers.emplace(placed.host.id, placed.id.number);
      next = std::max(next, placed.id.number + 1);
    }
    std::size_t readers = 0;
    for (Route& route : query.routes) {
      if (route.reader.stage != s) continue;
      const auto known = numbers.find(route.hops.front().self.node.id);
      route.reader.number = known == numbers.end() ? next++ : known->second;
      ++readers;
    }
    for (const Placed& placed : query.record.placed) {
      if (fresh || placed.id.stage != s) continue;
      const bool ended = keeps_run && query.finished.contains(placed.id);
      const auto route = std::find_if(query.routes.begin(), query.routes.end(),
                                      [&](const Route& one) { return one.reader == placed.id; });
      if (route != query.routes.end() && !ended) continue;
      if (route != query.routes.end()) query.routes.erase(route);
      Placed away = placed;
      away.away = true;
      query.away.push_back(std::move(away));
      ++readers;
    }
    if (readers > 0) continue;
    if (now_.us < query.begun_us + config_.no_readers.us) {
      attract(query);
      return false;
    }
    placement_failed(query, fmt::format("no node of the ring has the label '{}'", query.spec.stages[s].label),
                     "`dart ring ls --label` lists those that have one; `dart node start --label` gives it");
    return false;
  }
  return true;
}

void QueryService::choose(ScheduledQuery& query) {
  query.invited.clear();
  if (!number_readers(query)) return;
  if (query.routes.empty()) {
    return placement_failed(query, "no reader of the query can be reached", "it goes on when one is back");
  }
  const Policy* policy = find_policy(query.spec.policy);
  if (policy == nullptr) {
    return placement_failed(query, "no policy is called '" + query.spec.policy + "'",
                            "route, cost, random or central");
  }
  const PlacementProblem problem{&query.spec, query.routes, query.record.placed};
  std::vector<Choice> choices = policy->place(problem, random_);
  query.choosing.clear();
  for (Choice& choice : choices) {
    std::erase_if(choice.candidates,
                  [&](const Candidate& one) { return query.avoided.contains(one.node.id); });
    Choosing choosing;
    choosing.choice = std::move(choice);
    choosing.taken = is_reader(query.spec, choosing.choice.id) || query.cause == Cause::Explain;
    if (choosing.choice.candidates.empty()) {
      return placement_failed(query, "no node can take an instance of the query", "add nodes, or capacity");
    }
    choosing.host = choosing.choice.candidates.front().node;
    if (policy->spreads()) {
      std::uint32_t least = UINT32_MAX;
      for (const auto& one : choosing.choice.candidates) least = std::min(least, one.load.instances);
      choosing.most = std::max(2U, least + 1);
    }
    query.choosing.push_back(std::move(choosing));
  }
  if (query.looking) query.invited = readers_back(query);
  if (!query.invited.empty()) {
    query.looking = false;
    return place(query, Cause::Repair, "readers are back; begins anew from the sources");
  }
  if (query.looking && !is_better(query)) {
    query.looking = false;
    query.phase = Phase::Steady;
    query.revise_us = now_.us + config_.revise.us;
    wake(query, query.revise_us);
    return serve_asks(query);
  }
  query.looking = false;
  reserve(query);
}

/// One message to each host that an instance would like to run at and that was not asked for it yet. It names
/// all that the host would run of the query, because a host keeps one reservation a query.
void QueryService::reserve(ScheduledQuery& query) {
  query.phase = Phase::Reserving;
  const bool all = std::all_of(query.choosing.begin(), query.choosing.end(),
                               [](const Choosing& choosing) { return choosing.taken; });
  if (all) return commit(query);
  std::map<NodeId, std::pair<overlay::NodeHandle, Reserve>> messages;
  for (Choosing& choosing : query.choosing) {
    if (choosing.taken || std::exchange(choosing.asked, true)) continue;
    messages[choosing.host.id].first = choosing.host;
  }
  if (messages.empty()) return;
  query.deadline_us = now_.us + 4 * config_.answer.us;
  wake(query, now_.us + config_.answer.us);
  for (auto& [id, one] : messages) {
    auto& [host, message] = one;
    message.name = query.name;
    message.round = query.round;
    bool bounded = true;
    for (const Choosing& choosing : query.choosing) {
      if (choosing.host.id != id || is_reader(query.spec, choosing.choice.id)) continue;
      message.instances.push_back(choosing.choice.id);
      if (choosing.taken) continue;
      bounded = bounded && choosing.most != 0;
      message.most = std::max(message.most, choosing.most);
    }
    if (!bounded) message.most = 0;
    tell(host, std::move(message));
  }
}

void QueryService::handle(const overlay::NodeHandle& from, const Reserved& m) {
  ScheduledQuery* query = find(m.name);
  if (query == nullptr || query->phase != Phase::Reserving || query->round != m.round) {
    ++counters_.dropped_foreign;
    return;
  }
  for (Choosing& choosing : query->choosing) {
    const bool meant =
        !choosing.taken && choosing.host.id == from.id &&
        std::find(m.instances.begin(), m.instances.end(), choosing.choice.id) != m.instances.end();
    if (!meant) continue;
    choosing.asked = false;
    choosing.taken = m.taken;
    if (m.taken) continue;
    for (Candidate& one : choosing.choice.candidates) {
      if (one.node.id == from.id) one.load.instances = m.load.instances;
    }
    reserve_next(*query, choosing);
  }
  if (query->phase == Phase::Reserving) reserve(*query);
}

/// The next candidate; when the first few have refused, all of them with a higher bound, and at last with
/// none.
void QueryService::reserve_next(ScheduledQuery& query, Choosing& choosing) {
  constexpr std::uint32_t kLevels = 3;
  // A node that many ways pass fills its nearest leaves with itself; those further away are still free.
  const std::size_t candidates =
      std::min(choosing.choice.candidates.size(), choosing.level == 0 ? limits::kTries : SIZE_MAX);
  choosing.next = (choosing.next + 1) % candidates;
  choosing.asked = false;
  if (choosing.next == 0) {
    ++choosing.level;
    // What they said of their load tells which bound the emptiest can keep to.
    std::uint32_t least = UINT32_MAX;
    for (const Candidate& one : choosing.choice.candidates) least = std::min(least, one.load.instances);
    const bool bounded = choosing.most != 0 && choosing.level < kLevels;
    choosing.most = bounded ? std::max(choosing.most, least) + 1 : 0;
    if (choosing.level > kLevels + 1) {
      return placement_failed(query,
                              "no node that is near enough takes an instance of the query: all are busy",
                              "add nodes, or raise their --capacity or --memory");
    }
  }
  choosing.host = choosing.choice.candidates[choosing.next].node;
}

void QueryService::placement_failed(ScheduledQuery& query, const std::string& message,
                                    const std::string& hint) {
  query.looking = false;
  if (query.cause == Cause::Start || query.cause == Cause::Explain) {
    if (query.before) query.record = *std::exchange(query.before, std::nullopt);
    query.phase = Phase::Steady;
    query.due_us = INT64_MAX;
    if (query.serving) {
      const ClientAsk ask = *std::exchange(query.serving, std::nullopt);
      answer_error(ask, message, hint);
    }
    return serve_asks(query);
  }
  if (query.cause == Cause::Move || query.cause == Cause::Extend) {
    // It runs where it is.
    query.phase = Phase::Steady;
    query.revise_us = now_.us + config_.revise.us;
    wake(query, query.revise_us);
    return serve_asks(query);
  }
  query.why = message;
  out_->emplace_back(QueryEvent{query.name, query.record.epoch, QueryState::Placing, message});
  try_later(query);
}

void QueryService::try_later(ScheduledQuery& query) {
  query.phase = Phase::Waiting;
  query.broken = true;
  const std::int64_t wait_us =
      std::min(config_.retry.us << std::min(query.failures++, 8U), config_.longest_retry.us);
  wake(query, now_.us + wait_us);
  if (query.asks.empty()) return;
  query.phase = Phase::Steady;
  serve_asks(query);
}

}  // namespace dart::placement
