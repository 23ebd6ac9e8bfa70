// One operation after the other on each name: read, promise, accept.

#include <algorithm>
#include <utility>

#include "directory/directory.hpp"
#include "directory/message_codec.hpp"

namespace dart::directory {

namespace {

constexpr std::int64_t kLeastPauseUs = 5'000;
constexpr std::uint64_t kPauseSpreadUs = 60'000;
constexpr unsigned kMostDoublings = 4;
/// How often due rounds are looked at while there are any.
constexpr std::int64_t kRoundsEveryUs = 20'000;
/// A client repeats a request about once a second, and gives up after some seconds.
constexpr std::size_t kRepeats = 16;

}  // namespace

void Directory::handle(const overlay::NodeHandle& from, const Locate& m) { send(from, Located{m.shard}); }

void Directory::handle(const overlay::NodeHandle& from, Ask& m) {
  const auto answered = std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
    return answer.request == m.request && answer.attempt == m.attempt;
  });
  if (answered != answers_.end()) {
    send(from, *answered);
    return;
  }
  const Name name{shard_of(m.name), m.name};
  if (!is_root(name.first)) {
    // Any node could coordinate, but two at once are in each other's way.
    send(from, ended(m, Outcome::Unavailable));
    return;
  }
  const auto queue = attempts_.find(name);
  if (queue != attempts_.end()) {
    const auto known = std::find_if(queue->second.begin(), queue->second.end(),
                                    [&](const Attempt& a) { return a.ask.request == m.request; });
    if (known != queue->second.end()) {
      auto& repeats = known->repeats;
      const bool new_one = m.attempt != known->ask.attempt && repeats.size() < kRepeats &&
                           std::find(repeats.begin(), repeats.end(), m.attempt) == repeats.end();
      if (new_one) repeats.push_back(m.attempt);
      return;
    }
  }
  if (queue == attempts_.end() ? attempts_.size() >= limits::kOperations
                               : queue->second.size() >= limits::kQueue) {
    ++counters_.dropped_full;
    send(from, ended(m, Outcome::Unavailable));
    return;
  }
  Attempt attempt;
  attempt.shard = name.first;
  attempt.ask = std::move(m);
  attempt.client = from;
  attempt.deadline_us = now_.us + config_.attempt.us;
  coordinate(std::move(attempt));
}

bool Directory::Attempt::count(Vote vote) {
  const bool twice =
      std::any_of(votes.begin(), votes.end(), [&](const Vote& other) { return other.voter == vote.voter; });
  if (!twice) votes.push_back(std::move(vote));
  return !twice;
}

std::vector<Voucher> Directory::Attempt::quorum() const {
  std::vector<Voucher> vouchers;
  for (const Vote& vote : votes) vouchers.push_back({vote.voter, vote.life});
  return vouchers;
}

void Directory::coordinate(Attempt attempt) {
  const Name name{attempt.shard, attempt.ask.name};
  attempt.arrival = ++arrivals_;
  auto& queue = attempts_[name];
  queue.push_back(std::move(attempt));
  if (queue.size() == 1) begin(name);
}

void Directory::begin(const Name& name) {
  Attempt& attempt = attempts_.at(name).front();
  const Group& group = shards_[name.first].group;
  if (!group.known()) {
    try_later(attempt);
    return;
  }
  if (attempt.ask.operation == Operation::Get && !attempt.settles && !attempt.successor) {
    attempt.ballot = {};
    begin_first(attempt, name, Stage::Read);
    return;
  }
  const auto ready = prepared_.find(name);
  if (ready != prepared_.end() && ready->second.epoch == group.epoch && attempt.tries == 0) {
    const Prepared prepared = std::move(ready->second);
    prepared_.erase(ready);
    attempt.ballot = prepared.ballot;
    weigh(attempt, prepared.record);
    begin_second(attempt, name, prepared.quorum);
    return;
  }
  attempt.ballot = new_ballot(attempt.ballot);
  begin_first(attempt, name, Stage::First);
}

void Directory::begin_first(Attempt& attempt, const Name& name, Stage stage) {
  new_round(attempt, name, stage);
  const Group& group = shards_[name.first].group;
  for (const auto& member : group.members) {
    send(member, Prepare{{name.first, group.epoch, name.second}, attempt.round, attempt.ballot});
  }
}

void Directory::new_round(Attempt& attempt, const Name& name, Stage stage) {
  rounds_.erase(attempt.round);
  attempt.stage = stage;
  attempt.round = next_round_++;
  attempt.round_began = arrivals_;
  attempt.epoch = shards_[name.first].group.epoch;
  attempt.votes.clear();
  attempt.against.clear();
  const std::int64_t wait = config_.round.us << std::min(attempt.tries, 8U);
  attempt.due_us = now_.us + std::min(wait, config_.longest_round.us);
  rounds_[attempt.round] = name;
  ++counters_.rounds;
  deadlines_.set_earlier(Timer::Rounds, {attempt.due_us});
}

void Directory::begin_second(Attempt& attempt, const Name& name, const std::vector<Voucher>& quorum) {
  new_round(attempt, name, Stage::Second);
  attempt.next = new_ballot(attempt.ballot);
  attempt.may_stand = attempt.may_stand || attempt.changes;
  const Group& group = shards_[name.first].group;
  for (const auto& member : group.members) {
    send(member, Accept{{name.first, attempt.epoch, name.second},
                        attempt.round,
                        attempt.ballot,
                        attempt.next,
                        quorum,
                        attempt.proposal});
  }
}

Directory::Attempt* Directory::attempt_of(ShardNumber shard, std::uint64_t round, Name& name) {
  const auto found = rounds_.find(round);
  if (found == rounds_.end() || found->second.first != shard) return nullptr;
  name = found->second;
  return &attempts_.at(name).front();
}

void Directory::handle(const overlay::NodeHandle& from, Promise& m) {
  Name name;
  Attempt* attempt = attempt_of(m.shard, m.round, name);
  if (attempt == nullptr || attempt->stage == Stage::Second) return;
  const Group& group = shards_[name.first].group;
  if (group.epoch != attempt->epoch || !group.contains(from.id)) return;
  if (m.verdict != Verdict::Ok) {
    setback(*attempt, name, from.id, m.verdict, m.promised, m.group);
    return;
  }
  highest_round_ = std::max(highest_round_, m.promised.round);
  if (!attempt->count({from.id, m.life, m.accepted, std::move(m.record)})) return;
  if (attempt->votes.size() == group.majority()) decide(*attempt, name);
}

/// A majority has told what it holds: the value with the highest ballot may be decided, none with a higher
/// can.
void Directory::decide(Attempt& attempt, const Name& name) {
  const Vote* newest = &attempt.votes.front();
  bool alike = true;
  for (const Vote& vote : attempt.votes) {
    alike = alike && vote.accepted == attempt.votes.front().accepted;
    if (vote.accepted > newest->accepted) newest = &vote;
  }
  const Record current = newest->record;
  if (attempt.stage == Stage::Read) {
    if (alike) {
      weigh(attempt, current);
      finish(name, attempt.answer, &current);
      return;
    }
    // Somebody is in the middle of a change, or was: settle it.
    attempt.settles = true;
    begin(name);
    return;
  }
  const std::vector<Voucher> quorum = attempt.quorum();
  weigh(attempt, current);
  if (attempt.proposal.version == 0) {
    finish(name, attempt.answer, &current);  // never written, by anybody: nothing to settle
    return;
  }
  begin_second(attempt, name, quorum);
}

/// What becomes of the record, and what the client hears once that is decided.
void Directory::weigh(Attempt& attempt, const Record& current) {
  const Ask& ask = attempt.ask;
  attempt.proposal = current;
  attempt.changes = false;
  attempt.answer = {ask.request, ask.attempt, Outcome::Ok, current.version, current.exists, current.value};
  if (attempt.successor) {
    if (current.version != 0) return;
    attempt.proposal = Record{attempt.successor->epoch, true, encode(*attempt.successor), {}};
    attempt.changes = true;
    return;
  }
  if (ask.operation == Operation::Get) return;
  if (const auto version = current.version_made_by(ask.request)) {
    attempt.answer = {ask.request, ask.attempt, Outcome::Ok, *version, ask.operation == Operation::Set,
                      ask.value};
    return;
  }
  const bool any = ask.expected == kAnyVersion;
  if (any && ask.operation == Operation::Delete && !current.exists) return;
  if (any && ask.attempt > 1 && current.applied.size() == limits::kApplied) {
    attempt.answer.outcome = Outcome::Unknown;  // may have been applied, and forgotten since
    return;
  }
  if (!any && current.version != ask.expected) {
    // A repeated request may have been applied so long ago that the record has forgotten it.
    const bool sure = ask.attempt == 1 || current.version < ask.expected ||
                      std::any_of(current.applied.begin(), current.applied.end(),
                                  [&](const Applied& one) { return one.version == ask.expected + 1; });
    attempt.answer.outcome = sure ? Outcome::Conflict : Outcome::Unknown;
    return;
  }
  attempt.proposal.version = current.version + 1;
  attempt.proposal.exists = ask.operation == Operation::Set;
  attempt.proposal.value = attempt.proposal.exists ? ask.value : std::string();
  auto& applied = attempt.proposal.applied;
  applied.push_back({ask.request, attempt.proposal.version});
  if (applied.size() > limits::kApplied) applied.erase(applied.begin());
  attempt.changes = true;
  attempt.answer = {
      ask.request,           ask.attempt, Outcome::Ok, attempt.proposal.version, attempt.proposal.exists,
      attempt.proposal.value};
}

void Directory::handle(const overlay::NodeHandle& from, const Accepted& m) {
  Name name;
  Attempt* attempt = attempt_of(m.shard, m.round, name);
  if (attempt == nullptr || attempt->stage != Stage::Second) return;
  const Group& group = shards_[name.first].group;
  if (group.epoch != attempt->epoch || !group.contains(from.id)) return;
  if (m.verdict != Verdict::Ok) {
    const auto member = std::find_if(group.members.begin(), group.members.end(),
                                     [&](const auto& node) { return node.id == m.outlived.member; });
    if (m.outlived.life != 0 && member != group.members.end()) send(*member, Outlived{m.outlived.life});
    setback(*attempt, name, from.id, m.verdict, m.promised, m.group);
    return;
  }
  if (!attempt->count({from.id, m.life, {}, {}}) || attempt->votes.size() < group.majority()) return;
  if (attempt->successor) {
    const auto successor = decode_group(attempt->proposal.value);
    rounds_.erase(attempt->round);
    attempts_.erase(name);
    ++counters_.groups;
    if (successor) adopt(name.first, *successor);
    return;
  }
  if (prepared_.size() >= limits::kPrepared) prepared_.erase(prepared_.begin());
  prepared_[name] = {attempt->epoch, attempt->next, attempt->quorum(), attempt->proposal};
  if (attempt->changes) {
    ++counters_.changed;
    announce(name, attempt->proposal.version);
  }
  const Record decided = attempt->proposal;
  finish(name, attempt->answer, &decided);
}

void Directory::setback(Attempt& attempt, const Name& name, const NodeId& voter, Verdict verdict,
                        const Ballot& promised, const Group& group) {
  switch (verdict) {
    case Verdict::Moved:
      adopt(name.first, group);  // ends an attempt on a successor, and lets others begin again
      return;
    case Verdict::Closing:
      close(name.first);
      try_later(attempt);
      return;
    case Verdict::Rejected:
      ++counters_.rejected;
      highest_round_ = std::max(highest_round_, promised.round);
      try_later(attempt);
      return;
    case Verdict::Full:
      finish(name, attempt.may_stand
                       ? ended(attempt.ask, Outcome::Unknown)
                       : ended(attempt.ask, Outcome::Refused,
                               "a node that would keep this record has no room for a new name"));
      return;
    case Verdict::NoVote:
    case Verdict::Ok:
      break;
  }
  if (std::find(attempt.against.begin(), attempt.against.end(), voter) == attempt.against.end()) {
    attempt.against.push_back(voter);
  }
  const Group& mine = shards_[name.first].group;
  if (mine.members.size() - attempt.against.size() < mine.majority()) try_later(attempt);
}

/// Again after a moment that is drawn, so that two coordinators do not meet for ever.
void Directory::try_later(Attempt& attempt) {
  rounds_.erase(attempt.round);
  attempt.stage = Stage::Waiting;
  const std::uint64_t spread = kPauseSpreadUs << std::min(attempt.tries, kMostDoublings);
  attempt.due_us = now_.us + kLeastPauseUs + static_cast<std::int64_t>(random_.below(spread));
  deadlines_.set_earlier(Timer::Rounds, {attempt.due_us});
}

void Directory::finish(const Name& name, Answer answer, const Record* decided) {
  auto queue = attempts_.find(name);
  const std::uint64_t began = queue->second.front().round_began;
  rounds_.erase(queue->second.front().round);
  tell(queue->second.front(), std::move(answer));
  queue->second.pop_front();
  // The record had this value at some moment after the round began: it answers all who came before that, and
  // do not change it.
  std::erase_if(queue->second, [&](Attempt& waiting) {
    if (decided == nullptr || waiting.arrival > began || waiting.successor) return false;
    weigh(waiting, *decided);
    if (!waiting.changes) tell(waiting, waiting.answer);
    return !waiting.changes;
  });
  // Those that waited for too long were not touched.
  while (!queue->second.empty() && queue->second.front().deadline_us <= now_.us) {
    tell(queue->second.front(), ended(queue->second.front().ask, Outcome::Unavailable));
    queue->second.pop_front();
  }
  if (queue->second.empty()) {
    attempts_.erase(queue);
  } else {
    begin(name);
  }
}

void Directory::tell(const Attempt& attempt, Answer answer) {
  if (attempt.notice) {
    if (answer.outcome == Outcome::Ok) send(attempt.client, Notice{attempt.ask.name, answer.version});
    return;
  }
  if (attempt.successor) return;
  for (const std::uint32_t repeat : attempt.repeats) {
    answers_.push_back(answer);
    answers_.back().attempt = repeat;
    send(attempt.client, answers_.back());
  }
  send(attempt.client, answer);
  answers_.push_back(std::move(answer));
  while (answers_.size() > limits::kAnswers) answers_.pop_front();
}

void Directory::run_rounds() {
  run_sweeps();
  run_rescues();
  if (attempts_.empty() && sweeps_.empty() && rescues_.empty()) return;
  std::vector<Name> due;
  for (auto& [name, queue] : attempts_) {
    if (queue.front().due_us <= now_.us) due.push_back(name);
  }
  for (const Name& name : due) {
    const auto queue = attempts_.find(name);
    if (queue == attempts_.end()) continue;
    Attempt& attempt = queue->second.front();
    if (attempt.deadline_us <= now_.us) {
      finish(name, ended(attempt.ask, attempt.may_stand ? Outcome::Unknown : Outcome::Unavailable));
    } else {
      ++attempt.tries;
      begin(name);
    }
  }
  deadlines_.set_earlier(Timer::Rounds, {now_.us + kRoundsEveryUs});
}

void Directory::handle(const overlay::NodeHandle& from, const Watch& m) {
  const auto found = watchers_.find(m.name);
  if (found == watchers_.end() && watchers_.size() >= limits::kWatches) {
    ++counters_.dropped_full;
    return;
  }
  auto& watchers = watchers_[m.name];
  std::erase_if(watchers, [&](const Watcher& w) { return w.client.id == from.id || w.until_us <= now_.us; });
  watchers.push_back({from, now_.us + config_.watch.us});
  // What it is now, so that nothing was missed between two coordinators.
  Attempt look;
  look.shard = shard_of(m.name);
  look.ask = {RequestId::draw(random_), Operation::Get, m.name, 0, {}};
  look.client = from;
  look.notice = true;
  look.deadline_us = now_.us + config_.attempt.us;
  coordinate(std::move(look));
}

void Directory::announce(const Name& name, std::uint64_t version) {
  const auto found = watchers_.find(name.second);
  if (found == watchers_.end()) return;
  std::erase_if(found->second, [&](const Watcher& w) { return w.until_us <= now_.us; });
  for (const Watcher& watcher : found->second) send(watcher.client, Notice{name.second, version});
  if (found->second.empty()) watchers_.erase(found);
}

}  // namespace dart::directory
