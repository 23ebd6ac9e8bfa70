#include "runtime/ring/ring_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/limits.hpp"

namespace dart::runtime {

namespace {

constexpr std::uint16_t kOverlayPort = 7400;
constexpr Duration kJoinAgain{500'000};
/// A node that nobody answers waits this long, times its place among the peers it knew, before it forms the
/// ring anew.
constexpr Duration kTurn{1'500'000};
constexpr std::int64_t kTurns = 8;
constexpr Duration kCallPeers{2'000'000};
constexpr Duration kPeersToDisk{1'000'000};
constexpr Duration kFarewell{500'000};
constexpr Duration kFarewellStep{10'000};

}  // namespace

Result<std::unique_ptr<RingNode>> RingNode::start(boost::asio::io_context& loop, RingNodeSettings settings,
                                                  Stopped stopped) {
  DART_TRY(auto store, NodeStore::open(settings.folder));
  std::unique_ptr<RingNode> node(
      new RingNode(loop, std::move(settings), std::move(store), std::move(stopped)));
  DART_TRY_STATUS(node->open());
  node->begin();
  return node;
}

RingNode::RingNode(boost::asio::io_context& loop, RingNodeSettings settings, NodeStore store, Stopped stopped)
    : loop_(loop),
      settings_(std::move(settings)),
      store_(std::move(store)),
      stopped_(std::move(stopped)),
      random_(random_value<std::uint64_t>()) {}

RingNode::~RingNode() { *alive_ = false; }

Status RingNode::open() {
  TransportSettings transport;
  transport.listen = settings_.listen;
  transport.advertise = settings_.advertise;
  transport.identity = settings_.identity;
  if (transport.identity == nullptr) {
    DART_TRY(const auto key, store_.insecure_key());
    transport.identity = HostIdentity::insecure(key, 1);
  }
  had_ring_ = store_.ring().has_value();
  if (had_ring_) ring_ = *store_.ring();
  if (!had_ring_ && !settings_.bootstrap && settings_.join.empty()) {
    return fail(ErrorCode::InvalidArgument, "this node knows no ring", std::nullopt,
                "give --join with an endpoint of a member, or --bootstrap to make a new ring");
  }
  driver_ = std::make_unique<NodeDriver>(loop_, std::move(transport), settings_.profile, *this);
  driver_->ring_adopted = [this](const RingId& ring) { adopt(ring); };
  DART_TRY_STATUS(driver_->listen());
  known_ = store_.peers();
  std::erase(known_, driver_->transport().endpoint());
  // A start is only a start once the disk knows of it: the life after this one must be a later one.
  DART_TRY_STATUS(store_.set_incarnation(store_.incarnation() + 1));
  if (!had_ring_ && settings_.bootstrap) {
    ring_ = random_value<RingId>();
    DART_TRY_STATUS(store_.set_ring(ring_));
  }
  driver_->transport().set_ring(ring_);
  driver_->add_node(store_.incarnation());
  return {};
}

void RingNode::begin() {
  began_ = node_now();
  if (!had_ring_ && settings_.bootstrap) {
    driver_->step(0, overlay::Bootstrap{});
  } else {
    resolve_and_join();
  }
}

void RingNode::resolve_and_join() {
  disk_.add([this, alive = alive_, names = settings_.join] {
    std::vector<Endpoint> seeds;
    for (const auto& name : names) {
      // A name that does not resolve now may do so with the next try.
      if (const auto found = resolve_endpoint(name, kOverlayPort)) {
        seeds.insert(seeds.end(), found->begin(), found->end());
      }
    }
    boost::asio::post(loop_, [this, alive, found = std::move(seeds)]() mutable {
      if (*alive && !leaving_) join(std::move(found));
    });
  });
}

void RingNode::join(std::vector<Endpoint> seeds) {
  ++joins_tried_;
  seeds.insert(seeds.end(), known_.begin(), known_.end());
  std::erase(seeds, driver_->transport().endpoint());
  overlay::Join input;
  std::set<Endpoint> seen;
  for (const Endpoint& endpoint : seeds) {
    if (!seen.insert(endpoint).second) continue;
    overlay::NodeHandle seed;
    seed.endpoints[0] = endpoint;
    input.seeds.push_back(seed);
  }
  // Not always the same first: the seeds may be down for good.
  for (std::size_t i = input.seeds.size(); i > 1; --i)
    std::swap(input.seeds[i - 1], input.seeds[random_.below(i)]);
  driver_->step(0, std::move(input));
}

/// How long to wait before forming the ring anew: the place of this endpoint among the known ones decides, so
/// that hosts that start together do not all form one.
Duration RingNode::turn_to_form() const {
  const auto before = std::count_if(known_.begin(), known_.end(), [&](const Endpoint& peer) {
    return peer < driver_->transport().endpoint();
  });
  return {kTurn.us * (1 + std::min<std::int64_t>(before, kTurns))};
}

void RingNode::join_failed(overlay::JoinFailure reason) {
  if (reason == overlay::JoinFailure::DuplicateId) {
    stop(fail(ErrorCode::Capacity, "another live process has this node's id", std::nullopt,
              "stop it; a copied --data folder or certificate must not run twice")
             .value());
    return;
  }
  if (had_ring_ && !joined_ && node_now() - began_ >= turn_to_form()) {
    formed_anew_ = true;
    driver_->step_later(0, overlay::Bootstrap{});
    return;
  }
  after(kJoinAgain, [this] { resolve_and_join(); });
}

void RingNode::adopt(const RingId& ring) {
  ring_ = ring;
  disk_.add([this, ring] { (void)store_.set_ring(ring); });
}

void RingNode::remember_peers() {
  peers_dirty_ = false;
  const auto view = driver_->core(0).view();
  std::vector<Endpoint> now;
  const auto add = [&](const Endpoint& endpoint) {
    if (endpoint.empty() || endpoint == driver_->transport().endpoint()) return;
    if (std::find(now.begin(), now.end(), endpoint) == now.end() && now.size() < limits::kKeptPeers) {
      now.push_back(endpoint);
    }
  };
  for (const auto* contacts : {&view.left, &view.right, &view.table}) {
    for (const auto& contact : *contacts) add(contact.node.endpoints[0]);
  }
  for (const Endpoint& endpoint : known_) add(endpoint);
  if (now == known_) return;
  known_ = std::move(now);
  disk_.add([this, peers = known_] { (void)store_.write_peers(peers); });
}

/// A ring that was formed anew may be one of several: its members call the peers they knew until all are
/// back.
void RingNode::call_known_peers() {
  if (leaving_) return;
  if (joined_ && !known_.empty()) {
    const auto view = driver_->core(0).view();
    std::set<Endpoint> seen;
    for (const auto* contacts : {&view.left, &view.right, &view.table}) {
      for (const auto& contact : *contacts) seen.insert(contact.node.endpoints[0]);
    }
    std::vector<Endpoint> missing;
    std::copy_if(known_.begin(), known_.end(), std::back_inserter(missing),
                 [&](const Endpoint& endpoint) { return !seen.contains(endpoint); });
    if (!missing.empty()) driver_->probe(0, missing[random_.below(missing.size())]);
  }
  after(kCallPeers, [this] { call_known_peers(); });
}

void RingNode::on_action(std::uint32_t, overlay::Action&& action) {
  if (auto* transit = std::get_if<overlay::Transit>(&action)) {
    if (transit->routed.service == kTraceService)
      append_step(transit->routed.payload, driver_->core(0).self());
    driver_->step_later(0, overlay::Resume{std::move(transit->routed)});
  } else if (auto* deliver = std::get_if<overlay::Deliver>(&action)) {
    arrived(std::move(deliver->routed));
  } else if (const auto* direct = std::get_if<overlay::DeliverDirect>(&action)) {
    if (direct->service == kTraceReplyService) answered(direct->payload);
  } else if (const auto* failed = std::get_if<overlay::RouteFailed>(&action)) {
    fail_route(failed->request, "no answer from the root of the key in time");
  } else if (std::holds_alternative<overlay::NeighboursChanged>(action)) {
    if (!std::exchange(peers_dirty_, true)) after(kPeersToDisk, [this] { remember_peers(); });
  } else if (std::holds_alternative<overlay::Joined>(action)) {
    joined_ = true;
    after(kCallPeers, [this] { call_known_peers(); });
  } else if (const auto* not_joined = std::get_if<overlay::JoinFailed>(&action)) {
    join_failed(not_joined->reason);
  } else if (const auto* raise = std::get_if<overlay::RaiseIncarnation>(&action)) {
    disk_.add([this, incarnation = raise->incarnation] { (void)store_.set_incarnation(incarnation); });
  } else if (std::holds_alternative<overlay::SteppedDown>(action)) {
    stop(fail(ErrorCode::Capacity, "another life of this node has taken its place in the ring", std::nullopt,
              "a copied --data folder or certificate must not run twice")
             .value());
  }
}

void RingNode::route(const Key& key, std::function<void(Result<RouteOutcome>)> done) {
  const std::uint64_t request = next_request_++;
  asked_[request] = {std::move(done), node_now()};
  if (!joined_) return fail_route(request, "this node has not joined a ring yet");
  driver_->step(0, overlay::Route{key, request, kTraceService, overlay::HopMode::Stepwise, true, {}});
}

void RingNode::arrived(overlay::Routed&& routed) {
  if (routed.service != kTraceService) return;
  append_step(routed.payload, driver_->core(0).self());
  driver_->step_later(0, overlay::SendDirect{routed.origin, kTraceReplyService,
                                             encode_trace_reply(routed.request, routed.payload)});
}

void RingNode::answered(std::string_view payload) {
  auto reply = decode_trace_reply(payload);
  if (!reply) return;
  const auto found = asked_.find(reply->request);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  asked.done(RouteOutcome{std::move(reply->steps), (node_now() - asked.since).us});
}

void RingNode::fail_route(std::uint64_t request, const char* why) {
  const auto found = asked_.find(request);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  asked.done(fail(ErrorCode::NotFound, why));
}

void RingNode::leave() {
  if (std::exchange(leaving_, true)) return;
  driver_->step(0, overlay::Leave{});
  wait_for_farewell(node_now() + kFarewell);
}

void RingNode::wait_for_farewell(TimePoint until) {
  if (driver_->transport().idle() || node_now() >= until) return stop(std::nullopt);
  after(kFarewellStep, [this, until] { wait_for_farewell(until); });
}

void RingNode::stop(std::optional<Error> why) {
  leaving_ = true;
  boost::asio::post(loop_, [this, alive = alive_, reason = std::move(why)] {
    if (!*alive) return;
    driver_->transport().close();
    if (const auto stopped = std::exchange(stopped_, nullptr)) stopped(reason);
  });
}

void RingNode::after(Duration wait, std::function<void()> work) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, std::chrono::microseconds(wait.us));
  timer->async_wait([timer, alive = alive_, work = std::move(work)](const boost::system::error_code& error) {
    if (!error && *alive) work();
  });
}

}  // namespace dart::runtime
