#include "placement/query_service.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "placement/message_codec.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

QueryService::QueryService(const Config& config, const overlay::NodeHandle& self, Random random)
    : config_(config), self_(self), random_(random) {
  load_.capacity = config.capacity;
}

void QueryService::step(TimePoint now, const overlay::OverlayNode& ring, Input input,
                        std::vector<Action>& out) {
  now_ = now;
  ring_ = &ring;
  out_ = &out;
  std::visit([this](auto& i) { on(i); }, input);
  run_local();
  run_timers();
  run_local();
}

void QueryService::run_timers() {
  while (const auto due = deadlines_.take_due(now_)) {
    switch (*due) {
      case Timer::Clients:
        run_clients();
        break;
      case Timer::Queries:
        run_queries();
        break;
      case Timer::RollCall:
        run_roll_call();
        break;
      case Timer::Reservations:
        expire_reservations();
        break;
      case Timer::Watch:
        run_watch();
        break;
      case Timer::Mourning:
        run_mourning();
        break;
      case Timer::Greeting:
        for (const std::string& prefix : std::exchange(to_greet_, {})) greet_all(prefix, {});
        break;
      case Timer::Leaving:
        tell_leaving();
        break;
    }
  }
}

/// What one role of this node says to another of its roles.
void QueryService::run_local() {
  while (!local_.empty()) {
    Message message = std::move(local_.front());
    local_.pop_front();
    std::visit([this](auto& m) { handle(self_, m); }, message);
  }
}

void QueryService::tell(const overlay::NodeHandle& to, Message message) {
  ++counters_.sent[message.index()];
  if (to.id == self_.id) {
    local_.push_back(std::move(message));
    return;
  }
  out_->emplace_back(Tell{to, encode(message)});
}

void QueryService::route(const Key& key, const Message& message, bool stepwise) {
  ++counters_.sent[message.index()];
  out_->emplace_back(RouteTo{key, stepwise, encode(message)});
}

bool QueryService::is_root(const Key& key) const { return ring_->ready(now_) && !ring_->next_hop(key); }

void QueryService::on(Heard& input) {
  auto message = decode(input.payload);
  if (!message) {
    ++counters_.malformed;
    return;
  }
  std::visit([&](auto& m) { handle(input.from, m); }, *message);
}

void QueryService::on(Reached& input) {
  auto message = decode(input.payload);
  if (!message) {
    ++counters_.malformed;
    return;
  }
  if (auto* join = std::get_if<Join>(&*message)) {
    if (join->hops.size() < limits::kHops) join->hops.push_back(own_hop(input.origin));
  }
  std::visit([&](auto& m) { handle(input.origin, m); }, *message);
}

void QueryService::on(CastHeard& input) {
  auto message = decode(input.payload);
  if (!message || !std::holds_alternative<Attract>(*message)) {
    ++counters_.malformed;
    return;
  }
  handle(self_, std::get<Attract>(*message));
}

void QueryService::on(const Neighbours&) {
  tell_deaths();
  hand_over_roots();
  if (!cared_for_.empty()) deadlines_.set_earlier(Timer::Watch, now_);
}

void QueryService::on(const Died& input) {
  tell_death(input.node);
  // Where the scheduler itself stands near, nobody has to tell it.
  std::vector<std::string> hit;
  for (const auto& [name, query] : queries_) {
    const auto& placed = query->record.placed;
    const bool there = std::any_of(placed.begin(), placed.end(), [&](const Placed& one) {
      return !one.away && one.host.id == input.node.id && one.host.same_life(input.node);
    });
    if (there) hit.push_back(name);
  }
  for (const std::string& name : hit) {
    if (ScheduledQuery* query = find(name)) host_died(*query, input.node);
  }
}

void QueryService::on(Identity& input) {
  labels_ = std::move(input.labels);
  wall_offset_us_ = input.wall_offset_us;
  show_load();
  greet();
}

void QueryService::on(const MembersCounted& input) {
  const auto asked = counting_.find(input.tag);
  if (asked == counting_.end()) return;
  const Counting what = std::move(asked->second);
  counting_.erase(asked);
  ScheduledQuery* query = find(what.name);
  if (query == nullptr || query->round != what.round) return;
  if (query->phase == Phase::Steady) return counted_again(*query, what.stage, input);
  if (query->phase != Phase::Attracting) return;
  // Without a count the query waits a while for whoever answers.
  if (!input.known) query->uncounted = true;
  query->expected += input.members;
  if (--query->counts > 0 || query->uncounted) return;
  if (query->expected == 0) {
    query->deadline_us = now_.us + config_.joins_least.us;
  } else if (!query->routes.empty() && !readers_missing(*query)) {
    return choose(*query);
  }
  wake(*query, query->deadline_us);
}

void QueryService::on(RecordDone& input) {
  const auto asked = records_.find(input.tag);
  if (asked == records_.end()) return;
  const RecordAsked what = std::move(asked->second);
  records_.erase(asked);
  ScheduledQuery* query = find(what.name);
  if (query == nullptr) return;
  if (what.use == RecordUse::Bind) {
    // A node that came up meanwhile may have looked for bindings too early, and be counted only now.
    query->count_us = now_.us + config_.retry.us;
    const bool rests = query->phase == Phase::Steady && is_running(*query);
    if (rests) wake(*query, std::min(query->due_us, query->count_us));
    return;
  }
  if (query->attempt != what.attempt) return;
  switch (what.use) {
    case RecordUse::Load:
      loaded(*query, input.answer);
      break;
    case RecordUse::Commit:
      committed(*query, input.answer);
      break;
    case RecordUse::Note:
      if (input.answer.outcome == directory::Outcome::Ok) {
        query->version = input.answer.version;
      } else if (query->phase == Phase::Steady) {
        load(*query);
      }
      // While it is being placed, committing finds out.
      break;
    case RecordUse::Remove:
      removed(*query, input.answer);
      break;
    case RecordUse::Bind:
      break;
  }
}

const QueryRecord* QueryService::record(const std::string& name) const {
  const auto found = queries_.find(name);
  return found == queries_.end() ? nullptr : &found->second->record;
}

std::size_t QueryService::hosted() const {
  std::size_t instances = 0;
  for (const auto& [name, hosted] : hosted_) instances += hosted.instances.size();
  return instances;
}

void QueryService::check_invariants() const {
  DART_CHECK(local_.empty());
  DART_CHECK(names_.size() == hosted_.size());
  for (const auto& [name, hosted] : hosted_) {
    const auto found = names_.find(hosted.key);
    DART_CHECK(found != names_.end() && found->second == name);
    DART_CHECK(cared_for_.contains(name));
  }
  for (const auto& [name, query] : queries_) {
    DART_CHECK(query->name == name);
    // Somebody looks after whatever should run, and whatever is under way.
    const bool rests = query->phase == Phase::Steady && !(query->exists && is_running(*query));
    DART_CHECK(rests || query->due_us != INT64_MAX || query->attempt != 0);
  }
}

}  // namespace dart::placement
