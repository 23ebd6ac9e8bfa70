#include <algorithm>

#include "base/limits.hpp"
#include "runtime/net/transport_impl.hpp"

namespace dart::runtime {

using overlay::framing::FrameType;

namespace {

/// Ids of other hosts' nodes remembered a connection; beyond, they are computed again.
constexpr std::size_t kRememberedIds = 16384;

bool is_zero(const RingId& ring) {
  return std::all_of(ring.begin(), ring.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string frame_of(FrameType type, std::string_view payload) {
  std::string bytes;
  overlay::framing::append_frame(bytes, type, Channel::Upkeep, payload);
  return bytes;
}

Refusal refusal_of(overlay::framing::RefuseReason reason) {
  using overlay::framing::RefuseReason;
  switch (reason) {
    case RefuseReason::WrongRing:
      return Refusal::WrongRing;
    case RefuseReason::NoRing:
      return Refusal::NoRing;
    case RefuseReason::FeatureLevel:
      return Refusal::FeatureLevel;
    case RefuseReason::Identity:
      return Refusal::Identity;
    case RefuseReason::Replayed:
      return Refusal::Replayed;
    case RefuseReason::Malformed:
      return Refusal::Malformed;
  }
  return Refusal::Malformed;
}

}  // namespace

void Transport::Impl::greet(Link& link) {
  Hello hello;
  hello.ring = ring;
  link.nonce = hello.nonce = random_value<overlay::framing::HelloNonce>();
  hello.host = settings_.identity->proof().key;
  hello.boot = boot_;
  hello.node_limit = settings_.identity->proof().node_limit;
  hello.endpoint = text_of(self.front());
  link.write({frame_of(FrameType::Hello, overlay::framing::encode_hello(hello))});
}

/// The side that called speaks first; a caller that says nothing gets no answer to hold in memory.
void Transport::Impl::on_open(Connection& connection) {
  auto& link = static_cast<Link&>(connection);
  if (link.dialled()) greet(link);
}

bool Transport::Impl::on_frame(Connection& connection, const Frame& frame) {
  auto& link = static_cast<Link&>(connection);
  switch (link.stage) {
    case Link::Stage::Greeting:
      return on_hello(link, frame);
    case Link::Stage::Proving:
      return on_ready(link, frame);
    case Link::Stage::Up:
    case Link::Stage::Leaving:
      return on_up_frame(link, frame);
  }
  return false;
}

std::optional<overlay::framing::RefuseReason> Transport::Impl::objection(const Link& link,
                                                                         const Hello& hello) const {
  if (hello.oldest_level > overlay::framing::kFeatureLevel ||
      hello.level < overlay::framing::kOldestFeatureLevel) {
    return RefuseReason::FeatureLevel;
  }
  if (link.proof() != nullptr && link.proof()->key != hello.host) return RefuseReason::Identity;
  if (hello.host == settings_.identity->proof().key) return std::nullopt;  // this very host
  if (is_zero(ring) && !link.dialled()) return RefuseReason::NoRing;
  if (is_zero(ring) || is_zero(hello.ring)) return std::nullopt;
  if (ring != hello.ring) return RefuseReason::WrongRing;
  return std::nullopt;
}

bool Transport::Impl::refuse(Link& link, RefuseReason reason) {
  counters_.refuse(refusal_of(reason));
  const char byte = static_cast<char>(reason);
  link.write({frame_of(FrameType::Refuse, {&byte, 1})});
  if (link.closed()) return false;
  link.close();
  on_end(link, End::Closed, overlay::framing::FrameFault::None);
  return false;
}

bool Transport::Impl::on_refuse(Link& link, const Frame& frame) {
  (void)frame;
  ++counters_.refused_by_peer;
  link.close();
  on_end(link, End::Failed, overlay::framing::FrameFault::None);
  return false;
}

bool Transport::Impl::on_hello(Link& link, const Frame& frame) {
  if (frame.type == FrameType::Refuse) return on_refuse(link, frame);
  if (frame.type != FrameType::Hello) return refuse(link, RefuseReason::Malformed);
  auto hello = overlay::framing::decode_hello(frame.payload);
  const auto endpoint = hello ? parse_endpoint(hello->endpoint) : fail(ErrorCode::Data, "");
  if (!hello || !endpoint || endpoint->empty()) return refuse(link, RefuseReason::Malformed);
  if (const auto reason = objection(link, *hello)) return refuse(link, *reason);
  link.remote = *std::move(hello);
  link.remote_endpoint = *endpoint;
  link.stage = Link::Stage::Proving;
  if (!link.dialled()) greet(link);
  const auto& nonce = link.remote.nonce;
  if (!link.closed()) {
    link.write({frame_of(FrameType::Ready, {reinterpret_cast<const char*>(nonce.data()), nonce.size()})});
  }
  return !link.closed();
}

bool Transport::Impl::on_ready(Link& link, const Frame& frame) {
  if (frame.type == FrameType::Refuse) return on_refuse(link, frame);
  if (frame.type != FrameType::Ready) return refuse(link, RefuseReason::Malformed);
  // A recorded stream carries the nonce of another connection.
  const std::string_view nonce(reinterpret_cast<const char*>(link.nonce.data()), link.nonce.size());
  if (frame.payload != nonce) return refuse(link, RefuseReason::Replayed);
  come_up(link);
  return !link.closed();
}

void Transport::Impl::come_up(Link& link) {
  const auto self_link = std::static_pointer_cast<Link>(link.shared_from_this());
  remove_unproven(self_link);
  link.unproven = up_.insert(up_.end(), self_link);
  link.stage = Link::Stage::Up;
  link.since = link.used = Clock::now();
  link.set_frame_limit(limits::kFrameBytes);
  ++links_up;
  if (link.proof() != nullptr) link.remote.node_limit = link.proof()->node_limit;
  if (is_zero(ring) && !is_zero(link.remote.ring)) {
    ring = link.remote.ring;
    events_.on_ring(ring);
    if (link.closed()) return;
  }
  const bool same_host = link.remote.host == settings_.identity->proof().key;
  if (same_host && !link.dialled()) return;  // the other end of a call to ourselves: it only hears
  PeerPtr peer = link.peer;
  if (peer != nullptr) {
    peer->dialling = nullptr;
    // It may call itself another name than the one it was found by.
    if (!same_host && peers_.try_emplace(link.remote_endpoint, peer).second) {
      peer->endpoints.push_back(link.remote_endpoint);
    }
  } else {
    peer = peer_at(link.remote_endpoint);
  }
  if (peer == nullptr) {
    counters_.refuse(Refusal::TooManyPeers);
    link.close();
    on_end(link, End::Closed, overlay::framing::FrameFault::None);
    return;
  }
  attach(self_link, peer);
}

/// Makes `link` the connection of `peer`, or gives it up for the one that is there.
void Transport::Impl::attach(const LinkPtr& link, const PeerPtr& peer) {
  link->peer = peer;
  peer->backoff = {};
  peer->retry_at = {};
  const LinkPtr old = peer->link;
  if (old != nullptr && old != link) {
    const bool same_life = old->remote.boot == link->remote.boot && old->remote.host == link->remote.host;
    const bool crossed = old->dialled() != link->dialled();
    if (same_life && crossed) {
      ++counters_.tie_breaks;
      // Both ends come to the same: the connection that the smaller key dialled stays.
      const bool mine_stays = settings_.identity->proof().key < link->remote.host;
      if (link->dialled() != mine_stays) {
        retire(*link);
        return flush(*peer);
      }
    }
    peer->link = link;
    retire(*old);
  }
  peer->link = link;
  flush(*peer);
}

/// No more is sent on it, after a goodbye; what the other side sent until then is still heard.
void Transport::Impl::retire(Link& link) {
  if (link.stage != Link::Stage::Up) return;
  link.stage = Link::Stage::Leaving;
  link.used = Clock::now();
  --links_up;
  if (link.peer != nullptr && link.peer->link.get() == &link) link.peer->link = nullptr;
  link.write({frame_of(FrameType::Bye, {})});
}

/// Both sides have said goodbye.
void Transport::Impl::finish(Link& link) {
  link.close();
  on_end(link, End::Closed, overlay::framing::FrameFault::None);
}

bool Transport::Impl::on_up_frame(Link& link, const Frame& frame) {
  if (link.stage == Link::Stage::Up) link.used = Clock::now();
  switch (frame.type) {
    case FrameType::Message:
      return on_message(link, frame);
    case FrameType::NoSuchNode:
      if (const auto node = overlay::framing::decode_no_such_node(frame.payload)) {
        events_.on_no_such_node(link.remote_endpoint, *node);
      } else {
        counters_.drop(Drop::Malformed);
      }
      return !link.closed();
    case FrameType::Bye: {
      link.said_goodbye = true;
      const auto peer = link.peer;
      retire(link);
      if (!link.closed() && !link.writing()) finish(link);
      // What waited for it goes over a new connection.
      if (peer != nullptr && peer->link == nullptr && peer->dialling == nullptr && !peer->queue.empty())
        dial(peer);
      return false;
    }
    case FrameType::Refuse:
      return on_refuse(link, frame);
    case FrameType::Hello:
    case FrameType::Ready:
      return refuse(link, RefuseReason::Malformed);
  }
  counters_.drop(Drop::UnknownType);
  return true;
}

bool Transport::Impl::on_message(Link& link, const Frame& frame) {
  const auto message = overlay::framing::decode_message(frame.payload);
  if (!message) {
    counters_.drop(Drop::Malformed);
    return true;
  }
  if (message->from_index >= link.remote.node_limit) {
    counters_.drop(Drop::NodeIndex);
    return true;
  }
  auto known = link.ids.find(message->from_index);
  if (known == link.ids.end()) {
    if (link.ids.size() >= kRememberedIds) link.ids.clear();
    known = link.ids.emplace(message->from_index, node_id(link.remote.host, message->from_index)).first;
  }
  ++counters_.messages_received;
  switch (events_.on_message(known->second, link.remote_endpoint, frame.channel, message->body)) {
    case Intake::Taken:
      break;
    case Intake::Malformed:
      counters_.drop(Drop::Malformed);
      break;
    case Intake::NoSuchNode:
      counters_.drop(Drop::NoSuchNode);
      break;
  }
  return !link.closed();
}

}  // namespace dart::runtime
