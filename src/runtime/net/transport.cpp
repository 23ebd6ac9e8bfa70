#include "runtime/net/transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "runtime/net/transport_impl.hpp"

namespace dart::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBufferBytes = 64U << 10;
constexpr auto kSweepEvery = std::chrono::milliseconds(100);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr Duration kFirstBackoff{50'000};

std::chrono::microseconds micros(Duration duration) { return std::chrono::microseconds(duration.us); }

tcp::endpoint to_asio(const Endpoint& endpoint) {
  const asio::ip::address_v6 v6(endpoint.address);
  if (v6.is_v4_mapped()) return {asio::ip::make_address_v4(asio::ip::v4_mapped, v6), endpoint.port};
  return {v6, endpoint.port};
}

}  // namespace

Transport::Impl::Impl(asio::io_context& loop, TransportSettings settings, TransportEvents& events)
    : loop_(loop),
      settings_(std::move(settings)),
      events_(events),
      boot_(random_value<std::uint64_t>()),
      sweep_timer_(loop),
      read_buffer_(kReadBufferBytes) {}

Status Transport::Impl::listen() {
  for (auto& endpoint : settings_.listen) {
    auto& listener = listeners_.emplace_back(loop_);
    const auto target = to_asio(endpoint);
    error_code error;
    listener.open(target.protocol(), error);
    if (!error) listener.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && target.protocol() == tcp::v6()) listener.set_option(asio::ip::v6_only(true), error);
    if (!error) listener.bind(target, error);
    if (!error) listener.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(ErrorCode::Io, fmt::format("cannot listen on {}: {}", text_of(endpoint), error.message()),
                  std::nullopt, "stop what listens there, or choose another port");
    }
    endpoint.port = listener.local_endpoint().port();
  }
  DART_CHECK(!settings_.listen.empty());
  self = settings_.advertise.empty() ? settings_.listen : settings_.advertise;
  for (Endpoint& endpoint : self) {
    if (endpoint.port == 0) endpoint.port = settings_.listen.front().port;
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) accept(i);
  arm_sweep();
  return {};
}

void Transport::Impl::accept(std::size_t listener) {
  listeners_[listener].async_accept([this, self_ptr = shared_from_this(), listener](const error_code& error,
                                                                                    tcp::socket socket) {
    if (closed_) return;
    if (error) {
      // Mostly: no descriptor is left. Trying again at once would only burn the processor.
      ++counters_.accept_failures;
      auto pause = std::make_shared<asio::steady_timer>(loop_, kAcceptPause);
      pause->async_wait([this, self_ptr, listener, pause](const error_code&) {
        if (!closed_) accept(listener);
      });
      return;
    }
    ++counters_.accepted;
    if (accepted_unproven_ >= limits::kUnprovenPeers) {
      const auto oldest =
          std::find_if(unproven_.begin(), unproven_.end(), [](const LinkPtr& l) { return !l->dialled(); });
      const LinkPtr victim = *oldest;
      counters_.refuse(Refusal::HalfOpenEvicted);
      remove_unproven(victim);
      victim->close();
    }
    const auto link = std::make_shared<Link>(std::move(socket), *this, *settings_.identity);
    add_unproven(link);
    link->start_accepted();
    accept(listener);
  });
}

void Transport::Impl::add_unproven(const LinkPtr& link) {
  link->since = Clock::now();
  link->unproven = unproven_.insert(unproven_.end(), link);
  if (link->peer == nullptr) ++accepted_unproven_;
}

void Transport::Impl::remove_unproven(const LinkPtr& link) {
  if (!link->dialled()) --accepted_unproven_;
  unproven_.erase(link->unproven);
}

Transport::Impl::PeerPtr Transport::Impl::peer_at(const Endpoint& endpoint) {
  if (const auto found = peers_.find(endpoint); found != peers_.end()) return found->second;
  if (peers_.size() >= limits::kPeers && !make_room()) return nullptr;
  auto peer = std::make_shared<Peer>();
  peer->endpoints.push_back(endpoint);
  peer->used = Clock::now();
  peers_.emplace(endpoint, peer);
  return peer;
}

/// Forgets a peer that nothing is waiting for.
bool Transport::Impl::make_room() {
  const auto idle = std::find_if(peers_.begin(), peers_.end(), [](const auto& entry) {
    const Peer& peer = *entry.second;
    return peer.link == nullptr && peer.dialling == nullptr && peer.queue.empty();
  });
  if (idle == peers_.end()) return false;
  const PeerPtr victim = idle->second;
  for (const Endpoint& endpoint : victim->endpoints) peers_.erase(endpoint);
  return true;
}

template <class Append>
void Transport::Impl::put(const Endpoint& to, Channel channel, std::size_t size, Append&& append) {
  if (closed_) return;
  if (size > limits::kFrameBytes) return counters_.drop(Drop::TooLong);
  const PeerPtr peer = peer_at(to);
  if (peer == nullptr) return counters_.drop(Drop::TooManyPeers);
  if (peer->link == nullptr && peer->dialling == nullptr) {
    if (Clock::now() < peer->retry_at) return counters_.drop(Drop::Backoff);
    dial(peer);
  }
  if (!peer->queue.put(channel, size, append, counters_)) return;
  ++counters_.frames_sent;
  if (peer->link != nullptr) mark_dirty(peer);
}

void Transport::Impl::mark_dirty(const PeerPtr& peer) {
  if (peer->dirty) return;
  peer->dirty = true;
  dirty_.push_back(peer);
  if (flush_posted_) return;
  flush_posted_ = true;
  // Once the loop has run what is ready now: all frames of that time go out in one write a peer.
  asio::post(loop_, [this, self_ptr = shared_from_this()] { flush(); });
}

void Transport::Impl::flush() {
  flush_posted_ = false;
  auto dirty = std::exchange(dirty_, {});
  for (const auto& peer : dirty) {
    peer->dirty = false;
    flush(*peer);
  }
}

void Transport::Impl::flush(Peer& peer) {
  if (closed_ || peer.link == nullptr || peer.link->writing() || peer.queue.empty()) return;
  peer.used = peer.link->used = Clock::now();
  const LinkPtr link = peer.link;
  link->write(peer.queue.take());
}

void Transport::Impl::on_written(Connection& connection) {
  auto& link = static_cast<Link&>(connection);
  if (link.stage == Link::Stage::Leaving && link.said_goodbye) return finish(link);
  if (link.stage == Link::Stage::Up && link.peer != nullptr && link.peer->link.get() == &link)
    flush(*link.peer);
}

void Transport::Impl::dial(const PeerPtr& peer) {
  ++counters_.dialled;
  const auto link = std::make_shared<Link>(tcp::socket(loop_), *this, *settings_.identity);
  link->peer = peer;
  peer->dialling = link;
  add_unproven(link);
  link->start_dialled(peer->endpoints.front());
}

void Transport::Impl::dial_failed(const PeerPtr& peer, bool refused) {
  ++counters_.dial_failures;
  if (peer->link != nullptr) return;  // it called us meanwhile
  peer->backoff.us = std::clamp(peer->backoff.us * 2, kFirstBackoff.us, settings_.longest_backoff.us);
  peer->retry_at = Clock::now() + micros(peer->backoff);
  counters_.drop(Drop::Unreachable, peer->queue.clear());
  for (const Endpoint& endpoint : std::vector<Endpoint>(peer->endpoints))
    events_.on_unreachable(endpoint, refused);
}

void Transport::Impl::on_end(Connection& connection, End end, overlay::framing::FrameFault fault) {
  auto& link = static_cast<Link&>(connection);
  const auto self_link = std::static_pointer_cast<Link>(link.shared_from_this());
  using overlay::framing::FrameFault;
  if (end == End::Unauthenticated) counters_.refuse(Refusal::Unauthenticated);
  if (fault == FrameFault::Oversized) counters_.refuse(Refusal::Oversized);
  if (fault == FrameFault::Version) counters_.refuse(Refusal::Version);
  if (fault == FrameFault::Header) counters_.refuse(Refusal::Malformed);
  const PeerPtr peer = std::exchange(link.peer, nullptr);
  if (link.stage == Link::Stage::Greeting || link.stage == Link::Stage::Proving) {
    remove_unproven(self_link);
    if (peer == nullptr || peer->dialling != self_link) return;
    peer->dialling = nullptr;
    dial_failed(peer, end == End::Refused);
    return;
  }
  up_.erase(link.unproven);
  if (link.stage == Link::Stage::Up) --links_up;
  if (peer != nullptr && peer->link == self_link) lost(link, peer);
}

/// The connection that was used is gone.
void Transport::Impl::lost(Link& link, const PeerPtr& peer) {
  peer->link = nullptr;
  if (link.said_goodbye) return;
  ++counters_.lost;
  // A peer that takes connections and drops them is not called again in a circle.
  if (Clock::now() - link.since < std::chrono::seconds(1)) {
    peer->backoff.us = std::clamp(peer->backoff.us * 2, kFirstBackoff.us, settings_.longest_backoff.us);
    peer->retry_at = Clock::now() + micros(peer->backoff);
    counters_.drop(Drop::Unreachable, peer->queue.clear());
    return;
  }
  if (peer->dialling == nullptr) dial(peer);
}

void Transport::Impl::sweep() {
  const auto now = Clock::now();
  while (!unproven_.empty()) {
    // Oldest first.
    const LinkPtr link = unproven_.front();
    if (now - link->since < micros(settings_.handshake_timeout)) break;
    counters_.refuse(Refusal::HandshakeTimeout);
    link->close();
    on_end(*link, End::Closed, overlay::framing::FrameFault::None);
  }
  for (const auto& link : std::vector<LinkPtr>(unproven_.begin(), unproven_.end())) {
    if (!link->connecting() || now - link->since < micros(settings_.dial_timeout)) continue;
    link->close();
    on_end(*link, End::Failed, overlay::framing::FrameFault::None);
  }
  for (auto at = up_.begin(); at != up_.end();) {
    const LinkPtr link = *at++;
    const bool leaving = link->stage == Link::Stage::Leaving;
    if (leaving && now - link->used > micros(settings_.handshake_timeout)) {
      link->close();
      on_end(*link, End::Closed, overlay::framing::FrameFault::None);
    } else if (!leaving && now - link->used > micros(settings_.idle_close)) {
      retire(*link);
    }
  }
}

void Transport::Impl::arm_sweep() {
  sweep_timer_.expires_after(kSweepEvery);
  sweep_timer_.async_wait([this, self_ptr = shared_from_this()](const error_code& error) {
    if (error || closed_) return;
    sweep();
    arm_sweep();
  });
}

void Transport::Impl::close() {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  for (auto& listener : listeners_) listener.close(ignored);
  sweep_timer_.cancel();
  for (const auto& link : unproven_) {
    link->peer = nullptr;
    link->close();
  }
  for (const auto& link : up_) {
    link->peer = nullptr;
    std::string bye;
    overlay::framing::append_frame(bye, overlay::framing::FrameType::Bye, Channel::Upkeep, {});
    if (!link->writing()) link->write({std::move(bye)});
    link->close();
  }
  unproven_.clear();
  up_.clear();
  peers_.clear();
  dirty_.clear();
}

bool Transport::Impl::failing(const Endpoint& to) const {
  const auto found = peers_.find(to);
  return found != peers_.end() && found->second->link == nullptr && found->second->backoff.us > 0;
}

bool Transport::Impl::idle() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const auto& entry) {
    const Peer& peer = *entry.second;
    return peer.queue.empty() && (peer.link == nullptr || !peer.link->writing());
  });
}

Transport::Transport(asio::io_context& loop, TransportSettings settings, TransportEvents& events)
    : impl_(std::make_shared<Impl>(loop, std::move(settings), events)) {}

Transport::~Transport() { impl_->close(); }

Status Transport::listen() { return impl_->listen(); }
const Endpoint& Transport::endpoint() const { return impl_->self.front(); }
const std::vector<Endpoint>& Transport::endpoints() const { return impl_->self; }
bool Transport::failing(const Endpoint& to) const { return impl_->failing(to); }
void Transport::set_ring(const RingId& ring) { impl_->ring = ring; }

void Transport::send(const Endpoint& to, Channel channel, std::uint32_t from_index, std::string_view body) {
  const std::size_t size = overlay::framing::kHeaderBytes + sizeof from_index + 1 + body.size();
  ++impl_->counters_.messages_sent;
  impl_->put(to, channel, size, [&](std::string& out) {
    overlay::framing::append_message(out, channel, {from_index, body});
  });
}

void Transport::send_no_such_node(const Endpoint& to, const NodeId& node) {
  impl_->put(to, Channel::Upkeep, overlay::framing::kHeaderBytes + 2 * sizeof(std::uint64_t),
             [&](std::string& out) { overlay::framing::append_no_such_node(out, node); });
}

void Transport::close() { impl_->close(); }
const NetCounters& Transport::counters() const { return impl_->counters_; }
std::size_t Transport::connections() const { return impl_->links_up; }
bool Transport::idle() const { return impl_->idle(); }
std::size_t Transport::waiting_bytes(const Endpoint& to, Channel channel) const {
  const auto found = impl_->peers_.find(to);
  return found == impl_->peers_.end() ? 0 : found->second->queue.bytes(channel);
}

}  // namespace dart::runtime
