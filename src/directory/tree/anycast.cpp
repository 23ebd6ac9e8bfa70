#include <algorithm>

#include "directory/group.hpp"
#include "directory/tree/tree.hpp"

namespace dart::directory::tree {

namespace {

/// Sendings to the next node before it counts as gone.
constexpr std::uint8_t kTries = 3;

}  // namespace

void Tree::on(Anycast& input) {
  const std::uint64_t number = next_number_++;
  const CastId id = CastId::draw(random_);
  const Asked asked{Ask::Cast, input.tag, input.group, id, INT64_MAX, now_.us + config_.patience.us};
  if (input.payload.size() > limits::kPayloadBytes || !ask(number, asked)) {
    ++counters_.full_asked;
    out_->emplace_back(CastEnded{input.tag, CastOutcome::Unanswered, {}});
    return;
  }
  Walk walk{input.group, id, 0, any_life_of(self_), std::move(input.payload), {}};
  if (find(input.group) != nullptr) {
    enter(std::move(walk));
  } else {
    route(input.group, number, overlay::HopMode::Stepwise, false, walk);
  }
}

/// The walk meets the tree here.
void Tree::enter(Walk walk) {
  if (find(walk.group) == nullptr) {
    end_walk(walk, CastOutcome::Nobody);
    return;
  }
  walk.frames.assign(1, {any_life_of(self_), false, {}});
  go_on(std::move(walk));
}

void Tree::handle(const overlay::NodeHandle& from, Walk& m) {
  tell(from, WalkAck{m.step});
  const std::pair<NodeId, std::uint64_t> name{from.id, m.step};
  if (std::find(given_.begin(), given_.end(), name) != given_.end()) return;
  if (given_.size() < limits::kGiven) {
    given_.push_back(name);
  } else {
    given_[next_given_++ % limits::kGiven] = name;
  }
  if (m.frames.empty() || m.frames.back().node.id != self_.id) {
    ++counters_.malformed;
    return;
  }
  go_on(std::move(m));
}

void Tree::handle(const overlay::NodeHandle& from, const WalkAck& m) {
  const auto found = sent_walks_.find(m.step);
  if (found == sent_walks_.end() || found->second.walk.frames.back().node.id != from.id) return;
  sent_walks_.erase(found);
}

void Tree::handle(const overlay::NodeHandle& from, const WalkEnd& m) {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const auto& entry) {
    return entry.second.ask == Ask::Cast && entry.second.id == m.id;
  });
  if (found == asked_.end()) return;
  const NodeId by = m.outcome == CastOutcome::Taken ? from.id : NodeId{};
  out_->emplace_back(CastEnded{found->second.tag, m.outcome, by});
  asked_.erase(found);
}

void Tree::on(const AnswerOffer& input) {
  const auto found = offered_walks_.find(input.ticket);
  if (found == offered_walks_.end()) {
    out_->emplace_back(OfferGone{input.ticket});
    return;
  }
  Walk walk = std::move(found->second.walk);
  offered_walks_.erase(found);
  if (input.takes) {
    end_walk(walk, CastOutcome::Taken);
  } else {
    go_on(std::move(walk));
  }
}

/// The walk is here, and the last frame is this node's: the node itself, then its nearest children, then
/// back.
void Tree::go_on(Walk walk) {
  Frame& frame = walk.frames.back();
  Group* group = find(walk.group);
  if (group == nullptr) {
    turn_back(std::move(walk));
    return;
  }
  if (!frame.asked && group->member) {
    if (sent_walks_.size() + offered_walks_.size() >= limits::kWalks) {
      ++counters_.full_walks;
      turn_back(std::move(walk));
      return;
    }
    frame.asked = true;
    const std::uint64_t ticket = next_number_++;
    const std::int64_t due_us = now_.us + config_.answer.us;
    out_->emplace_back(Offered{ticket, walk.group, walk.id, walk.payload});
    offered_walks_[ticket] = {std::move(walk), due_us};
    deadlines_.set_earlier(Timer::Walks, {due_us});
    return;
  }
  frame.asked = true;
  const Child* best = nullptr;
  for (const Child& child : group->children) {
    const auto& visited = frame.visited;
    if (std::find(visited.begin(), visited.end(), child.node.id) != visited.end()) continue;
    if (best == nullptr || ring_->round_trip(child.coordinate) < ring_->round_trip(best->coordinate))
      best = &child;
  }
  const bool room = walk.frames.size() < limits::kFrames && frame.visited.size() < limits::kVisited;
  if (best != nullptr && room) {
    frame.visited.push_back(best->node.id);
    walk.frames.push_back({any_life_of(best->node), false, {}});
    send_walk(std::move(walk));
  } else if (walk.frames.size() > 1) {
    walk.frames.pop_back();
    send_walk(std::move(walk));
  } else {
    go_up(std::move(walk), *group);
  }
}

/// Everything below the node where the walk met the tree has been asked.
void Tree::go_up(Walk walk, const Group& group) {
  if (group.root) {
    end_walk(walk, CastOutcome::Nobody);
  } else if (!group.has_parent()) {
    end_walk(walk, CastOutcome::Unanswered);
  } else {
    walk.frames.assign(1, {any_life_of(group.parent), false, {self_.id}});
    send_walk(std::move(walk));
  }
}

/// To the node of the last frame.
void Tree::send_walk(Walk walk) {
  if (sent_walks_.size() + offered_walks_.size() >= limits::kWalks) {
    ++counters_.full_walks;
    end_walk(walk, CastOutcome::Unanswered);
    return;
  }
  walk.step = next_number_++;
  const std::int64_t due_us = now_.us + config_.hop.us;
  deadlines_.set_earlier(Timer::Walks, {due_us});
  tell(walk.frames.back().node, walk);
  const std::uint64_t step = walk.step;
  sent_walks_[step] = {std::move(walk), due_us, 1};
}

/// Nothing is to be had at the node of the last frame.
void Tree::turn_back(Walk walk) {
  walk.frames.pop_back();
  if (walk.frames.empty()) {
    end_walk(walk, CastOutcome::Unanswered);
  } else if (walk.frames.back().node.id == self_.id) {
    go_on(std::move(walk));
  } else {
    send_walk(std::move(walk));
  }
}

void Tree::end_walk(const Walk& walk, CastOutcome outcome) { tell(walk.origin, WalkEnd{walk.id, outcome}); }

void Tree::run_walks() {
  std::vector<Walk> refused;
  std::vector<Walk> unanswered;
  std::int64_t next_us = INT64_MAX;
  for (auto it = offered_walks_.begin(); it != offered_walks_.end();) {
    if (it->second.due_us > now_.us) {
      next_us = std::min(next_us, (it++)->second.due_us);
      continue;
    }
    refused.push_back(std::move(it->second.walk));
    it = offered_walks_.erase(it);
  }
  for (auto it = sent_walks_.begin(); it != sent_walks_.end();) {
    SentWalk& sent = it->second;
    if (sent.due_us <= now_.us && sent.tries >= kTries) {
      unanswered.push_back(std::move(sent.walk));
      it = sent_walks_.erase(it);
      continue;
    }
    if (sent.due_us <= now_.us) {
      sent.due_us = now_.us + (config_.hop.us << sent.tries++);
      tell(sent.walk.frames.back().node, sent.walk);
    }
    next_us = std::min(next_us, (it++)->second.due_us);
  }
  if (next_us != INT64_MAX) deadlines_.set_earlier(Timer::Walks, {next_us});
  for (Walk& walk : refused) go_on(std::move(walk));
  for (Walk& walk : unanswered) turn_back(std::move(walk));
}

}  // namespace dart::directory::tree
