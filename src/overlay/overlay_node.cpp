#include "overlay/overlay_node.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace dart::overlay {

OverlayNode::OverlayNode(const Config& config, const NodeHandle& self, Random random)
    : config_(config), self_(self), random_(random), table_(self.id), leaves_(self.id) {
  DART_CHECK(!self.id.is_zero());
}

void OverlayNode::step(TimePoint now, Input&& input, std::vector<Action>& out) {
  now_ = std::max(now, now_);
  out_ = &out;
  if (phase_ != Phase::Gone) {
    note_lag();
    std::visit([this](auto& one) { on(one); }, input);
    while (phase_ != Phase::Gone) {
      const auto due = deadlines_.take_due(now_);
      if (!due) break;
      run_timer(*due);
    }
    if (neighbours_changed_) out.emplace_back(NeighboursChanged{});
    neighbours_changed_ = false;
  }
  out_ = nullptr;
}

void OverlayNode::note_lag() {
  const auto due = deadlines_.next();
  if (!due || now_ - *due <= config_.lag_limit) return;
  // What others sent meanwhile may still wait in a queue of ours: their silence means nothing.
  ++counters_.lags;
  accuse_after_ = now_.us + config_.suspect_after.us;
  suspicions_.clear();
  checks_.clear();
  for (Lost& lost : lost_) lost.untold_us = 0;
  for (const Side side : kSides) {
    const PeerIndex index = leaves_.adjacent(side);
    if (index != kNoPeer) peers_[index].heard_us = now_.us;
  }
  for (PendingHop& hop : hops_) hop.due_us = std::max(hop.due_us, now_.us + config_.least_hop_wait.us);
}

void OverlayNode::run_timer(Timer timer) {
  switch (timer) {
    case Timer::Heartbeat:
      deadlines_.set(Timer::Heartbeat, now_ + config_.heartbeat);
      send_heartbeats();
      check_adjacents();
      break;
    case Timer::Probe:
      deadlines_.set(Timer::Probe, now_ + config_.probe);
      probe_a_leaf();
      break;
    case Timer::Rows:
      deadlines_.set(Timer::Rows, now_ + config_.row_refresh);
      refresh_row();
      give_back_memory();
      if (joined_ && !remembered_) remember(false);
      break;
    case Timer::Rediscover:
      deadlines_.set(Timer::Rediscover, now_ + config_.rediscover);
      rediscover();
      break;
    case Timer::Join:
      run_join();
      break;
    case Timer::Suspicions:
      check_adjacents();
      run_suspicions();
      break;
    case Timer::Checks:
      run_checks();
      break;
    case Timer::Hops:
      run_hops();
      break;
    case Timer::Requests:
      run_requests();
      break;
    case Timer::Held:
      run_held();
      break;
  }
}

void OverlayNode::start_timers() {
  const auto within = [this](Duration period) {
    return now_ +
           Duration{1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(period.us)))};
  };
  deadlines_.set(Timer::Heartbeat, within(config_.heartbeat));
  deadlines_.set(Timer::Probe, within(config_.probe));
  deadlines_.set(Timer::Rows, within(config_.row_refresh));
  deadlines_.set(Timer::Rediscover, within(config_.rediscover));
}

void OverlayNode::remember(bool disk_was_old) {
  Remember action;
  action.incarnation = self_.incarnation;
  action.disk_was_old = disk_was_old;
  for (const Contact& leaf : leaves(true, true)) action.peers.push_back(leaf.node);
  for (PeerIndex i = 0; i < peers_.end() && action.peers.size() < limits::kRemembered; ++i) {
    if (peers_[i].uses > 0 && !leaves_.contains(i)) action.peers.push_back(peers_[i].handle);
  }
  remembered_ = true;
  out_->emplace_back(std::move(action));
}

void OverlayNode::on(const Tick& /*tick*/) {}

void OverlayNode::on(Received& input) {
  if (!accept_life(input)) return;
  const NodeHandle& from = input.from;
  std::visit([&](auto& message) { handle(from, message); }, input.message);
}

void OverlayNode::on(Unreachable& input) {
  const NodeId& id = input.peer.id;
  // Once admitted there is nobody else to turn to: what is repeated then would be refused at once, and again.
  if (join_ && join_->step != JoinStep::Settle && join_->asked == input.peer)
    deadlines_.set_earlier(Timer::Join, now_);
  for (PendingHop& hop : hops_) {
    if (hop.to == id) hop.due_us = now_.us;
  }
  if (!hops_.empty()) deadlines_.set_earlier(Timer::Hops, now_);
  if (input.refused) {
    for (Check& check : checks_) {
      if (!check.target.same_life(input.peer)) continue;
      check.due_us = now_.us;
      check.tries = 255;
      deadlines_.set_earlier(Timer::Checks, now_);
    }
  }
  const PeerIndex index = peers_.find(id);
  if (index == kNoPeer || !peers_[index].handle.same_life(input.peer)) return;
  if (!leaves_.contains(index)) {
    if (input.refused) drop_from_table(index);
  } else if (member() && input.refused && now_.us >= accuse_after_) {
    suspect(input.peer, true);
  }
}

void OverlayNode::on(Bootstrap& input) {
  if (phase_ != Phase::Idle) return;
  for (const NodeHandle& node : input.remembered) {
    if (node.id != self_.id && !node.id.is_zero()) add_lost({node, true, false});
  }
  phase_ = Phase::Member;
  joined_ = true;
  start_timers();
  out_->emplace_back(Joined{});
}

void OverlayNode::on(const Leave& /*command*/) {
  if (member()) {
    const auto around = leaves(true, true);
    for (const Contact& leaf : around) send(leaf.node, Leaving{around});
  }
  stop(false);
}

void OverlayNode::on(SendDirect& input) {
  if (input.payload.size() > limits::kPayloadBytes) {
    ++counters_.dropped_full;
    return;
  }
  if (input.to.same_life(self_)) {
    out_->emplace_back(DeliverDirect{self_, input.service, std::move(input.payload)});
    return;
  }
  send(input.to, Direct{input.service, std::move(input.payload)});
}

void OverlayNode::on(SetBadge& input) {
  if (input.badge.size() > limits::kBadgeBytes) {
    ++counters_.dropped_full;
    return;
  }
  badge_ = std::move(input.badge);
}

void OverlayNode::send(const NodeHandle& to, Message message) {
  ++counters_.sent[message.index()];
  out_->emplace_back(Send{to, std::move(message)});
}

void OverlayNode::stop(bool stepped_down) {
  phase_ = Phase::Gone;
  joined_ = false;
  deadlines_.clear_all();
  hops_.clear();
  requests_.clear();
  held_.clear();
  suspicions_.clear();
  checks_.clear();
  join_.reset();
  if (stepped_down) out_->emplace_back(SteppedDown{});
}

View OverlayNode::view() const {
  View view;
  view.self = self_;
  view.phase = phase_;
  view.joined = joined_;
  view.ready = ready(now_);
  view.coordinate = coordinate_;
  view.feature_level = lowest_level_;
  view.left = leaves(true, false);
  view.right = leaves(false, true);
  view.table_rows = static_cast<std::uint32_t>(table_.rows());
  for (std::size_t row = 0; row < table_.rows(); ++row) {
    for (const auto& slot : table_.row(row)) {
      for (const PeerIndex index : {slot.best, slot.spare}) {
        if (index != kNoPeer) view.table.push_back(contact_of(index));
      }
    }
  }
  for (const Lost& lost : lost_) view.lost.push_back(lost.node);
  view.state_bytes = state_bytes();
  view.counters = counters_;
  return view;
}

std::size_t OverlayNode::state_bytes() const {
  return sizeof *this + peers_.bytes() + table_.bytes() + suspicions_.capacity() * sizeof(Suspicion) +
         checks_.capacity() * sizeof(Check) + lost_.capacity() * sizeof(Lost) +
         hops_.capacity() * sizeof(PendingHop) + requests_.capacity() * sizeof(Request) +
         held_.capacity() * sizeof(Held) + delivered_.capacity() * sizeof(std::uint64_t);
}

void OverlayNode::check_invariants() const {
  peers_.check_invariants();
  leaves_.check_invariants(peers_);
  table_.check_invariants(peers_);
  DART_CHECK(lost_.size() <= limits::kLost && suspicions_.size() <= limits::kSuspicions);
  DART_CHECK(hops_.size() <= limits::kPendingHops && held_.size() <= limits::kHeld);
  DART_CHECK(requests_.size() <= limits::kRequests && checks_.size() <= limits::kSuspicions);
  std::vector<std::uint32_t> uses(peers_.end(), 0);
  for (const Side side : kSides) {
    for (std::size_t i = 0; i < leaves_.size(side); ++i) ++uses[leaves_.at(side, i)];
    const PeerIndex near = leaves_.adjacent(side);
    DART_CHECK(adjacency(side).who == (near == kNoPeer ? NodeId{} : peers_[near].handle.id));
  }
  for (std::size_t row = 0; row < table_.rows(); ++row) {
    for (const auto& slot : table_.row(row)) {
      if (slot.best != kNoPeer) ++uses[slot.best];
      if (slot.spare != kNoPeer) ++uses[slot.spare];
    }
  }
  for (PeerIndex i = 0; i < peers_.end(); ++i) DART_CHECK(peers_[i].uses == uses[i]);
  DART_CHECK(!joined_ || member());
  DART_CHECK(phase_ != Phase::Gone || !deadlines_.next());
}

}  // namespace dart::overlay
