#include "runtime/ring/ring_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/limits.hpp"
#include "runtime/ring/node_counters.hpp"

namespace dart::runtime {

namespace {

constexpr std::uint16_t kOverlayPort = 7400;
/// A name that the resolver does not know yet is asked for again after this.
constexpr Duration kResolveAgain{1'000'000};
/// Between a change of the neighbours and the file that tells of it.
constexpr Duration kPeersToDisk{300'000};
constexpr Duration kFarewell{500'000};
constexpr Duration kFarewellStep{10'000};
constexpr const char* kRecordsFile = "records.db";
/// No key of the Directory.
constexpr const char* kHomeKey = "home";

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
      client_([this](node::Input input) { driver_->step_later(0, std::move(input)); }),
      trees_([this](node::Input input) { driver_->step_later(0, std::move(input)); }),
      queries_([this](node::Input input) { driver_->step_later(0, std::move(input)); }) {}

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
  remembered_ = store_.peers();
  DART_TRY_STATUS(open_records());
  // A start is only a start once the disk knows of it: the life after this one must be a later one.
  DART_TRY_STATUS(store_.set_incarnation(store_.incarnation() + 1));
  if (!had_ring_ && settings_.bootstrap) {
    ring_ = random_value<RingId>();
    DART_TRY_STATUS(store_.set_ring(ring_, true));
  }
  founding_ = store_.founding();
  driver_->transport().set_ring(ring_);
  node::Beside beside;
  std::get<std::optional<directory::Config>>(beside) = settings_.directory;
  std::get<std::optional<directory::tree::Config>>(beside) = directory::tree::in_pace_of(settings_.profile);
  std::get<std::optional<directory::soft::Config>>(beside) = directory::soft::in_pace_of(settings_.profile);
  std::get<std::optional<placement::Config>>(beside) = settings_.queries;
  driver_->add_node(store_.incarnation(), beside);
  if (settings_.connectors != nullptr) {
    host_ = std::make_unique<QueryHost>(
        loop_, driver_->transport(), driver_->core(0).overlay().self(), *settings_.connectors,
        settings_.hosting, [this](node::Input input) { driver_->step_later(0, std::move(input)); });
    driver_->on_data = [this](const NodeId& from, const Endpoint& peer, std::string_view body) {
      return host_->on_frame(from, peer, body);
    };
  }
  return {};
}

Status RingNode::open_records() {
  const std::string path = settings_.folder + "/" + kRecordsFile;
  DART_TRY(auto records, RecordStore::open(path));
  DART_TRY(found_records_.entries, records.load());
  record_bytes_ = records.bytes();
  DART_TRY(const auto birth, file_birth(path));
  const auto home = std::find_if(found_records_.entries.begin(), found_records_.entries.end(),
                                 [](const auto& one) { return one.first == kHomeKey; });
  const bool at_home = home != found_records_.entries.end() && home->second == birth;
  found_records_.copied = !at_home && home != found_records_.entries.end();
  if (found_records_.copied) {
    fmt::print(stderr, "warning: '{}' was copied here; what it says is checked with the other members\n",
               path);
  }
  if (!at_home) home_ = RecordStore::Write{kHomeKey, birth};
  const bool of_a_ring = std::any_of(found_records_.entries.begin(), found_records_.entries.end(),
                                     [](const auto& one) { return one.first.starts_with('s'); });
  if (!had_ring_ && of_a_ring) {
    return fail(
        ErrorCode::Data,
        fmt::format("'{}/{}' is of a ring, and this folder belongs to none", settings_.folder, kRecordsFile),
        std::nullopt, "restore the file 'node' beside it, or start with an empty --data folder");
  }
  writer_ = std::make_unique<RecordWriter>(
      loop_, records_disk_, std::move(records),
      [this](std::uint64_t token, std::uint64_t bytes) { persisted(token, bytes); },
      // What it has promised and not written it must never answer for: others go on without it.
      [this](const Error& why) { stop(why); });
  return {};
}

void RingNode::persisted(std::uint64_t token, std::uint64_t bytes) {
  ++record_commits_;
  record_bytes_ = bytes;
  if (std::exchange(founding_, false)) {
    write([this, ring = ring_] { return store_.set_ring(ring, false); });
  }
  driver_->step(0, directory::Persisted{token, bytes});
}

void RingNode::begin() {
  if (settings_.join.empty() || (!had_ring_ && settings_.bootstrap)) return join({});
  resolve();
}

void RingNode::write(std::function<Status()> work) {
  disk_.add([this, work = std::move(work)] {
    const auto status = work();
    if (!status && disk_failures_++ == 0) fmt::print(stderr, "warning: {}\n", status.error().message);
  });
}

void RingNode::resolve() {
  disk_.add([this, alive = alive_, names = settings_.join] {
    std::vector<overlay::NodeHandle> seeds;
    for (const auto& name : names) {
      const auto found = resolve_endpoint(name, kOverlayPort);
      if (!found) continue;
      for (const Endpoint& endpoint : *found) seeds.emplace_back().endpoints[0] = endpoint;
    }
    boost::asio::post(loop_, [this, alive, found = std::move(seeds)]() mutable {
      if (!*alive || leaving_) return;
      if (found.empty() && remembered_.empty()) return after(kResolveAgain, [this] { resolve(); });
      join(std::move(found));
    });
  });
}

void RingNode::join(std::vector<overlay::NodeHandle> seeds) {
  std::erase_if(seeds,
                [&](const auto& seed) { return seed.endpoints[0] == driver_->transport().endpoint(); });
  // A ring id on disk means rejoin, also for the node that made the ring; with no peer to ask it is the ring.
  const bool alone = had_ring_ && remembered_.empty() && seeds.empty();
  driver_->start(0, {.bootstrap = alone || (!had_ring_ && settings_.bootstrap),
                     .seeds = std::move(seeds),
                     .remembered = remembered_,
                     .disk = std::move(found_records_),
                     .old_ring = had_ring_ && !founding_});
}

void RingNode::adopt(const RingId& ring) {
  ring_ = ring;
  write([this, ring] { return store_.set_ring(ring, false); });
}

void RingNode::remember_neighbours() {
  peers_dirty_ = false;
  const auto view = driver_->core(0).view();
  std::vector<overlay::NodeHandle> peers;
  for (const auto* contacts : {&view.left, &view.right, &view.table}) {
    for (const auto& contact : *contacts) peers.push_back(contact.node);
  }
  remember(std::move(peers));
}

void RingNode::remember(std::vector<overlay::NodeHandle> peers) {
  // Those that died come last but stay: when all lose power one by one, the last must still know the first.
  peers.insert(peers.end(), remembered_.begin(), remembered_.end());
  std::set<NodeId> seen;
  std::erase_if(peers, [&](const auto& peer) { return !seen.insert(peer.id).second; });
  if (peers.size() > limits::kKeptPeers) peers.resize(limits::kKeptPeers);
  if (peers == remembered_) return;
  remembered_ = std::move(peers);
  write([this, kept = remembered_] { return store_.write_peers(kept); });
}

void RingNode::on_action(std::uint32_t, node::Action&& action) {
  if (auto* transit = std::get_if<overlay::Transit>(&action)) {
    if (transit->routed.service == kTraceService)
      append_step(transit->routed.payload, driver_->core(0).overlay().self());
    driver_->step_later(0, overlay::Resume{std::move(transit->routed)});
  } else if (auto* deliver = std::get_if<overlay::Deliver>(&action)) {
    arrived(std::move(deliver->routed));
  } else if (const auto* direct = std::get_if<overlay::DeliverDirect>(&action)) {
    if (direct->service == kTraceReplyService) answered(direct->payload);
  } else if (const auto* failed = std::get_if<overlay::RouteFailed>(&action)) {
    fail_route(failed->request, "no answer from the root of the key in time");
  } else if (std::holds_alternative<overlay::Joined>(action)) {
    joined_ = true;
    enter_groups();
  } else if (auto* kept = std::get_if<overlay::Remember>(&action)) {
    write([this, incarnation = kept->incarnation]() -> Status {
      if (incarnation <= store_.incarnation()) return {};
      return store_.set_incarnation(incarnation);
    });
    remember(std::move(kept->peers));
  } else if (std::holds_alternative<overlay::NeighboursChanged>(action)) {
    if (!std::exchange(peers_dirty_, true)) after(kPeersToDisk, [this] { remember_neighbours(); });
  } else if (const auto* refused = std::get_if<overlay::JoinFailed>(&action)) {
    // Any other failure is tried again by the core.
    if (refused->reason == overlay::JoinFailure::DuplicateId) {
      stop(Error{ErrorCode::Capacity, "another live process has this node's id", std::nullopt,
                 "stop it; a copied --data folder or certificate must not run twice"});
    }
  } else if (std::holds_alternative<overlay::SteppedDown>(action)) {
    stop(Error{ErrorCode::Capacity, "another life of this node has taken its place in the ring", std::nullopt,
               "a copied --data folder or certificate must not run twice"});
  } else {
    on_records(std::move(action));
  }
}

void RingNode::on_records(node::Action&& action) {
  if (auto* persist = std::get_if<directory::Persist>(&action)) {
    RecordStore::Batch batch{persist->token, {}};
    // Together with what the Directory makes of a copy, so that the next start is not taken in.
    if (home_) batch.writes.push_back(*std::exchange(home_, std::nullopt));
    for (auto& one : persist->writes) batch.writes.push_back({std::move(one.key), std::move(one.value)});
    writer_->add(std::move(batch));
  } else if (const auto* completed = std::get_if<directory::Completed>(&action)) {
    client_.on(*completed);
  } else if (const auto* listed = std::get_if<directory::Listed>(&action)) {
    client_.on(*listed);
  } else if (const auto* reformed = std::get_if<directory::Reformed>(&action)) {
    client_.on(*reformed);
  } else if (const auto* changed = std::get_if<directory::Changed>(&action)) {
    client_.on(*changed);
  } else if (const auto* done = std::get_if<directory::soft::Done>(&action)) {
    client_.on(*done);
  } else if (const auto* totalled = std::get_if<directory::tree::Totalled>(&action)) {
    trees_.on(*totalled);
  } else if (const auto* offered = std::get_if<directory::tree::Offered>(&action)) {
    trees_.on(*offered);
  } else {
    on_queries(std::move(action));
  }
}

void RingNode::on_queries(node::Action&& action) {
  if (const auto* done = std::get_if<placement::RequestDone>(&action)) {
    queries_.on(*done);
  } else if (const auto* event = std::get_if<placement::QueryEvent>(&action)) {
    queries_.on(*event);
  } else if (std::holds_alternative<placement::Drained>(action)) {
    say_goodbye();
  } else if (auto* open = std::get_if<placement::OpenInstance>(&action)) {
    if (host_ != nullptr) return host_->open(std::move(*open));
    driver_->step_later(
        0, placement::Opened{open->query, open->epoch, open->instance, "this node runs no queries", false});
  } else if (host_ == nullptr) {
    return;
  } else if (const auto* fence = std::get_if<placement::Fence>(&action)) {
    host_->fence(*fence);
  } else if (const auto* barrier = std::get_if<placement::StartBarrier>(&action)) {
    host_->start_barrier(*barrier);
  } else if (const auto* hold = std::get_if<placement::HoldSources>(&action)) {
    host_->hold_sources(*hold);
  }
}

void RingNode::enter_groups() {
  const std::string id = driver_->core(0).overlay().self().id.text();
  for (const std::string& label : settings_.labels) {
    const std::string group = directory::tree::label_group(label);
    trees_.enter(group);
    trees_.set_counters(group, {{id, 1}});
  }
  trees_.enter(std::string(directory::tree::kRingGroup));
  const std::int64_t wall_us = std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count();
  driver_->step_later(0, placement::Identity{settings_.labels, wall_us - node_now().us});
  tell_counters();
}

void RingNode::tell_counters() {
  auto counters = counters_of(driver_->core(0));
  counters.emplace_back("record_commits", record_commits_);
  counters.emplace_back("record_bytes", record_bytes_);
  trees_.set_counters(std::string(directory::tree::kRingGroup), std::move(counters));
  after(directory::tree::in_pace_of(settings_.profile).report, [this] { tell_counters(); });
}

void RingNode::route(const Key& key, std::function<void(Result<RouteOutcome>)> done) {
  const std::uint64_t request = next_request_++;
  asked_[request] = {std::move(done), node_now()};
  if (!joined_) return fail_route(request, "this node has not joined a ring yet");
  driver_->step(0, overlay::Route{key, request, kTraceService, overlay::HopMode::Stepwise, true, {}});
}

void RingNode::arrived(overlay::Routed&& routed) {
  if (routed.service != kTraceService) return;
  append_step(routed.payload, driver_->core(0).overlay().self());
  driver_->step_later(0,
                      overlay::SendDirect{routed.origin, kTraceReplyService,
                                          encode_trace_reply(routed.request, node_now().us, routed.payload)});
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
  if (!joined_) return say_goodbye();
  driver_->step(0, placement::Drain{});
  // Whatever becomes of the handing over.
  after(settings_.queries.drain, [this] { say_goodbye(); });
}

void RingNode::say_goodbye() {
  if (std::exchange(said_goodbye_, true)) return;
  driver_->step_later(0, overlay::Leave{});
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
