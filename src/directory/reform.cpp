// What an operator orders when the majority of a group is lost for good (DESIGN.md, `dart ring reform`).

#include <algorithm>

#include "directory/directory.hpp"
#include "directory/message_codec.hpp"

namespace dart::directory {

namespace {

/// Until it is decided who is left: longer than a restarted member needs to believe its disk.
constexpr std::int64_t kListenUs = 4'000'000;
/// Then those who are left have so long to hand over what they have.
constexpr std::int64_t kHandOverUs = 10'000'000;
constexpr std::int64_t kAskAgainUs = 5'000'000;
constexpr std::int64_t kPatienceUs = 30'000'000;
/// Whatever the lost members decide among themselves, should they live after all, stays far below.
constexpr std::uint64_t kEpochs = std::uint64_t{1} << 20;

}  // namespace

void Directory::on(const Reform& input) {
  if (own_reform_) {
    out_->emplace_back(Reformed{input.tag, true, {}});
    return;
  }
  own_reform_ = OwnReform{};
  own_reform_->tag = input.tag;
  own_reform_->request = RequestId::draw(random_);
  own_reform_->again_us = now_.us;
  own_reform_->deadline_us = now_.us + kPatienceUs;
  run_own_reform();
}

void Directory::run_own_reform() {
  if (!own_reform_) return;
  OwnReform& reform = *own_reform_;
  const bool all = std::all_of(reform.results.begin(), reform.results.end(),
                               [](const auto& result) { return result.has_value(); });
  if (all || reform.deadline_us <= now_.us) {
    Reformed done{reform.tag, false, {}};
    for (const auto& result : reform.results) ++done.shards[result ? static_cast<std::size_t>(*result) : 0];
    own_reform_.reset();
    out_->emplace_back(done);
    return;
  }
  if (reform.again_us <= now_.us) {
    reform.again_us = now_.us + kAskAgainUs;
    for (ShardNumber number = 0; number < limits::kShards; ++number) {
      if (reform.results[number]) continue;
      out_->emplace_back(RouteTo{centre_of(number), encode(ReformShard{reform.request, number})});
    }
  }
  deadlines_.set_earlier(Timer::Clients, {std::min(reform.again_us, reform.deadline_us)});
}

void Directory::handle(const overlay::NodeHandle&, const ShardReformed& m) {
  if (!own_reform_ || own_reform_->request != m.request) return;
  own_reform_->results[m.shard] = m.result;
  run_own_reform();
}

void Directory::handle(const overlay::NodeHandle& from, const ReformShard& m) {
  if (!is_root(m.shard)) return;  // the one that is now will hear of it when it is asked again
  const auto [found, is_new] = rescues_.try_emplace(m.shard);
  Rescue& rescue = found->second;
  rescue.asked = m;
  rescue.client = from;
  if (!is_new) return;
  rescue.decide_us = now_.us + kListenUs;
  rescue.deadline_us = rescue.decide_us + kHandOverUs;
  const Group& group = shards_[m.shard].group;
  // Whoever knows a newer group answers with it; a root of a large ring may know none at all.
  for (const auto& near : ring_->replica_set(centre_of(m.shard), overlay::limits::kLeafSide * 2)) {
    if (near.id != id_) send(near, Offer{m.shard, group});
  }
  for (const auto& member : group.members) {
    if (member.id != id_) send(member, Offer{m.shard, group});
  }
  deadlines_.set_earlier(Timer::Rounds, {rescue.decide_us});
}

void Directory::run_rescues() {
  for (auto at = rescues_.begin(); at != rescues_.end();) {
    auto& [number, rescue] = *at;
    if (!rescue.proposed && rescue.decide_us <= now_.us) decide_rescue(number, rescue);
    Reforming result = Reforming::Failed;
    if (!rescue.proposed && rescue.decide_us <= now_.us) {
      result = Reforming::Healthy;
    } else if (rescue.proposed && shards_[number].votes()) {
      result = rescue.empty ? Reforming::Empty : Reforming::Survived;
    } else if (rescue.deadline_us > now_.us) {
      ++at;
      continue;
    }
    reply(rescue.client, ShardReformed{rescue.asked.request, number, result});
    at = rescues_.erase(at);
  }
}

void Directory::decide_rescue(ShardNumber number, Rescue& rescue) {
  const Group& group = shards_[number].group;
  if (shards_[number].votes()) rescue.heard[id_] = true;
  const auto voting = static_cast<std::size_t>(
      std::count_if(group.members.begin(), group.members.end(), [&](const auto& member) {
        const auto heard = rescue.heard.find(member.id);
        return heard != rescue.heard.end() && heard->second;
      }));
  if (group.known() && voting >= group.majority()) return;
  Group next{group.epoch + kEpochs, {self_}, {}, true};
  for (const auto* nodes : {&group.members, &group.previous}) {
    for (const auto& node : *nodes) {
      const bool lives = node.id != id_ && rescue.heard.contains(node.id);
      if (lives && !Group::holds(next.previous, node.id)) next.previous.push_back(node);
    }
  }
  rescue.empty = next.previous.empty() && !group.contains(id_) && shards_[number].registers.empty();
  if (next.previous.size() > limits::kGroup) next.previous.resize(limits::kGroup);
  rescue.proposed = true;
  ++counters_.reformed;
  adopt(number, next);
}

}  // namespace dart::directory
