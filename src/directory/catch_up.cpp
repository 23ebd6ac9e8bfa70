// How a member comes to vote: new in a group, or back from a restart.

#include <algorithm>
#include <utility>

#include "directory/directory.hpp"
#include "directory/message_codec.hpp"

namespace dart::directory {

void Directory::handle(const overlay::NodeHandle& from, Offer& m) {
  adopt(m.shard, m.group);
  if (m.group.epoch < shards_[m.shard].group.epoch) send(from, Offer{m.shard, shards_[m.shard].group});
  if (m.settled && m.group.epoch == shards_[m.shard].group.epoch) forget(m.shard);
  const Shard& shard = shards_[m.shard];
  reply(from, Offered{m.shard, shard.group.epoch, shard.votes()});
}

void Directory::adopt(ShardNumber number, const Group& group) {
  Shard& shard = shards_[number];
  if (group.epoch <= shard.group.epoch) return;
  const bool held_before = shard.holds != 0 && shard.holds + 1 == group.epoch;
  shard.group = group;
  shard.catch_up.reset();
  if (shard.registers.erase(kSuccessor) > 0) store_register(number, kSuccessor);
  store_shard(number);
  told_[number].clear();
  deadlines_.set_earlier(Timer::Groups, now_);
  if (group.contains(id_)) start_catch_up(number, false, held_before);
  // What followed is decided; nobody may decide the same in the register of the new group.
  if (const auto successor = attempts_.find({number, kSuccessor}); successor != attempts_.end()) {
    rounds_.erase(successor->second.front().round);
    attempts_.erase(successor);
  }
  // What was under way in the old group has to begin again in this one.
  for (auto& [name, queue] : attempts_) {
    if (name.first == number) try_later(queue.front());
  }
}

void Directory::forget(ShardNumber number) {
  Shard& shard = shards_[number];
  if (shard.group.contains(id_) || shard.holds == 0) return;
  while (!shard.registers.empty()) {
    const std::string name = shard.registers.begin()->first;
    shard.registers.erase(shard.registers.begin());
    store_register(number, name);
  }
  shard.holds = 0;
  store_shard(number);
}

void Directory::start_catch_up(ShardNumber number, bool believes, bool held_before) {
  Shard& shard = shards_[number];
  auto state = std::make_unique<CatchUp>();
  state->began_us = state->next_us = now_.us;
  state->believes = believes;
  state->held_before = held_before;
  state->doubted = shard.doubted;
  state->fence = new_ballot(shard.highest_promise());
  for (const auto& member : shard.group.members) {
    if (member.id != id_) state->sources.push_back({member.id});
  }
  for (const auto& member : shard.group.previous) {
    if (member.id != id_) state->sources.push_back({member.id, true});
  }
  shard.catch_up = std::move(state);
  deadlines_.set_earlier(Timer::CatchUps, now_);
}

void Directory::run_catch_ups() {
  if (!ring_->joined()) {
    // Perhaps another node has this id, and this one is about to be refused.
    deadlines_.set_earlier(Timer::CatchUps, now_ + config_.fetch_again);
    return;
  }
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    Shard& shard = shards_[number];
    if (shard.catch_up == nullptr) continue;
    if (shard.catch_up->next_us <= now_.us) {
      if (complete(shard)) {
        finish_catch_up(number, false);
      } else if (may_believe(shard)) {
        finish_catch_up(number, true);
      } else {
        fetch(number);
        shard.catch_up->next_us = now_.us + config_.fetch_again.us;
      }
    }
    if (shard.catch_up != nullptr) deadlines_.set_earlier(Timer::CatchUps, {shard.catch_up->next_us});
  }
}

void Directory::fetch(ShardNumber number) {
  const Shard& shard = shards_[number];
  CatchUp& state = *shard.catch_up;
  for (CatchUp::Source& source : state.sources) {
    if (source.done) continue;
    const auto& nodes = source.of_previous ? shard.group.previous : shard.group.members;
    const auto to =
        std::find_if(nodes.begin(), nodes.end(), [&](const auto& n) { return n.id == source.member; });
    // Who was in the group before may not have heard that it is over, and hands over nothing until then.
    if (source.of_previous && !source.begun) send(*to, Offer{number, shard.group});
    const std::uint64_t epoch = source.of_previous ? shard.group.epoch - 1 : shard.group.epoch;
    // Nobody may hear of a life that the next start could forget.
    reply(*to, Fetch{number, epoch, lives_.at(id_), source.of_previous ? Ballot{} : state.fence, source.after,
                     !source.begun});
  }
}

bool Directory::complete(const Shard& shard) const {
  const CatchUp& state = *shard.catch_up;
  if (shard.group.reformed) {
    return std::all_of(state.sources.begin(), state.sources.end(),
                       [](const CatchUp::Source& source) { return source.done || !source.of_previous; });
  }
  std::size_t own = 0;
  const bool alone_before = shard.group.previous.size() == 1;
  const bool counts = !state.doubted || (!disk_is_old_ && (alone_before || now_.us >= believed_from_us_));
  std::size_t previous = state.held_before && counts ? 1 : 0;
  for (const CatchUp::Source& source : state.sources) {
    if (source.done) ++(source.of_previous ? previous : own);
  }
  const std::size_t majority_before = shard.group.previous.size() / 2 + 1;
  return own >= shard.group.recovery() || (!shard.group.previous.empty() && previous >= majority_before);
}

bool Directory::may_believe(const Shard& shard) const {
  const CatchUp& state = *shard.catch_up;
  if (!state.believes || disk_is_old_) return false;
  if (shard.group.members.size() == 1) return true;
  if (now_.us - state.began_us < config_.believe_after.us) return false;
  const auto spoke = static_cast<std::size_t>(
      std::count_if(state.sources.begin(), state.sources.end(),
                    [](const CatchUp::Source& source) { return source.spoke && !source.of_previous; }));
  return spoke + 1 >= shard.group.majority();
}

void Directory::handle(const overlay::NodeHandle& from, Fetched& m) {
  Shard& shard = shards_[m.shard];
  if (shard.catch_up == nullptr) return;
  CatchUp& state = *shard.catch_up;
  const bool of_previous = m.fence.none();
  if (m.epoch + (of_previous ? 1 : 0) != shard.group.epoch || (!of_previous && m.fence != state.fence))
    return;
  const auto source = std::find_if(state.sources.begin(), state.sources.end(), [&](const auto& s) {
    return s.member == from.id && s.of_previous == of_previous;
  });
  if (source == state.sources.end() || source->done) return;
  if (m.known_life >= lives_.at(id_).number) {
    note_old_disk(m.known_life);
    return;
  }
  source->spoke = true;
  if (m.verdict == Verdict::Rejected) {
    state.fence = new_ballot(m.promised);
    for (CatchUp::Source& each : state.sources) {
      if (!each.of_previous) each = {each.member, false, false, each.spoke};
    }
    state.next_us = now_.us;
    deadlines_.set_earlier(Timer::CatchUps, now_);
  } else if (m.verdict == Verdict::Ok) {
    take(m.shard, *source, m);
  }
}

/// Somebody knows this life, or a later one, from another start: the disk was put back, or is empty. What was
/// promised by the lives between is forgotten here, so the node goes on in a life that nobody has seen, and
/// asks anew: all who answer hear of that life.
void Directory::note_old_disk(std::uint64_t known_life) {
  if (!disk_is_old_) ++counters_.old_disks;
  disk_is_old_ = true;
  store_life(id_, {known_life + 1, boot_});
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    Shard& shard = shards_[number];
    if (std::exchange(shard.doubted, false)) {
      shard.holds = 0;
      store_shard(number);
    }
    if (shard.catch_up == nullptr) continue;
    shard.catch_up->held_before = shard.catch_up->held_before && !shard.catch_up->doubted;
    shard.catch_up->next_us = now_.us;
    shard.catch_up->fence = new_ballot(shard.catch_up->fence);
    for (CatchUp::Source& each : shard.catch_up->sources) {
      if (!each.of_previous) each = {each.member};
    }
  }
  deadlines_.set_earlier(Timer::CatchUps, now_);
}

void Directory::handle(const overlay::NodeHandle&, const Outlived& m) {
  if (m.life <= lives_.at(id_).number) return;
  for (Shard& shard : shards_) shard.doubted = shard.holds != 0;
  note_old_disk(m.life);
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    Shard& shard = shards_[number];
    if (shard.group.contains(id_) && shard.catch_up == nullptr) start_catch_up(number, false, false);
  }
}

void Directory::take(ShardNumber number, CatchUp::Source& source, Fetched& m) {
  CatchUp& state = *shards_[number].catch_up;
  if (m.begins == source.begun || (!m.begins && m.after != source.after)) return;  // a repeat
  source.begun = true;
  state.highest = std::max(state.highest, m.promised);
  if (!m.held.empty()) source.after = m.held.back().name;
  for (Held& held : m.held) {
    if (source.of_previous && held.name == kSuccessor) continue;
    Register& gathered = state.gathered[held.name];
    if (gathered.accepted < held.accepted) {
      gathered.accepted = held.accepted;
      gathered.record = std::move(held.record);
    }
  }
  source.done = m.last;
  state.next_us = now_.us;
  deadlines_.set_earlier(Timer::CatchUps, now_);
}

void Directory::finish_catch_up(ShardNumber number, bool by_belief) {
  Shard& shard = shards_[number];
  const std::unique_ptr<CatchUp> state = std::move(shard.catch_up);
  for (auto& [name, gathered] : state->gathered) {
    Register& one = shard.registers[name];
    if (gathered.accepted <= one.accepted) continue;
    one.accepted = gathered.accepted;
    one.record = std::move(gathered.record);
    store_register(number, name);
  }
  if (!by_belief) shard.fence = std::max({shard.fence, state->fence, state->highest});
  for (const auto& [name, one] : shard.registers) shard.fence = std::max(shard.fence, one.accepted);
  ++(by_belief ? counters_.believed : counters_.caught_up);
  highest_round_ = std::max(highest_round_, shard.highest_promise().round);
  shard.holds = shard.group.epoch;
  shard.doubted = false;
  store_shard(number);
  for (const auto& member : shard.group.members) {
    if (member.id != id_) reply(member, Offered{number, shard.group.epoch, true});
  }
  deadlines_.set_earlier(Timer::Groups, now_);
}

}  // namespace dart::directory
