#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

bool proves_member(const Message& message) {
  if (const auto* probe = std::get_if<Probe>(&message)) return probe->member;
  if (const auto* reply = std::get_if<ProbeReply>(&message)) return reply->member;
  return std::holds_alternative<Heartbeat>(message) || std::holds_alternative<Announce>(message);
}

/// What a newcomer says before it is a member. One that lost its disk looks like an earlier life of itself.
bool asks_to_come_in(const Message& message) {
  if (const auto* probe = std::get_if<Probe>(&message)) return !probe->member;
  if (const auto* request = std::get_if<ContactsRequest>(&message))
    return request->kind == ContactsKind::Nearby;
  return std::holds_alternative<JoinRequest>(message);
}

constexpr std::uint8_t kCheckTries = 2;

}  // namespace

bool OverlayNode::accept_life(const Received& input) {
  const NodeHandle& from = input.from;
  if (from.id.is_zero() || from.same_life(self_)) return false;
  if (from.id == self_.id) {
    on_twin(input);
    return false;
  }
  const bool as_member = proves_member(input.message);
  if (input.to_nonce != 0 && input.to_nonce != self_.nonce) {
    // Meant for a life of this id that is over: let the sender know who is here now.
    ++counters_.stale;
    if (member() && !std::holds_alternative<ProbeReply>(input.message)) {
      send(from, Probe{stamp(), true, coordinate_});
    }
    return false;
  }
  answer_checks(from);
  const PeerIndex index = peers_.find(from.id);
  if (index != kNoPeer && !peers_[index].handle.same_life(from)) {
    const NodeHandle known = peers_[index].handle;
    if (!from.replaces(known)) {
      ++counters_.stale;
      if (as_member) send(from, Stale{known});
      return asks_to_come_in(input.message);
    }
    // A later start of the same node is the death of the one before. One that only looks around is not
    // believed.
    if (as_member) bury(known, false, false);
  }
  if (Lost* lost = find_lost(from.id); lost != nullptr && !as_member && lost->node.same_life(from)) {
    // Dead it is not, even if it is no member: that is no news to tell any more.
    lost->untold_us = lost->buried_us = 0;
  } else if (lost != nullptr && as_member) {
    if (lost->node.same_life(from)) {
      if (lost->left) return false;
      revive(from);
    } else if (from.replaces(lost->node)) {
      lost_.erase(lost_.begin() + (lost - lost_.data()));
    } else {
      ++counters_.stale;
      send(from, Stale{lost->node});
      return false;
    }
  }
  heard(from, as_member && member());
  return true;
}

void OverlayNode::on_twin(const Received& input) {
  ++counters_.stale;
  const NodeHandle& twin = input.from;
  const auto* stale = std::get_if<Stale>(&input.message);
  const bool twin_is_member =
      proves_member(input.message) || (stale != nullptr && stale->current.same_life(twin));
  if (phase_ == Phase::Joining) {
    // The other one lives: this one, the later, does not start.
    if (twin_is_member || std::holds_alternative<JoinRefused>(input.message)) {
      handle(twin, JoinRefused{RefusalReason::DuplicateId, twin.incarnation});
    }
  } else if (member() && !twin_is_member) {
    // A later start looks around while this one lives: a copy of the disk, or of the key.
    send(twin, JoinRefused{RefusalReason::DuplicateId, self_.incarnation});
  } else if (member()) {
    if (twin.replaces(self_)) {
      stop(true);
    } else {
      send(twin, Stale{self_});
    }
  }
}

void OverlayNode::handle(const NodeHandle& /*from*/, const Stale& m) {
  if (m.current.id != self_.id || m.current.same_life(self_) || !m.current.replaces(self_)) return;
  if (phase_ == Phase::Joining) {
    raise_incarnation(m.current.incarnation);
    start_join();
  } else if (member()) {
    Check check;
    check.target = m.current;
    check.purpose = CheckFor::SelfTwin;
    start_check(check);
  }
}

void OverlayNode::raise_incarnation(std::uint32_t above) {
  self_.incarnation = std::max(self_.incarnation, above) + 1;
  remember(true);
}

Duration OverlayNode::answer_wait(const NodeId& id) const {
  const PeerIndex index = peers_.find(id);
  const std::int64_t way = index == kNoPeer ? config_.answer_within.us / 2 : distance(index);
  return {config_.answer_within.us / 2 + std::min<std::int64_t>(way, 1'000'000)};
}

/// Starts at once, or at its `due_us` if that is later.
void OverlayNode::start_check(Check check, bool asked) {
  const auto same = [&](const Check& other) {
    return other.purpose == check.purpose && other.target.same_life(check.target) &&
           other.asker.same_life(check.asker);
  };
  if (checks_.size() >= limits::kSuspicions || std::any_of(checks_.begin(), checks_.end(), same)) return;
  check.due_us = std::max(check.due_us, now_.us + (asked ? answer_wait(check.target.id).us : 0));
  checks_.push_back(check);
  deadlines_.set_earlier(Timer::Checks, {check.due_us});
}

void OverlayNode::run_checks() {
  std::int64_t next = INT64_MAX;
  std::vector<Check> failed;
  for (std::size_t i = 0; i < checks_.size();) {
    Check& check = checks_[i];
    if (check.due_us > now_.us) {
      next = std::min(next, check.due_us);
      ++i;
      continue;
    }
    const bool accuses = check.purpose == CheckFor::Leaf || check.purpose == CheckFor::Witness;
    const std::uint8_t most = accuses ? kCheckTries + 1 : kCheckTries;
    if (check.tries >= most) {
      failed.push_back(check);
      checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    ++check.tries;
    check.due_us = now_.us + answer_wait(check.target.id).us;
    next = std::min(next, check.due_us);
    send(check.target, Probe{stamp(), member(), coordinate_});
    ++i;
  }
  if (next != INT64_MAX) deadlines_.set_earlier(Timer::Checks, {next});
  for (const Check& check : failed) check_failed(check);
}

void OverlayNode::check_failed(const Check& check) {
  switch (check.purpose) {
    case CheckFor::Leaf:
      if (now_.us >= accuse_after_) suspect(check.target, false);
      break;
    case CheckFor::Entry:
      if (const PeerIndex index = peers_.find(check.target.id);
          now_.us >= accuse_after_ && index != kNoPeer && peers_[index].handle.same_life(check.target)) {
        leaves_.contains(index) ? suspect(check.target, false) : drop_from_table(index);
      }
      break;
    case CheckFor::Witness:
      if (now_.us >= accuse_after_) send(check.asker, Verdict{check.target, Finding::Silent});
      break;
    case CheckFor::Twin:
      // The old life does not answer here, and its owner says that it started again: a death needs a second
      // node also now. The joiner is admitted with the burial.
      if (const PeerIndex index = peers_.find(check.target.id);
          index != kNoPeer && !leaves_.contains(index)) {
        bury(check.target, false, true);
      } else if (index != kNoPeer && peers_[index].handle.same_life(check.target)) {
        suspect(check.target, false);
        Check again = check;
        again.tries = 0;
        start_check(again);
      }
      break;
    case CheckFor::SelfTwin:
      // The later life that others remember is over: this one goes on above it.
      raise_incarnation(check.target.incarnation);
      announce_to_leaves();
      send_heartbeats();
      break;
  }
}

void OverlayNode::answer_checks(const NodeHandle& from) {
  for (std::size_t i = 0; i < checks_.size();) {
    if (!checks_[i].target.same_life(from)) {
      ++i;
      continue;
    }
    const Check check = checks_[i];
    checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(i));
    if (check.purpose == CheckFor::Witness) {
      send(check.asker, Verdict{from, Finding::Alive});
    } else if (check.purpose == CheckFor::Twin) {
      send(check.joiner.node, JoinRefused{RefusalReason::DuplicateId, from.incarnation});
    }
  }
}

void OverlayNode::refuse_twins(const NodeHandle& living) {
  std::erase_if(checks_, [&](const Check& check) {
    if (check.purpose != CheckFor::Twin || !check.target.same_life(living)) return false;
    send(check.joiner.node, JoinRefused{RefusalReason::DuplicateId, living.incarnation});
    return true;
  });
}

}  // namespace dart::overlay
