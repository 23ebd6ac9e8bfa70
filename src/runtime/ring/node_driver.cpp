#include "runtime/ring/node_driver.hpp"

#include <time.h>

#include <algorithm>
#include <queue>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "base/check.hpp"
#include "overlay/envelope.hpp"

namespace dart::runtime {

namespace {

constexpr std::int64_t kSlowStepUs = 1000;
constexpr std::size_t kAsked = 16;

struct IdHash {
  std::size_t operator()(const NodeId& id) const { return static_cast<std::size_t>(id.low); }
};

}  // namespace

TimePoint node_now() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000};
}

struct NodeDriver::Node {
  explicit Node(node::NodeCore made) : core(std::move(made)) {}

  node::NodeCore core;
  /// Whom it asked while it was joining, the last of them: a joining node shows nobody in its view.
  std::vector<overlay::NodeHandle> asked;
  std::int64_t armed_us = INT64_MAX;  // the earliest entry of the heap for it
};

struct NodeDriver::Timer {
  explicit Timer(boost::asio::io_context& loop) : timer(loop) {}
  boost::asio::steady_timer timer;
  std::int64_t armed_us = INT64_MAX;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes;
  boost::unordered_flat_map<NodeId, std::uint32_t, IdHash> by_id;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

NodeDriver::NodeDriver(boost::asio::io_context& loop, TransportSettings settings,
                       const overlay::Config& profile, NodeEvents& events)
    : loop_(loop),
      identity_(settings.identity),
      profile_(profile),
      events_(events),
      transport_(std::make_unique<Transport>(loop, std::move(settings), *this)),
      timer_(std::make_unique<Timer>(loop)) {}

NodeDriver::~NodeDriver() { *timer_->alive = false; }

Status NodeDriver::listen() { return transport_->listen(); }

std::uint32_t NodeDriver::add_node(std::uint32_t incarnation, const node::Beside& beside) {
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  DART_CHECK(index < identity_->proof().node_limit);
  overlay::NodeHandle self;
  self.id = node_id(identity_->proof().key, index);
  const auto& told = transport_->endpoints();
  std::copy_n(told.begin(), std::min(told.size(), self.endpoints.size()), self.endpoints.begin());
  self.incarnation = incarnation;
  self.nonce = random_value<std::uint64_t>();
  nodes_.push_back(
      std::make_unique<Node>(node::NodeCore(profile_, self, Random(random_value<std::uint64_t>()), beside)));
  timer_->by_id.emplace(self.id, index);
  return index;
}

const node::NodeCore& NodeDriver::core(std::uint32_t index) const { return nodes_.at(index)->core; }

void NodeDriver::step(std::uint32_t index, node::Input input) { feed(index, std::move(input)); }

void NodeDriver::step_later(std::uint32_t index, node::Input input) {
  boost::asio::post(loop_, [this, alive = timer_->alive, index, later = std::move(input)]() mutable {
    if (*alive) feed(index, std::move(later));
  });
}

template <class Call>
void NodeDriver::call(std::uint32_t index, Call&& into) {
  DART_CHECK(!stepping_);
  stepping_ = true;
  ++steps_;
  const TimePoint now = node_now();
  actions_.clear();
  into(nodes_[index]->core, now, actions_);
  const std::int64_t took_us = (node_now() - now).us;
  if (took_us > kSlowStepUs) ++slow_steps_;
  longest_step_us_ = std::max(longest_step_us_, took_us);
  perform(index, actions_);
  arm(index);
  stepping_ = false;
}

void NodeDriver::feed(std::uint32_t index, node::Input input) {
  call(index, [&](node::NodeCore& core, TimePoint now, std::vector<node::Action>& out) {
    core.step(now, std::move(input), out);
  });
}

void NodeDriver::start(std::uint32_t index, node::StartPlan plan) {
  call(index, [&](node::NodeCore& core, TimePoint now, std::vector<node::Action>& out) {
    core.start(now, std::move(plan), out);
  });
}

void NodeDriver::perform(std::uint32_t index, std::vector<node::Action>& actions) {
  for (auto& action : actions) {
    if (const auto* out = std::get_if<overlay::Send>(&action)) {
      send(index, *out);
    } else {
      events_.on_action(index, std::move(action));
    }
  }
}

void NodeDriver::send(std::uint32_t index, const overlay::Send& action) {
  const auto& endpoints = action.to.endpoints;
  const bool second = !endpoints[1].empty() && (endpoints[0].empty() || transport_->failing(endpoints[0]));
  const Endpoint& to = endpoints[second ? 1 : 0];
  if (to.empty()) return;
  auto& asked = nodes_[index]->asked;
  if (nodes_[index]->core.overlay().phase() != overlay::Phase::Joining) {
    asked = {};
  } else if (asked.empty() || !(asked.back() == action.to)) {
    if (asked.size() >= kAsked) asked.erase(asked.begin());
    asked.push_back(action.to);
  }
  const overlay::Envelope envelope{nodes_[index]->core.overlay().self(), action.to.id, action.to.nonce,
                                   action.message};
  const Channel channel = overlay::is_data(action.message) ? Channel::Control : Channel::Upkeep;
  transport_->send(to, channel, index, overlay::encode(envelope));
}

void NodeDriver::arm(std::uint32_t index) {
  Node& node = *nodes_[index];
  const auto deadline = node.core.next_deadline();
  if (!deadline || deadline->us >= node.armed_us) return;
  node.armed_us = deadline->us;
  timer_->wakes.push({deadline->us, index});
  arm_timer();
}

void NodeDriver::arm_timer() {
  if (timer_->wakes.empty() || timer_->wakes.top().at_us >= timer_->armed_us) return;
  timer_->armed_us = timer_->wakes.top().at_us;
  const std::int64_t wait_us = std::max<std::int64_t>(timer_->armed_us - node_now().us, 0);
  timer_->timer.expires_after(std::chrono::microseconds(wait_us));
  timer_->timer.async_wait([this, alive = timer_->alive](const boost::system::error_code& error) {
    if (!error && *alive) on_timer();
  });
}

void NodeDriver::on_timer() {
  timer_->armed_us = INT64_MAX;
  const std::int64_t now_us = node_now().us;
  while (!timer_->wakes.empty() && timer_->wakes.top().at_us <= now_us) {
    const Wake wake = timer_->wakes.top();
    timer_->wakes.pop();
    Node& node = *nodes_[wake.index];
    if (node.armed_us == wake.at_us) node.armed_us = INT64_MAX;
    const auto deadline = node.core.next_deadline();
    if (deadline && deadline->us <= now_us) {
      feed(wake.index, overlay::Tick{});
    } else {
      arm(wake.index);
    }
  }
  arm_timer();
}

/// For messages to whoever listens here: members take turns.
std::uint32_t NodeDriver::anybody() {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = (next_anybody_ + i) % count;
    if (!nodes_[index]->core.overlay().joined()) continue;
    next_anybody_ = index + 1;
    return index;
  }
  return 0;
}

Intake NodeDriver::on_message(const NodeId& from, const Endpoint& peer, Channel channel,
                              std::string_view body) {
  if (channel == Channel::Data) return on_data ? on_data(from, peer, body) : Intake::Malformed;
  auto envelope = overlay::decode(body);
  if (!envelope || envelope->from.id != from || nodes_.empty()) return Intake::Malformed;
  std::uint32_t index = 0;
  if (envelope->to.is_zero()) {
    index = anybody();
  } else {
    const auto found = timer_->by_id.find(envelope->to);
    if (found == timer_->by_id.end()) {
      transport_->send_no_such_node(peer, envelope->to);
      return Intake::NoSuchNode;
    }
    index = found->second;
  }
  feed(index, overlay::Received{envelope->from, envelope->to_nonce, std::move(envelope->message)});
  return Intake::Taken;
}

void NodeDriver::on_no_such_node(const Endpoint& peer, const NodeId& node) {
  tell_unreachable(peer, &node, true);
}

void NodeDriver::on_unreachable(const Endpoint& peer, bool refused) {
  tell_unreachable(peer, nullptr, refused);
}

/// Whether a node cannot be reached any more now that `peer` cannot: it may have another endpoint.
bool NodeDriver::gone_with(const overlay::NodeHandle& node, const Endpoint& peer) const {
  const auto& endpoints = node.endpoints;
  return std::find(endpoints.begin(), endpoints.end(), peer) != endpoints.end() &&
         std::all_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
           return endpoint.empty() || endpoint == peer || transport_->failing(endpoint);
         });
}

void NodeDriver::tell_joining(std::uint32_t index, const Endpoint& peer, bool refused) {
  auto& asked = nodes_[index]->asked;
  const auto gone = std::stable_partition(
      asked.begin(), asked.end(), [&](const overlay::NodeHandle& one) { return !gone_with(one, peer); });
  const std::vector<overlay::NodeHandle> silent(gone, asked.end());
  asked.erase(gone, asked.end());
  for (const auto& one : silent) feed(index, overlay::Unreachable{one, refused});
}

void NodeDriver::tell_unreachable(const Endpoint& peer, const NodeId* only, bool refused) {
  for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
    const auto view = nodes_[index]->core.view();
    if (only == nullptr && view.phase == overlay::Phase::Joining) tell_joining(index, peer, refused);
    for (const auto* contacts : {&view.left, &view.right, &view.table}) {
      for (const auto& contact : *contacts) {
        if (only != nullptr ? contact.node.id != *only : !gone_with(contact.node, peer)) continue;
        feed(index, overlay::Unreachable{contact.node, refused});
      }
    }
  }
}

void NodeDriver::on_ring(const RingId& ring) {
  if (ring_adopted) ring_adopted(ring);
}

}  // namespace dart::runtime
