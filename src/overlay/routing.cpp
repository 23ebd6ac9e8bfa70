#include <algorithm>

#include "overlay/overlay_node.hpp"

namespace dart::overlay {

namespace {

/// Hops tried for one message before it is given up here.
constexpr std::uint8_t kHopTries = 12;
/// Unanswered messages in a row after which a peer leaves the routing table, or is checked as a leaf.
constexpr std::uint8_t kSilences = 3;

std::uint64_t name_of(const Routed& routed) {
  return mix64(routed.origin.id.low ^ mix64(routed.origin.nonce ^ mix64(routed.request))) | 1;
}

}  // namespace

PeerIndex OverlayNode::next_peer(const Key& key, const PendingHop* avoid, const NodeId* never) const {
  const auto allowed = [&](PeerIndex index) { return never == nullptr || peers_[index].handle.id != *never; };
  const auto usable = [&](PeerIndex index) {
    const Peer& peer = peers_[index];
    if (peer.avoid_us > now_.us) return false;
    if (avoid == nullptr) return true;
    const auto& tried = avoid->tried;
    return std::find(tried.begin(), tried.end(), peer.handle.id) == tried.end();
  };
  PeerIndex best = kNoPeer;     // closest of those that answer
  PeerIndex closest = kNoPeer;  // closest of all
  const auto offer = [&](PeerIndex index) {
    if (!allowed(index)) return;
    const NodeId& id = peers_[index].handle.id;
    if (closer(key, id, closest == kNoPeer ? self_.id : peers_[closest].handle.id)) closest = index;
    if (usable(index) && closer(key, id, best == kNoPeer ? self_.id : peers_[best].handle.id)) best = index;
  };
  if (leaves_.covers(key) && leaves_.spans_part()) {
    for (const Side side : kSides) {
      for (std::size_t i = 0; i < leaves_.size(side); ++i) offer(leaves_.at(side, i));
    }
    return best != kNoPeer ? best : closest;
  }
  const unsigned shared = self_.id.shared_digits(key);
  if (leaves_.spans_part() && shared < NodeId::kDigits) {
    const auto slot = table_.slot(shared, key.digit(shared));
    for (const PeerIndex index : {slot.best, slot.spare}) {
      if (index != kNoPeer && allowed(index) && usable(index)) return index;
    }
  }
  // The rare case, and rings of a few nodes: whoever is closer and shares as much.
  const bool any_prefix = !leaves_.spans_part();
  for (PeerIndex i = 0; i < peers_.end(); ++i) {
    if (peers_[i].uses == 0) continue;
    if (any_prefix || peers_[i].handle.id.shared_digits(key) >= shared || leaves_.contains(i)) offer(i);
  }
  return best != kNoPeer ? best : closest;
}

std::optional<NodeHandle> OverlayNode::next_hop(const Key& key) const {
  const PeerIndex next = next_peer(key, nullptr, nullptr);
  return next == kNoPeer ? std::nullopt : std::optional<NodeHandle>(peers_[next].handle);
}

Duration OverlayNode::hop_wait(PeerIndex index) const {
  const Peer& peer = peers_[index];
  const std::int64_t way = distance(index);
  if (peer.rtt_us == 0) return std::max(config_.first_hop_wait, Duration{2 * way});
  return {std::clamp(2 * way + config_.least_hop_wait.us, config_.least_hop_wait.us,
                     config_.longest_hop_wait.us)};
}

void OverlayNode::on(Route& input) {
  if (input.payload.size() > limits::kPayloadBytes) {
    ++counters_.dropped_full;
    return;
  }
  if (!input.receipt) {
    route(Routed{input.key, self_, input.request, 0, input.service, input.mode, false, 0,
                 std::move(input.payload)});
    return;
  }
  if (requests_.size() >= limits::kRequests) {
    ++counters_.dropped_full;
    out_->emplace_back(RouteFailed{input.request});
    return;
  }
  Request request;
  request.wait_us = config_.route_retry.us;
  request.due_us = now_.us + request.wait_us;
  request.give_up_us = now_.us + config_.patience.us;
  request.route = std::move(input);
  deadlines_.set_earlier(Timer::Requests, {request.due_us});
  requests_.push_back(request);
  send_request(request);
}

void OverlayNode::send_request(const Request& request) {
  const Route& it = request.route;
  route(Routed{it.key, self_, it.request, 0, it.service, it.mode, true, 0, it.payload});
}

void OverlayNode::run_requests() {
  std::vector<Request> again;
  std::int64_t next = INT64_MAX;
  for (std::size_t i = 0; i < requests_.size();) {
    Request& it = requests_[i];
    if (it.due_us <= now_.us) {
      if (now_.us >= it.give_up_us) {
        out_->emplace_back(RouteFailed{it.route.request});
        requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      it.wait_us = std::min(2 * it.wait_us, config_.patience.us / 4);
      it.due_us = std::min(now_.us + it.wait_us, it.give_up_us);
      again.push_back(it);
    }
    next = std::min(next, it.due_us);
    ++i;
  }
  if (next != INT64_MAX) deadlines_.set_earlier(Timer::Requests, {next});
  for (const Request& request : again) send_request(request);
}

void OverlayNode::on(Resume& input) {
  const PeerIndex next = next_peer(input.routed.key, nullptr, nullptr);
  if (next == kNoPeer) {
    deliver(std::move(input.routed));
  } else {
    forward(std::move(input.routed), next, nullptr);
  }
}

void OverlayNode::route(Routed routed) {
  if (!member()) {
    ++counters_.dropped_unready;
    return;
  }
  const PeerIndex next = next_peer(routed.key, nullptr, nullptr);
  if (next != kNoPeer) mend_slot(routed.key, next);
  if (next == kNoPeer) {
    deliver(std::move(routed));
  } else if (routed.mode == HopMode::Stepwise) {
    out_->emplace_back(Transit{std::move(routed), peers_[next].handle});
  } else {
    forward(std::move(routed), next, nullptr);
  }
}

void OverlayNode::forward(Routed routed, PeerIndex to, PendingHop* again) {
  if (again == nullptr) {
    if (routed.hops >= limits::kHops) {
      ++counters_.dropped_hops;
      return;
    }
    if (hops_.size() >= limits::kPendingHops) {
      ++counters_.dropped_full;
      return;
    }
    ++routed.hops;
    ++counters_.forwarded;
    hops_.emplace_back();
    again = &hops_.back();
    again->routed = std::move(routed);
  } else {
    ++counters_.rerouted;
  }
  again->routed.hop = next_hop_id_++;
  again->to = peers_[to].handle.id;
  again->sent_us = now_.us;
  again->due_us = now_.us + std::min(hop_wait(to).us << std::min<unsigned>(again->tries / 2U, 4U),
                                     config_.longest_hop_wait.us);
  deadlines_.set_earlier(Timer::Hops, {again->due_us});
  send(peers_[to].handle, again->routed);
}

void OverlayNode::handle(const NodeHandle& from, Routed& m) {
  if (!member() || (m.origin.id.is_zero())) return;
  if (hops_.size() >= limits::kPendingHops || held_.size() >= limits::kHeld) {
    ++counters_.dropped_full;  // no acknowledgement: the sender finds another way
    return;
  }
  send(from, HopAck{m.hop});
  route(std::move(m));
}

void OverlayNode::handle(const NodeHandle& from, const HopAck& m) {
  const auto found = std::find_if(hops_.begin(), hops_.end(), [&](const PendingHop& hop) {
    return hop.routed.hop == m.hop && hop.to == from.id;
  });
  if (found == hops_.end()) return;
  const std::int64_t rtt = now_.us - found->sent_us;
  if (found->tries == 0) {
    const PeerIndex index = peers_.find(from.id);
    if (index != kNoPeer) measured(from, peers_[index].coordinate, rtt);
  }
  if (found + 1 != hops_.end()) *found = std::move(hops_.back());
  hops_.pop_back();
}

void OverlayNode::run_hops() {
  std::vector<PendingHop> failed;
  std::int64_t next = INT64_MAX;
  for (std::size_t i = 0; i < hops_.size();) {
    if (hops_[i].due_us > now_.us) {
      next = std::min(next, hops_[i].due_us);
      ++i;
      continue;
    }
    failed.push_back(std::move(hops_[i]));
    if (i + 1 != hops_.size()) hops_[i] = std::move(hops_.back());
    hops_.pop_back();
  }
  if (next != INT64_MAX) deadlines_.set_earlier(Timer::Hops, {next});
  for (PendingHop& hop : failed) hop_failed(hop);
}

void OverlayNode::hop_failed(PendingHop& hop) {
  blame(hop.to);
  hop.tried[hop.tries % hop.tried.size()] = hop.to;
  if (++hop.tries >= kHopTries) {
    ++counters_.dropped_full;
    return;
  }
  const PeerIndex next = next_peer(hop.routed.key, &hop, nullptr);
  if (next == kNoPeer) {
    deliver(std::move(hop.routed));
    return;
  }
  hops_.push_back(std::move(hop));
  forward({}, next, &hops_.back());
}

void OverlayNode::blame(const NodeId& id) {
  const PeerIndex index = peers_.find(id);
  if (index == kNoPeer) return;
  Peer& peer = peers_[index];
  if (peer.silent < 255) ++peer.silent;
  if (peer.silent >= 2) peer.avoid_us = now_.us + config_.suspect_after.us;
  if (peer.silent < kSilences || now_.us < accuse_after_) return;
  if (leaves_.contains(index)) {
    Check check;
    check.target = peer.handle;
    start_check(check);
  } else {
    drop_from_table(index);
  }
}

void OverlayNode::deliver(Routed routed) {
  if (!ready(now_)) {
    // The root, but without leases: wait for them, or for somebody who knows better.
    if (held_.size() >= limits::kHeld) {
      ++counters_.dropped_full;
      return;
    }
    held_.push_back({std::move(routed), now_.us + config_.patience.us / 4});
    deadlines_.set_earlier(Timer::Held, now_ + Duration{config_.heartbeat.us / 4});
    return;
  }
  check_joined();  // whoever answers is in the ring
  const std::uint64_t name = name_of(routed);
  const bool again = std::find(delivered_.begin(), delivered_.end(), name) != delivered_.end();
  const bool receipt = routed.receipt;
  const NodeHandle origin = routed.origin;
  const Receipt told{routed.request, routed.hops};
  if (again) {
    ++counters_.delivered_again;
  } else {
    if (delivered_.size() < limits::kDelivered) {
      delivered_.push_back(name);
    } else {
      delivered_[next_delivered_++ % limits::kDelivered] = name;
    }
    ++counters_.delivered;
    out_->emplace_back(Deliver{std::move(routed)});
  }
  if (!receipt) return;
  if (origin.same_life(self_)) {
    handle(self_, told);
  } else {
    send(origin, told);
  }
}

void OverlayNode::run_held() {
  std::vector<Held> waiting;
  waiting.swap(held_);
  for (Held& it : waiting) {
    if (it.give_up_us <= now_.us) {
      ++counters_.dropped_unready;
      continue;
    }
    const PeerIndex next = next_peer(it.routed.key, nullptr, nullptr);
    if (next != kNoPeer) {
      forward(std::move(it.routed), next, nullptr);
    } else if (ready(now_)) {
      deliver(std::move(it.routed));
    } else {
      held_.push_back(std::move(it));
    }
  }
  if (!held_.empty()) deadlines_.set_earlier(Timer::Held, now_ + Duration{config_.heartbeat.us / 4});
}

void OverlayNode::handle(const NodeHandle& from, const Receipt& m) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const Request& it) { return it.route.request == m.request; });
  if (found == requests_.end()) return;
  if (found + 1 != requests_.end()) *found = std::move(requests_.back());
  requests_.pop_back();
  out_->emplace_back(Delivered{m.request, from, m.hops});
}

void OverlayNode::handle(const NodeHandle& from, Direct& m) {
  out_->emplace_back(DeliverDirect{from, m.service, std::move(m.payload)});
}

}  // namespace dart::overlay
