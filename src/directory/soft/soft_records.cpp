#include "directory/soft/soft_records.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "directory/soft/message_codec.hpp"

namespace dart::directory::soft {

SoftRecords::SoftRecords(const Config& config, const overlay::NodeHandle& self, Random random)
    : config_(config), id_(self.id), random_(random) {}

void SoftRecords::step(TimePoint now, const overlay::OverlayNode& ring, Input input,
                       std::vector<Action>& out) {
  now_ = now;
  ring_ = &ring;
  out_ = &out;
  std::visit([this](auto& i) { on(i); }, input);
  run_timers();
  send_copies();
}

void SoftRecords::run_timers() {
  while (const auto due = deadlines_.take_due(now_)) {
    switch (*due) {
      case Timer::LookAfter:
        look_after();
        break;
      case Timer::Expire:
        expire();
        break;
      case Timer::Looks:
        run_askings();
        break;
      case Timer::Clients:
        run_clients();
        break;
    }
  }
}

void SoftRecords::on(Heard& input) {
  auto message = decode(input.payload);
  const bool routed =
      message && (std::holds_alternative<Put>(*message) || std::holds_alternative<Get>(*message));
  if (!message || routed) {
    ++counters_.malformed;
    return;
  }
  std::visit([&](auto& m) { handle(input.from, m); }, *message);
}

void SoftRecords::on(Reached& input) {
  auto message = decode(input.payload);
  if (message && std::holds_alternative<Put>(*message)) {
    handle(input.origin, std::get<Put>(*message));
  } else if (message && std::holds_alternative<Get>(*message)) {
    handle(input.origin, std::get<Get>(*message));
  } else {
    ++counters_.malformed;
  }
}

void SoftRecords::on(const Neighbours&) {
  looked_after_.clear();
  deadlines_.set_earlier(Timer::LookAfter, now_ + config_.settle);
}

void SoftRecords::tell(const overlay::NodeHandle& to, const Message& message) {
  if (to.id == id_) {
    auto own = message;
    if (auto* ended = std::get_if<Ended>(&own)) handle(to, *ended);
    return;
  }
  out_->emplace_back(Tell{to, encode(message)});
}

const SoftRecords::Kept* SoftRecords::find(const std::string& name) const {
  const auto found = held_.find(name);
  return found == held_.end() || found->second.until_us <= now_.us ? nullptr : &found->second;
}

bool SoftRecords::holds(const std::string& name, TimePoint now) const {
  const auto found = held_.find(name);
  return found != held_.end() && found->second.until_us > now.us;
}

Record SoftRecords::record_of(const std::string& name) const {
  const Kept* kept = find(name);
  if (kept == nullptr) return {name, {}, false, {}, 0};
  return {name, kept->version, kept->exists, kept->value, kept->until_us - now_.us};
}

bool SoftRecords::confirmed(const Kept& kept, const overlay::NodeHandle& node) {
  return std::any_of(kept.confirmed.begin(), kept.confirmed.end(),
                     [&](const auto& known) { return known.same_life(node); });
}

bool SoftRecords::keep(const Record& record) {
  const auto found = held_.find(record.name);
  const bool is_new = found == held_.end();
  const bool runs = !is_new && found->second.until_us > now_.us;
  if (runs && found->second.version >= record.version) return true;
  const std::size_t added = record.value.size() + (is_new ? record.name.size() : 0);
  const std::size_t freed = is_new ? 0 : found->second.value.size();
  const bool full = (is_new && held_.size() >= limits::kRecords) || bytes_ + added - freed > limits::kBytes;
  if (full || record.remaining_us <= 0) {
    if (full) ++counters_.dropped_full;
    return !full;
  }
  bytes_ += added - freed;
  Kept& kept = held_[record.name];
  kept = {
      key_of(record.name), record.version, record.exists, record.value, now_.us + record.remaining_us, 0, {}};
  deadlines_.set_earlier(Timer::Expire, {kept.until_us});
  return true;
}

void SoftRecords::forget(std::map<std::string, Kept>::iterator at) {
  bytes_ -= at->first.size() + at->second.value.size();
  written_.erase(at->first);
  held_.erase(at);
}

void SoftRecords::expire() {
  std::int64_t next = INT64_MAX;
  for (auto at = held_.begin(); at != held_.end();) {
    const auto here = at++;
    if (here->second.until_us <= now_.us) {
      ++counters_.expired;
      forget(here);
    } else {
      next = std::min(next, here->second.until_us);
    }
  }
  if (next != INT64_MAX) deadlines_.set_earlier(Timer::Expire, {next});
}

/// A part of the records in each step, until all have had their turn; then again while somebody lacks a copy.
void SoftRecords::look_after() {
  if (!ring_->joined()) {
    deadlines_.set_earlier(Timer::LookAfter, now_ + config_.send_again);
    return;
  }
  if (looked_after_.empty()) unconfirmed_ = false;
  auto at = held_.upper_bound(looked_after_);
  for (std::size_t n = 0; n < limits::kLookedAfter && at != held_.end(); ++n) {
    const auto here = at++;
    looked_after_ = here->first;
    look_after(here->first, here->second);
    const auto set = ring_->replica_set(here->second.key, limits::kReplicas);
    const bool mine = std::any_of(set.begin(), set.end(), [&](const auto& node) { return node.id == id_; });
    // Its root has it, and sees to the others.
    if (mine || !confirmed(here->second, set.front())) continue;
    ++counters_.handed_over;
    forget(here);
  }
  if (at != held_.end()) {
    deadlines_.set_earlier(Timer::LookAfter, {now_.us + 1});
    return;
  }
  looked_after_.clear();
  // Their clients have given up.
  std::erase_if(written_, [&](const auto& one) { return one.second.until_us <= now_.us; });
  if (unconfirmed_) deadlines_.set_earlier(Timer::LookAfter, now_ + config_.send_again);
}

void SoftRecords::look_after(const std::string& name, Kept& kept) {
  const auto set = ring_->replica_set(kept.key, limits::kReplicas);
  std::erase_if(kept.confirmed, [&](const auto& known) {
    return std::none_of(set.begin(), set.end(), [&](const auto& node) { return node.same_life(known); });
  });
  const bool root = !set.empty() && set.front().id == id_;
  const bool again = kept.sent_us == 0 || now_.us - kept.sent_us >= config_.send_again.us;
  for (const auto& node : set) {
    if (node.id != id_ && !confirmed(kept, node)) {
      unconfirmed_ = true;
      if (again) copy_to(node, name);
    }
    if (!root) break;  // only the root has to have it from here
  }
  if (again) kept.sent_us = now_.us;
  if (root) settle_writes(name, kept);
}

void SoftRecords::copy_to(const overlay::NodeHandle& node, const std::string& name) {
  auto& [to, copies] = outgoing_[node.id];
  to = node;
  copies.records.push_back(record_of(name));
}

void SoftRecords::send_copies() {
  for (auto& [id, entry] : outgoing_) {
    auto& [to, all] = entry;
    counters_.copied += all.records.size();
    Copies piece;
    std::size_t bytes = 0;
    for (Record& record : all.records) {
      bytes += record.name.size() + record.value.size() + 64;
      piece.records.push_back(std::move(record));
      if (bytes < limits::kCopyBytes && piece.records.size() < limits::kCopies) continue;
      tell(to, std::exchange(piece, {}));
      bytes = 0;
    }
    if (!piece.records.empty()) tell(to, std::move(piece));
  }
  outgoing_.clear();
}

void SoftRecords::handle(const overlay::NodeHandle& from, Copies& m) {
  Confirmed confirmed;
  for (const Record& record : m.records) {
    const Kept* before = find(record.name);
    const Version had = before == nullptr ? Version{} : before->version;
    if (had > record.version) copy_to(from, record.name);
    if (!keep(record)) continue;  // not held: the sender goes on trying
    confirmed.records.push_back({record.name, std::max(had, record.version)});
    if (had >= record.version) continue;
    // It came from somebody who thinks this node should have it: see who else should.
    looked_after_.clear();
    deadlines_.set_earlier(Timer::LookAfter, now_ + config_.settle);
  }
  if (!confirmed.records.empty()) tell(from, confirmed);
}

void SoftRecords::handle(const overlay::NodeHandle& from, Confirmed& m) {
  for (const Confirmed::One& one : m.records) {
    const auto found = held_.find(one.name);
    if (found == held_.end() || one.version < found->second.version) continue;
    auto& known = found->second.confirmed;
    std::erase_if(known, [&](const auto& node) { return node.id == from.id; });
    known.push_back(from);
    if (known.size() > limits::kReplicas) known.erase(known.begin());
    settle_writes(found->first, found->second);
  }
}

/// A write is told of when a majority of the replicas hold it: whoever comes next finds it.
void SoftRecords::settle_writes(const std::string& name, const Kept& kept) {
  if (!written_.contains(name)) return;
  const auto set = ring_->replica_set(kept.key, limits::kReplicas);
  std::size_t have = 0;
  for (const auto& node : set) {
    if (node.id == id_ || confirmed(kept, node)) ++have;
  }
  if (have < set.size() / 2 + 1) return;
  const auto [first, last] = written_.equal_range(name);
  const std::vector<std::pair<std::string, Written>> done(first, last);
  written_.erase(first, last);
  for (const auto& [of, one] : done) end(one.client, one.request, Outcome::Ok, record_of(name));
}

void SoftRecords::end(const overlay::NodeHandle& client, const RequestId& request, Outcome outcome,
                      Record record, std::string reason) {
  Ended ended{request, outcome, std::move(record), std::move(reason)};
  if (outcome == Outcome::Ok) {
    ended_.emplace_back(request, ended);
    if (ended_.size() > limits::kEnded) ended_.pop_front();
  }
  tell(client, ended);
}

void SoftRecords::handle(const overlay::NodeHandle& from, Put& m) {
  const auto ended =
      std::find_if(ended_.begin(), ended_.end(), [&](const auto& one) { return one.first == m.request; });
  if (ended != ended_.end()) {
    tell(from, ended->second);
    return;
  }
  const bool waits = std::any_of(written_.begin(), written_.end(),
                                 [&](const auto& one) { return one.second.request == m.request; });
  if (waits) return;
  if (find(m.record.name) == nullptr) {
    ask_others(from, m, m.record.name);
  } else {
    serve(from, m);
  }
}

void SoftRecords::handle(const overlay::NodeHandle& from, Get& m) {
  if (find(m.name) == nullptr) {
    ask_others(from, m, m.name);
  } else {
    serve(from, m);
  }
}

template <class Question>
void SoftRecords::ask_others(const overlay::NodeHandle& client, Question& question, const std::string& name) {
  for (auto& [round, asking] : asking_) {
    if (asking.name != name) continue;
    const bool twice = std::any_of(asking.then.begin(), asking.then.end(), [&](const auto& other) {
      const auto* same = std::get_if<Question>(&other.second);
      return same != nullptr && same->request == question.request;
    });
    if (twice) return;
    if (asking.then.size() >= limits::kPending) {
      ++counters_.dropped_full;
    } else {
      asking.then.emplace_back(client, std::move(question));
    }
    return;
  }
  const auto set = ring_->replica_set(key_of(name), limits::kReplicas + 1);
  if (asking_.size() >= limits::kPending) {
    ++counters_.dropped_full;
    return;
  }
  const std::uint64_t round = next_round_++;
  Asking& asking = asking_[round];
  asking.name = name;
  asking.until_us = now_.us + config_.listen.us;
  asking.then.emplace_back(client, std::move(question));
  for (const auto& node : set) {
    if (node.id == id_) continue;
    ++asking.open;
    tell(node, Look{round, name});
  }
  deadlines_.set_earlier(Timer::Looks, {asking.until_us});
  if (asking.open == 0) finish_asking(round);
}

void SoftRecords::handle(const overlay::NodeHandle& from, const Look& m) {
  Looked looked{m.round, std::nullopt};
  if (find(m.name) != nullptr) looked.record = record_of(m.name);
  tell(from, looked);
}

void SoftRecords::handle(const overlay::NodeHandle&, Looked& m) {
  const auto found = asking_.find(m.round);
  if (found == asking_.end()) return;
  if (m.record && m.record->name == found->second.name) {
    keep(*m.record);
    on(Neighbours{});
  }
  if (found->second.open <= 1) {
    finish_asking(m.round);
  } else {
    --found->second.open;
  }
}

void SoftRecords::finish_asking(std::uint64_t round) {
  const auto found = asking_.find(round);
  Asking asking = std::move(found->second);
  asking_.erase(found);
  for (auto& [client, question] : asking.then) {
    if (const auto* put = std::get_if<Put>(&question)) serve(client, *put);
    if (const auto* get = std::get_if<Get>(&question)) serve(client, *get);
  }
}

void SoftRecords::run_askings() {
  std::vector<std::uint64_t> due;
  for (const auto& [round, asking] : asking_) {
    if (asking.until_us <= now_.us) due.push_back(round);
  }
  for (const std::uint64_t round : due) finish_asking(round);
  for (const auto& [round, asking] : asking_) deadlines_.set_earlier(Timer::Looks, {asking.until_us});
}

void SoftRecords::serve(const overlay::NodeHandle& client, const Get& m) {
  end(client, m.request, Outcome::Ok, record_of(m.name));
}

void SoftRecords::serve(const overlay::NodeHandle& client, const Put& m) {
  const Kept* held = find(m.record.name);
  Record record = m.record;
  record.version.writer = client.id;
  if (record.version.number == 0) record.version.number = held == nullptr ? 1 : held->version.number + 1;
  if (held != nullptr && held->version >= record.version) {
    end(client, m.request, Outcome::Stale, record_of(record.name));
    return;
  }
  if (record.remaining_us <= 0 || written_.size() >= limits::kPending || !keep(record)) {
    end(client, m.request, Outcome::Refused, record_of(record.name),
        "the nodes that should hold this record hold as many as they may");
    return;
  }
  ++counters_.written;
  written_.emplace(record.name, Written{m.request, client, now_.us + config_.patience.us});
  look_after(record.name, held_.at(record.name));
  deadlines_.set_earlier(Timer::LookAfter, now_ + config_.send_again);
}

void SoftRecords::on(PutSoft& input) {
  const char* refusal = nullptr;
  if (input.name.empty() || input.name.size() > limits::kNameBytes) refusal = "a name has 1 to 255 bytes";
  if (input.value.size() > limits::kValueBytes) refusal = "a soft value has at most 16,384 bytes";
  if (input.lifetime_us <= 0 || input.lifetime_us > limits::kLifetimeUs) {
    refusal = "a soft record lives for more than nothing and at most 24 hours";
  }
  if (pending_.size() >= limits::kPending) refusal = "too many operations are under way";
  Record record{input.name, {input.number, id_}, input.exists, std::move(input.value), input.lifetime_us};
  if (refusal != nullptr) {
    out_->emplace_back(Done{input.tag, Outcome::Refused, std::move(record), refusal});
    return;
  }
  const RequestId request = RequestId::draw(random_);
  start({input.tag, request, key_of(input.name), encode(Put{request, std::move(record)}), input.name, 0, 0});
}

void SoftRecords::on(GetSoft& input) {
  const bool wrong = input.name.empty() || input.name.size() > limits::kNameBytes;
  if (wrong || pending_.size() >= limits::kPending) {
    out_->emplace_back(Done{input.tag,
                            Outcome::Refused,
                            {input.name, {}, false, {}, 0},
                            wrong ? "a name has 1 to 255 bytes" : "too many operations are under way"});
    return;
  }
  const RequestId request = RequestId::draw(random_);
  start({input.tag, request, key_of(input.name), encode(Get{request, input.name}), input.name, 0, 0});
}

void SoftRecords::start(Pending pending) {
  pending.due_us = now_.us + config_.ask_again.us;
  pending.deadline_us = now_.us + config_.patience.us;
  deadlines_.set_earlier(Timer::Clients, {pending.due_us});
  out_->emplace_back(RouteTo{pending.key, pending.payload});
  pending_.push_back(std::move(pending));
}

void SoftRecords::handle(const overlay::NodeHandle&, Ended& m) {
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& one) { return one.request == m.request; });
  if (found == pending_.end()) return;
  out_->emplace_back(Done{found->tag, m.outcome, std::move(m.record), std::move(m.reason)});
  pending_.erase(found);
}

void SoftRecords::run_clients() {
  std::erase_if(pending_, [&](const Pending& pending) {
    if (pending.deadline_us > now_.us) return false;
    out_->emplace_back(Done{pending.tag, Outcome::Unavailable, {pending.name, {}, false, {}, 0}, {}});
    return true;
  });
  for (Pending& pending : pending_) {
    if (pending.due_us <= now_.us) {
      pending.due_us = std::min(now_.us + config_.ask_again.us, pending.deadline_us);
      out_->emplace_back(RouteTo{pending.key, pending.payload});
    }
    deadlines_.set_earlier(Timer::Clients, {pending.due_us});
  }
}

void SoftRecords::check_invariants() const {
  std::size_t bytes = 0;
  for (const auto& [name, kept] : held_) {
    bytes += name.size() + kept.value.size();
    DART_CHECK(kept.version.number > 0);
  }
  DART_CHECK(bytes == bytes_);
  DART_CHECK(held_.size() <= limits::kRecords);
  DART_CHECK(outgoing_.empty());
  for (const auto& [name, written] : written_) DART_CHECK(held_.contains(name));
}

}  // namespace dart::directory::soft
