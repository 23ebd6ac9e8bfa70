#include "directory/directory.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "directory/message_codec.hpp"

namespace dart::directory {

namespace {

/// Keys on disk: 'l' id, 's' shard, 'r' shard name.
std::string shard_key(char kind, ShardNumber number) {
  return {kind, static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}
constexpr std::size_t kShardKey = 3;

std::optional<ShardNumber> shard_in(const std::string& key) {
  if (key.size() < kShardKey) return std::nullopt;
  const auto tens = static_cast<unsigned>(key[1] - '0');
  const auto ones = static_cast<unsigned>(key[2] - '0');
  const ShardNumber number = tens * 10 + ones;
  if (tens > 9 || ones > 9 || number >= limits::kShards) return std::nullopt;
  return number;
}

}  // namespace

Directory::Directory(const Config& config, const overlay::NodeHandle& self, Random random)
    : config_(config), self_(any_life_of(self)), id_(self.id), random_(random), boot_(random_.next()) {}

void Directory::start(TimePoint now, const Disk& disk, bool founds, std::vector<Action>& out) {
  now_ = now;
  out_ = &out;
  for (const auto& [key, value] : disk.entries) {
    if (key.empty()) continue;
    if (key.front() == 'l') {
      if (const auto stored = decode_life(value)) lives_[stored->node] = stored->life;
      continue;
    }
    const auto number = shard_in(key);
    if (!number) continue;
    Shard& shard = shards_[*number];
    if (key.front() == 's') {
      if (auto stored = decode_shard(value)) {
        shard.group = std::move(stored->group);
        shard.holds = stored->holds;
        shard.fence = stored->fence;
      }
    } else if (auto stored = decode_register(value)) {
      shard.registers[key.substr(kShardKey)] = {stored->promised, stored->accepted,
                                                std::move(stored->record)};
    }
  }
  if (!disk.entries.empty()) believed_from_us_ = now.us + config_.believe_after.us;
  store_life(id_, {lives_[id_].number + 1, boot_});
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    Shard& shard = shards_[number];
    if (disk.copied && shard.holds != 0 && shard.group.members.size() > 1) {
      shard.holds = 0;  // to be learnt from the others
      store_shard(number);
    }
    if (!shard.group.known() && founds) {
      shard.group = Group{1, {self_}, {}};
      shard.holds = 1;
      store_shard(number);
    } else if (shard.group.contains(id_)) {
      const bool believes = shard.votes();
      shard.doubted = shard.holds != 0;
      start_catch_up(number, believes, shard.holds + 1 == shard.group.epoch);
    } else {
      shard.doubted = shard.holds != 0;
    }
  }
  if (!disk.entries.empty()) deadlines_.set_earlier(Timer::Groups, now + config_.look_after);
  finish_step();
}

void Directory::step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out) {
  now_ = now;
  ring_ = &ring;
  out_ = &out;
  std::visit([this](auto& i) { on(i); }, input);
  run_timers();
  finish_step();
}

void Directory::run_timers() {
  while (const auto due = deadlines_.take_due(now_)) {
    switch (*due) {
      case Timer::Rounds:
        run_rounds();
        break;
      case Timer::Groups:
        look_after_groups();
        break;
      case Timer::CatchUps:
        run_catch_ups();
        break;
      case Timer::Clients:
        run_clients();
        break;
    }
  }
}

void Directory::finish_step() {
  while (true) {
    if (!writes_.empty()) {
      out_->emplace_back(Persist{++issued_, std::move(writes_)});
      writes_.clear();
    }
    while (!unsent_.empty() && unsent_.front().token <= persisted_) {
      Unsent ready = std::move(unsent_.front());
      unsent_.pop_front();
      send(ready.to, std::move(ready.message));
    }
    if (to_self_.empty()) return;
    auto [from, message] = std::move(to_self_.front());
    to_self_.pop_front();
    dispatch(from, message);
  }
}

void Directory::send(const overlay::NodeHandle& to, Message message) {
  ++counters_.sent[message.index()];
  if (to.id == id_) {
    to_self_.emplace_back(self_, std::move(message));
    return;
  }
  overlay::NodeHandle where = to;
  if (to.nonce == 0) {
    // A group names its members as they were when it was made; a node may have moved since.
    const auto heard = heard_.find(to.id);
    const auto seen = ring_ == nullptr ? std::nullopt : ring_->next_hop(to.id);
    if (seen && seen->id == to.id) {
      where.endpoints = seen->endpoints;
    } else if (heard != heard_.end()) {
      where.endpoints = heard->second.endpoints;
    }
  }
  out_->emplace_back(Tell{where, encode(message)});
}

void Directory::reply(const overlay::NodeHandle& to, Message message) {
  // What this step writes gets the next token.
  unsent_.push_back({writes_.empty() ? issued_ : issued_ + 1, to, std::move(message)});
}

void Directory::store_shard(ShardNumber number) {
  const Shard& shard = shards_[number];
  writes_.push_back({shard_key('s', number), encode(StoredShard{shard.group, shard.holds, shard.fence})});
}

void Directory::store_register(ShardNumber number, const std::string& name) {
  const auto& registers = shards_[number].registers;
  const auto found = registers.find(name);
  const std::string key = shard_key('r', number) + name;
  if (found == registers.end()) {
    writes_.push_back({key, std::nullopt});
  } else {
    const Register& one = found->second;
    writes_.push_back({key, encode(StoredRegister{one.promised, one.accepted, one.record})});
  }
}

void Directory::store_life(const NodeId& node, const Life& life) {
  lives_[node] = life;
  writes_.push_back({"l" + node.text(), encode(StoredLife{node, life})});
}

Ballot Directory::new_ballot(const Ballot& above) {
  highest_round_ = std::max(highest_round_, above.round) + 1;
  return {highest_round_, boot_};
}

bool Directory::is_root(ShardNumber number) const {
  return ring_->ready(now_) && !ring_->next_hop(centre_of(number));
}

void Directory::on(Heard& input) {
  auto message = decode(input.payload);
  if (!message) {
    ++counters_.malformed;
    return;
  }
  const bool of_member = !std::holds_alternative<Ask>(*message) && !std::holds_alternative<Answer>(*message);
  if (of_member) {
    if (heard_.size() >= limits::kHeard && !heard_.contains(input.from.id)) heard_.erase(heard_.begin());
    heard_[input.from.id] = input.from;
  }
  dispatch(input.from, *message);
}

void Directory::on(Reached& input) {
  const auto message = decode(input.payload);
  if (message && std::holds_alternative<Locate>(*message)) {
    handle(input.origin, std::get<Locate>(*message));
  } else if (message && std::holds_alternative<ReformShard>(*message)) {
    handle(input.origin, std::get<ReformShard>(*message));
  } else {
    ++counters_.malformed;
  }
}

void Directory::on(const Neighbours&) { deadlines_.set_earlier(Timer::Groups, now_); }

void Directory::on(const Persisted& input) {
  persisted_ = std::max(persisted_, std::min(input.token, issued_));
  stored_bytes_ = input.bytes;
}

void Directory::dispatch(const overlay::NodeHandle& from, Message& message) {
  std::visit([&](auto& m) { handle(from, m); }, message);
}

void Directory::check_invariants() const {
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    const Shard& shard = shards_[number];
    DART_CHECK(shard.holds <= shard.group.epoch);
    DART_CHECK(!shard.votes() || shard.group.contains(id_));
    DART_CHECK(!shard.votes() || shard.catch_up == nullptr);
    DART_CHECK(shard.registers.size() <= limits::kRecordsPerShard + 1);
    for (const auto& [name, one] : shard.registers) {
      DART_CHECK(one.accepted.none() == (one.record.version == 0));
      DART_CHECK(one.accepted <= shard.promised(&one));
    }
  }
  DART_CHECK(persisted_ <= issued_);
  for (const auto& [name, queue] : attempts_) DART_CHECK(!queue.empty());
}

}  // namespace dart::directory
