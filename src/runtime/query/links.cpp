#include "runtime/query/links.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "runtime/clock.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;

namespace {

/// A peer that acknowledges nothing for so long is said to be gone.
constexpr std::int64_t kSilentUs = 2'000'000;
/// While more than this waits for one host, links to it pause: what the transport drops would have to be
/// repeated.
constexpr std::size_t kBacklogBytes = limits::kDataQueueBytes / 2;
constexpr std::int64_t kBacklogPauseUs = 5'000;
constexpr std::int64_t kLeastWaitUs = 1'000;

}  // namespace

const Endpoint& endpoint_of(const overlay::NodeHandle& host, const Transport& transport) {
  const auto& endpoints = host.endpoints;
  const bool second = !endpoints[1].empty() && (endpoints[0].empty() || transport.failing(endpoints[0]));
  return endpoints[second ? 1 : 0];
}

Links::Links(boost::asio::io_context& loop, Transport& transport, InstancePool& pool,
             std::shared_ptr<LoopQueue> queue, LinkEvents& events)
    : loop_(loop),
      transport_(transport),
      pool_(pool),
      queue_(std::move(queue)),
      events_(events),
      timer_(loop) {}

Links::~Links() { *alive_ = false; }

std::shared_ptr<LinkOut> Links::open_out(const exchange::LinkId& id, const placement::InstanceId& other,
                                         const overlay::NodeHandle& host, exchange::RowLayout layout) {
  auto link = std::make_shared<LinkOut>(id, other, host, std::move(layout), queue_, *this);
  outs_[id] = link;
  return link;
}

std::shared_ptr<LinkIn> Links::open_in(const exchange::LinkId& id, const placement::InstanceId& other,
                                       const overlay::NodeHandle& host, exchange::RowLayout layout,
                                       const LinkIn::Entry& entry, const InstancePool::SlotPtr& slot) {
  auto link = std::make_shared<LinkIn>(id, other, host, std::move(layout), entry, slot, queue_, *this);
  ins_[id] = link;
  // Its sender may be waiting for this end to be there.
  send(endpoint_of(host, transport_), link->greeting());
  return link;
}

void Links::close(const std::shared_ptr<LinkOut>& link) {
  link->close();
  active_.erase(link);
  if (const auto found = outs_.find(link->id()); found != outs_.end() && found->second == link) {
    outs_.erase(found);
  }
}

void Links::close(const std::shared_ptr<LinkIn>& link) {
  link->close();
  if (const auto found = ins_.find(link->id()); found != ins_.end() && found->second == link) {
    ins_.erase(found);
  }
}

bool Links::take(const Endpoint& peer, const exchange::DataFrame& frame) {
  const auto found = ins_.find(frame.link);
  if (found == ins_.end()) return false;
  const std::shared_ptr<LinkIn> link = found->second;
  link->peer = peer;
  auto content = link->receiver().take(frame);
  if (!content) {
    events_.on_broken(*link, content.error());
    return true;
  }
  if (*content) {
    const MessageSize size = link->size_of(**content);
    pool_.put(link->slot(), Packed{link, std::move(**content)}, size);
  }
  list_ack(*link);
  return true;
}

void Links::take(const exchange::AckFrame& frame) {
  const auto found = outs_.find(frame.link);
  if (found == outs_.end()) return;
  const std::shared_ptr<LinkOut> link = found->second;
  const TimePoint time = now();
  const bool first = link->acknowledged == 0 && frame.sequence == 0 && link->silent_since;
  link->sender().on_ack(time, frame);
  if (first) link->sender().reconnected(time);  // what was sent before the receiver was there is lost
  link->acknowledged = std::max(link->acknowledged, frame.sequence);
  link->silent_since.reset();
  poll(*link);
}

void Links::send(const Endpoint& to, const exchange::Frame& frame) {
  transport_.send(to, Channel::Data, 0, exchange::encode(frame));
}

void Links::on_pushed(LinkOut& link) { poll(link); }

void Links::poll(LinkOut& link) {
  if (link.closed() || link.held()) return;
  const auto self = link.shared_from_this();
  const TimePoint time = now();
  const Endpoint& to = endpoint_of(link.host(), transport_);
  if (transport_.waiting_bytes(to, Channel::Data) > kBacklogBytes) {
    active_.insert(self);
    return arm({time.us + kBacklogPauseUs});
  }
  std::vector<std::string> frames;
  link.sender().poll(time, frames);
  for (const std::string& frame : frames) transport_.send(to, Channel::Data, 0, frame);
  // Frames beyond the last that was acknowledged are out: from now on an answer is due.
  if (!link.silent_since && link.sender().counters().frames > link.acknowledged) link.silent_since = time;
  if (link.room_returned()) pool_.room_changed();
  if (!link.drained()) {
    active_.insert(self);
    if (link.silent_since) arm({link.silent_since->us + kSilentUs});
    if (const auto due = link.sender().next_deadline()) arm(*due);
    return;
  }
  active_.erase(self);
  events_.on_drained(link);
}

void Links::on_used(LinkIn& link) { list_ack(link); }

/// Acknowledgements gather until the loop has run what is ready now: one a link for all its frames.
void Links::list_ack(LinkIn& link) {
  if (!std::exchange(link.ack_listed, true)) acks_.push_back(link.shared_from_this());
  if (std::exchange(acks_posted_, true)) return;
  boost::asio::post(loop_, [this, alive = alive_] {
    if (*alive) flush_acks();
  });
}

void Links::flush_acks() {
  acks_posted_ = false;
  const TimePoint time = now();
  for (const auto& link : std::exchange(acks_, {})) {
    link->ack_listed = false;
    const auto ack = link->receiver().poll(time);
    if (ack) send(link->peer.empty() ? endpoint_of(link->host(), transport_) : link->peer, *ack);
  }
}

void Links::arm(TimePoint due) {
  const std::int64_t due_us = std::max(due.us, now().us + kLeastWaitUs);
  if (due_us >= armed_us_) return;
  armed_us_ = due_us;
  timer_.expires_after(std::chrono::microseconds(due_us - now().us));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) on_timer();
  });
}

void Links::on_timer() {
  armed_us_ = INT64_MAX;
  const std::int64_t now_us = now().us;
  for (const auto& link : std::vector<std::shared_ptr<LinkOut>>(active_.begin(), active_.end())) {
    if (link->held()) continue;
    const auto due = link->sender().next_deadline();
    if (due && due->us > now_us) {
      arm(*due);
    } else {
      poll(*link);
    }
    if (!link->silent_since || link->closed()) continue;
    const std::int64_t silent_us = link->silent_since->us + kSilentUs;
    if (now_us >= silent_us) {
      events_.on_silent(*link);
    } else {
      arm({silent_us});
    }
  }
}

}  // namespace dart::runtime
