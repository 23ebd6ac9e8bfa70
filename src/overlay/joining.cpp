#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

constexpr std::size_t kCandidates = 64;
constexpr std::size_t kFirstProbes = 7;
constexpr std::size_t kNearProbes = 3;
constexpr std::uint8_t kRounds = 4;
/// Rows that a new member asks its nearest peers for at once: there is much to choose from.
constexpr unsigned kRefinedRows = 2;
constexpr std::size_t kRowsAsked = 3;
constexpr std::uint8_t kAttempts = 10;
constexpr std::size_t kSeedsAtOnce = 16;
constexpr std::uint8_t kRefusals = 4;
/// Times that the measured ways are gone through to find the own coordinate.
constexpr int kPlacingRounds = 12;

}  // namespace

void OverlayNode::on(Join& input) {
  if (phase_ != Phase::Idle && phase_ != Phase::Joining) return;
  phase_ = Phase::Joining;
  join_ = std::make_unique<JoinState>();
  std::erase_if(input.seeds, [&](const NodeHandle& seed) { return seed.same_life(self_); });
  join_->seeds = std::move(input.seeds);
  start_join();
}

void OverlayNode::start_join() {
  JoinState& it = *join_;
  if (it.seeds.empty() || it.attempts >= kAttempts) {
    fail_join(JoinFailure::Unanswered);
    return;
  }
  it.candidates.clear();
  it.step = JoinStep::AskSeed;
  it.rounds = 0;
  it.waiting = 0;
  it.best_rtt_us = 0;
  // One first, then more at once: who gives up makes a ring of its own, so all that may be there are asked.
  const std::size_t count =
      std::min<std::size_t>({std::size_t{1} << it.attempts, kSeedsAtOnce, it.seeds.size()});
  it.asked = count == 1 ? it.seeds[it.next_seed % it.seeds.size()] : NodeHandle{};
  for (std::size_t i = 0; i < count; ++i) {
    send(it.seeds[it.next_seed++ % it.seeds.size()],
         ContactsRequest{ContactsKind::Nearby, 0, stamp(), coordinate_});
  }
  ++it.attempts;
  deadlines_.set(Timer::Join, now_ + config_.join_step);
}

void OverlayNode::fail_join(JoinFailure reason) {
  join_.reset();
  deadlines_.clear_all();
  phase_ = reason == JoinFailure::DuplicateId ? Phase::Gone : Phase::Idle;
  out_->emplace_back(JoinFailed{reason});
}

void OverlayNode::run_join() {
  if (!join_) return;
  switch (join_->step) {
    case JoinStep::AskSeed:
      start_join();
      break;
    case JoinStep::Measure:
      measured_enough();
      break;
    case JoinStep::AskNear:
      ask_to_join();
      break;
    case JoinStep::Request:
      start_join();
      break;
    case JoinStep::Settle:
      // The neighbours are slow to grant: what is known here may be wrong or out of date.
      announce_to_leaves();
      for (const Side side : kSides) {
        const PeerIndex index = leaves_.adjacent(side);
        if (index == kNoPeer) continue;
        send(peers_[index].handle, ContactsRequest{ContactsKind::Leaves, 0, stamp(), coordinate_});
      }
      deadlines_.set(Timer::Join, now_ + config_.join_step);
      break;
  }
}

void OverlayNode::add_candidate(const Contact& contact) {
  if (contact.node.id == self_.id || contact.node.id.is_zero()) return;
  auto& all = join_->candidates;
  const bool known = std::any_of(all.begin(), all.end(), [&](const JoinCandidate& one) {
    return one.contact.node.id == contact.node.id;
  });
  if (!known && all.size() < kCandidates) all.push_back({contact});
}

void OverlayNode::handle(const NodeHandle& from, ContactsReply& m) {
  if (phase_ == Phase::Joining) {
    join_reply(from, m);
    return;
  }
  if (!member()) return;
  if (m.stamp != 0 && m.stamp <= stamp()) {
    const std::int64_t rtt = now_.us - static_cast<std::int64_t>(m.stamp);
    if (rtt < 10'000'000) measured(from, m.coordinate, rtt);
  }
  if (m.kind == ContactsKind::Leaves) doubt_leaves(from, m.contacts);
  consider(m.contacts);
}

void OverlayNode::join_reply(const NodeHandle& from, ContactsReply& m) {
  JoinState& it = *join_;
  if (m.kind == ContactsKind::JoinRows || m.kind == ContactsKind::Row) {
    consider({Contact{from, m.coordinate}});
    consider(m.contacts);
  } else if (m.kind == ContactsKind::JoinLeaves && it.step == JoinStep::Request) {
    consider({Contact{from, m.coordinate}});
    consider(m.contacts);
    become_member();
  } else if (m.kind == ContactsKind::Nearby &&
             (it.step == JoinStep::AskSeed || it.step == JoinStep::AskNear)) {
    if (it.step == JoinStep::AskSeed && (!it.asked.id.is_zero() && it.asked.id != from.id)) return;
    add_candidate({from, m.coordinate});
    for (const Contact& contact : m.contacts) add_candidate(contact);
    if (m.stamp != 0 && m.stamp <= stamp()) {
      join_measured(from, m.coordinate, now_.us - static_cast<std::int64_t>(m.stamp));
    }
    measure_candidates();
  }
}

void OverlayNode::join_measured(const NodeHandle& from, const Coordinate& coordinate, std::int64_t rtt_us) {
  if (!join_ || rtt_us > 10'000'000) return;
  JoinState& it = *join_;
  for (JoinCandidate& one : it.candidates) {
    if (one.contact.node.id != from.id || one.rtt_us != 0) continue;
    one.contact = {from, coordinate};
    one.probed = true;
    one.rtt_us = static_cast<std::uint32_t>(std::max<std::int64_t>(rtt_us, 1));
    if (it.step == JoinStep::Measure && it.waiting > 0 && --it.waiting == 0) measured_enough();
    return;
  }
}

void OverlayNode::measure_candidates() {
  JoinState& it = *join_;
  it.step = JoinStep::Measure;
  place_oneself();
  std::vector<JoinCandidate*> open;
  for (JoinCandidate& one : it.candidates) {
    if (!one.probed) open.push_back(&one);
  }
  std::size_t count = kFirstProbes;
  if (it.rounds == 0) {
    // Nothing is known yet: take them from all over the list.
    const std::size_t stride = std::max<std::size_t>(1, open.size() / kFirstProbes);
    std::vector<JoinCandidate*> spread;
    for (std::size_t i = 0; i < open.size(); i += stride) spread.push_back(open[i]);
    open = std::move(spread);
  } else {
    const auto way = [&](const JoinCandidate* one) {
      return coordinate_.round_trip(one->contact.coordinate).us;
    };
    std::stable_sort(open.begin(), open.end(),
                     [&](const JoinCandidate* a, const JoinCandidate* b) { return way(a) < way(b); });
    count = kNearProbes;
  }
  it.waiting = 0;
  for (JoinCandidate* one : open) {
    if (it.waiting == count) break;
    one->probed = true;
    ++it.waiting;
    send(one->contact.node, Probe{stamp(), false, coordinate_});
  }
  deadlines_.set(Timer::Join, now_ + Duration{config_.join_step.us / 2});
  if (it.waiting == 0) measured_enough();
}

void OverlayNode::place_oneself() {
  for (int round = 0; round < kPlacingRounds; ++round) {
    for (const JoinCandidate& one : join_->candidates) {
      if (one.rtt_us != 0 && one.contact.coordinate.known()) {
        coordinate_.observe(one.contact.coordinate, {one.rtt_us}, random_);
      }
    }
  }
}

void OverlayNode::measured_enough() {
  JoinState& it = *join_;
  JoinCandidate* best = nullptr;
  for (JoinCandidate& one : it.candidates) {
    if (one.rtt_us != 0 && (best == nullptr || one.rtt_us < best->rtt_us)) best = &one;
  }
  if (best == nullptr) {
    start_join();
    return;
  }
  const bool better =
      it.best_rtt_us == 0 || std::uint64_t{best->rtt_us} * 10 < std::uint64_t{it.best_rtt_us} * 9;
  it.best_rtt_us = best->rtt_us;
  it.asked = best->contact.node;
  if (best->asked || !better || it.rounds >= kRounds) {
    ask_to_join();
    return;
  }
  best->asked = true;
  ++it.rounds;
  it.step = JoinStep::AskNear;
  send(it.asked, ContactsRequest{ContactsKind::Nearby, 0, stamp(), coordinate_});
  deadlines_.set(Timer::Join, now_ + Duration{config_.join_step.us / 2});
}

void OverlayNode::ask_to_join() {
  JoinState& it = *join_;
  place_oneself();
  it.step = JoinStep::Request;
  send(it.asked, JoinRequest{own_contact(), 0, 0});
  deadlines_.set(Timer::Join, now_ + config_.join_step);
}

void OverlayNode::become_member() {
  JoinState& it = *join_;
  for (const JoinCandidate& one : it.candidates) {
    if (one.rtt_us == 0) continue;
    consider({one.contact});
    const PeerIndex index = peers_.find(one.contact.node.id);
    if (index != kNoPeer) peers_[index].rtt_us = one.rtt_us;
  }
  phase_ = Phase::Member;
  it.step = JoinStep::Settle;
  it.candidates.clear();
  start_timers();
  deadlines_.set(Timer::Join, now_ + Duration{2 * config_.join_step.us});
  for (const Side side : kSides) adjacency(side).since_us = now_.us;
  send_heartbeats();
  // Everybody who may want this node: the leaf set, and those that might find it nearer than what they have.
  for (const Contact& leaf : leaves(true, true)) {
    const bool adjacent =
        leaf.node.id == adjacency(Side::Left).who || leaf.node.id == adjacency(Side::Right).who;
    if (!adjacent) send(leaf.node, Announce{coordinate_});
  }
  for (std::size_t row = 0; row < table_.rows(); ++row) {
    for (const auto& slot : table_.row(row)) {
      if (slot.best != kNoPeer && !leaves_.contains(slot.best))
        send(peers_[slot.best].handle, Announce{coordinate_});
    }
  }
  for (unsigned row = 0; row < std::min<std::size_t>(kRefinedRows, table_.rows()); ++row)
    request_row(row, kRowsAsked);
}

void OverlayNode::handle(const NodeHandle& from, const ContactsRequest& m) {
  if (!joined_) {
    if (m.kind == ContactsKind::Nearby) send(from, JoinRefused{RefusalReason::NotReady, 0});
    return;
  }
  if (m.kind == ContactsKind::Row) consider({Contact{from, m.coordinate}});
  ContactsReply reply{m.kind, m.row, m.stamp, coordinate_, {}};
  if (m.kind == ContactsKind::Nearby) {
    reply.contacts = nearby_contacts(m.coordinate);
  } else if (m.kind == ContactsKind::Row) {
    reply.contacts = row_contacts(m.row);
  } else if (m.kind == ContactsKind::Leaves) {
    reply.contacts = leaves(true, true);
  } else {
    return;
  }
  send(from, std::move(reply));
}

void OverlayNode::handle(const NodeHandle& /*from*/, const JoinRequest& m) {
  const NodeHandle& joiner = m.joiner.node;
  if (joiner.same_life(self_) || joiner.id.is_zero()) return;
  if (joiner.id == self_.id) {
    if (member()) send(joiner, JoinRefused{RefusalReason::DuplicateId, self_.incarnation});
    return;
  }
  if (!joined_ || m.hops >= limits::kHops) {
    send(joiner, JoinRefused{RefusalReason::NotReady, 0});
    return;
  }
  const unsigned shared = self_.id.shared_digits(joiner.id);
  ContactsReply rows{ContactsKind::JoinRows, m.next_row, 0, coordinate_, {}};
  for (unsigned row = m.next_row; row <= shared && row < table_.rows(); ++row) {
    for (const Contact& contact : row_contacts(row)) {
      if (rows.contacts.size() < limits::kContacts) rows.contacts.push_back(contact);
    }
  }
  const PeerIndex next = next_peer(joiner.id, nullptr, &joiner.id);
  // The root's leaf set follows at once and says the same of a ring that needs no rows.
  if (!rows.contacts.empty()) send(joiner, std::move(rows));
  if (next == kNoPeer) {
    admit(m.joiner);
    return;
  }
  JoinRequest on_it_goes = m;
  ++on_it_goes.hops;
  on_it_goes.next_row = static_cast<std::uint8_t>(std::max<unsigned>(m.next_row, shared + 1));
  send(peers_[next].handle, on_it_goes);
}

void OverlayNode::admit(const Contact& joiner) {
  const PeerIndex known = peers_.find(joiner.node.id);
  if (known != kNoPeer && !peers_[known].handle.same_life(joiner.node)) {
    Check check;
    check.target = peers_[known].handle;
    check.purpose = CheckFor::Twin;
    check.joiner = joiner;
    start_check(check);
    return;
  }
  const Lost* lost = find_lost(joiner.node.id);
  if (lost != nullptr && !lost->node.same_life(joiner.node) &&
      lost->node.incarnation >= joiner.node.incarnation) {
    send(joiner.node, JoinRefused{RefusalReason::OldIncarnation, lost->node.incarnation});
    return;
  }
  send(joiner.node, ContactsReply{ContactsKind::JoinLeaves, 0, 0, coordinate_, leaves(true, true)});
}

void OverlayNode::handle(const NodeHandle& /*from*/, const JoinRefused& m) {
  if (phase_ != Phase::Joining || !join_) return;
  JoinState& it = *join_;
  if (m.reason == RefusalReason::OldIncarnation) {
    if (m.incarnation < self_.incarnation) return;
    raise_incarnation(m.incarnation);
    if (it.step == JoinStep::Request) ask_to_join();
    return;
  }
  if (m.reason == RefusalReason::DuplicateId) {
    if (++it.refusals >= kRefusals) {
      fail_join(JoinFailure::DuplicateId);
      return;
    }
  }
  // Not now: once more from the start, after a wait.
  if (it.step != JoinStep::Measure) {
    it.step = JoinStep::AskSeed;
    deadlines_.set(Timer::Join, now_ + Duration{config_.join_step.us / 2});
  }
}

}  // namespace dart::overlay
