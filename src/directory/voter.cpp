// What a member of a group promises and accepts.

#include "directory/directory.hpp"

namespace dart::directory {

Verdict Directory::standing(const Slot& slot) const {
  const Shard& shard = shards_[slot.shard];
  if (slot.epoch < shard.group.epoch) return Verdict::Moved;
  if (slot.epoch > shard.group.epoch || !shard.votes()) return Verdict::NoVote;
  if (slot.name != kSuccessor && shard.sealed()) return Verdict::Closing;
  return Verdict::Ok;
}

void Directory::handle(const overlay::NodeHandle& from, Prepare& m) {
  Shard& shard = shards_[m.slot.shard];
  Promise answer{m.slot.shard, m.round, standing(m.slot), lives_[id_].number, {}, {}, {}, {}};
  if (answer.verdict == Verdict::Moved) answer.group = shard.group;
  if (answer.verdict == Verdict::Ok) {
    const auto found = shard.registers.find(m.slot.name);
    const Register* known = found == shard.registers.end() ? nullptr : &found->second;
    answer.promised = shard.promised(known);
    if (known != nullptr) {
      answer.accepted = known->accepted;
      answer.record = known->record;
    }
    const bool reads = m.ballot.none();
    if (!reads && m.ballot < answer.promised) {
      answer.verdict = Verdict::Rejected;
    } else if (!reads && known == nullptr && m.slot.name != kSuccessor &&
               (shard.registers.size() >= limits::kRecordsPerShard || stored_bytes_ >= config_.lend_bytes)) {
      answer.verdict = Verdict::Full;
    } else if (!reads && m.ballot > answer.promised) {
      answer.promised = shard.registers[m.slot.name].promised = m.ballot;
      store_register(m.slot.shard, m.slot.name);
    }
  }
  reply(from, std::move(answer));
}

void Directory::handle(const overlay::NodeHandle& from, Accept& m) {
  Shard& shard = shards_[m.slot.shard];
  Accepted answer{m.slot.shard, m.round, standing(m.slot), lives_[id_].number, {}, {}, {}};
  if (answer.verdict == Verdict::Moved) answer.group = shard.group;
  if (answer.verdict == Verdict::Ok) {
    const auto found = shard.registers.find(m.slot.name);
    answer.promised = shard.promised(found == shard.registers.end() ? nullptr : &found->second);
    const auto outlived = std::find_if(m.quorum.begin(), m.quorum.end(), [&](const Voucher& voucher) {
      const auto life = lives_.find(voucher.member);
      return life != lives_.end() && life->second.number > voucher.life;
    });
    if (outlived != m.quorum.end()) {
      answer.verdict = Verdict::Rejected;
      answer.outlived = {outlived->member, lives_.at(outlived->member).number};
    } else if (m.ballot.none() || m.record.version == 0 || m.next < m.ballot || m.ballot < answer.promised ||
               (m.slot.name == kSuccessor && m.record.version != m.slot.epoch + 1)) {
      answer.verdict = Verdict::Rejected;
    } else {
      Register& one = shard.registers[m.slot.name];
      one.accepted = m.ballot;
      one.promised = answer.promised = m.next;
      one.record = std::move(m.record);
      store_register(m.slot.shard, m.slot.name);
      if (m.slot.name == kSuccessor) {
        shard.sealed_us = now_.us;
        deadlines_.set_earlier(Timer::Groups, now_ + config_.look_after + config_.look_after);
      }
    }
  }
  reply(from, std::move(answer));
}

/// Of a group that is not over nothing may be carried into the next one.
bool Directory::may_hand_over(const Shard& shard, std::uint64_t epoch) const {
  // Whatever is left is wanted, be it little or old.
  if (shard.group.reformed && epoch + 1 == shard.group.epoch) return true;
  if (shard.holds < epoch || epoch >= shard.group.epoch) return false;
  return !shard.doubted || (!disk_is_old_ && now_.us >= believed_from_us_);
}

void Directory::handle(const overlay::NodeHandle& from, const Fetch& m) {
  Shard& shard = shards_[m.shard];
  Fetched answer;
  answer.shard = m.shard;
  answer.epoch = m.epoch;
  answer.fence = m.fence;
  answer.after = m.after;
  answer.begins = m.begins;
  const auto known = lives_.find(from.id);
  const bool known_boot = known != lives_.end() && known->second.boot == m.life.boot;
  answer.known_life = known == lives_.end() || known_boot ? 0 : known->second.number;
  const bool transfer = m.fence.none();
  if (m.epoch > shard.group.epoch || !shard.group.known()) {
    answer.verdict = Verdict::NoVote;
  } else if (m.epoch < shard.group.epoch && !transfer) {
    answer.verdict = Verdict::Moved;
    send(from, Offer{m.shard, shard.group});
  } else if (transfer ? !may_hand_over(shard, m.epoch) : !shard.votes()) {
    answer.verdict = Verdict::NoVote;
  } else {
    answer.verdict = Verdict::Ok;
    answer.promised = shard.highest_promise();
    if (!transfer && m.begins && m.fence != shard.fence) {
      if (m.fence <= answer.promised) {
        answer.verdict = Verdict::Rejected;
      } else {
        shard.fence = m.fence;
        store_shard(m.shard);
      }
    }
  }
  const std::uint64_t newest = known == lives_.end() ? 0 : known->second.number;
  if (shard.group.contains(from.id) && m.life.number > newest) store_life(from.id, m.life);
  if (answer.verdict == Verdict::Ok) fill(answer, shard, m.after);
  reply(from, std::move(answer));
}

void Directory::fill(Fetched& answer, const Shard& shard, const std::string& after) const {
  std::size_t bytes = 0;
  auto next = answer.begins ? shard.registers.begin() : shard.registers.upper_bound(after);
  for (; next != shard.registers.end() && bytes < limits::kTransferBytes; ++next) {
    const auto& [name, one] = *next;
    if (one.accepted.none()) continue;
    answer.held.push_back({name, one.accepted, one.record});
    bytes += name.size() + one.record.value.size() + 64;
  }
  answer.last = next == shard.registers.end();
}

}  // namespace dart::directory
