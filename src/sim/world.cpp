#include "sim/world.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace dart::sim {

namespace {

constexpr std::uint16_t kPort = 7400;
/// The part of a node that almost every step reads.
constexpr std::size_t kHotBytes = 768;
/// How many events ahead the memory of each step is asked for.
constexpr std::size_t kFetchFlight = 10;
constexpr std::size_t kFetchMachine = 8;
constexpr std::size_t kFetchCore = 6;
constexpr std::size_t kFetchSlot = 3;
constexpr std::size_t kFetchPeer = 1;
/// Messages of one life that can be replayed in the next.
constexpr std::size_t kSentKept = 12;
/// What was decoded is encoded again, and compared, once in so many times.
constexpr std::uint64_t kSameBytesEvery = 16;
constexpr std::int64_t kNsPerUs = 1000;
constexpr std::uint64_t kPlaces = 1;
constexpr std::uint64_t kNetwork = 2;
constexpr std::uint64_t kNodes = 3;
constexpr std::uint64_t kDisks = 4;

}  // namespace

World::World(const WorldOptions& options, std::unique_ptr<DelayModel> delays)
    : options_(options),
      delays_(std::move(delays)),
      places_(Random(options.seed).split(kPlaces)),
      network_(Random(options.seed).split(kNetwork)),
      nodes_(Random(options.seed).split(kNodes)),
      disks_(Random(options.seed).split(kDisks)) {}

std::uint32_t World::machine_of(const overlay::NodeHandle& node) {
  const auto& a = node.endpoints[0].address;
  const std::uint32_t host =
      (std::uint32_t{a[12]} << 24) | (std::uint32_t{a[13]} << 16) | (std::uint32_t{a[14]} << 8) | a[15];
  return host - 1;
}

overlay::NodeHandle World::handle_of(std::uint32_t machine, std::uint32_t incarnation,
                                     std::uint64_t nonce) const {
  overlay::NodeHandle handle;
  handle.id = machines_[machine].id;
  handle.endpoints[0] = overlay::Endpoint::ipv4(machine + 1, kPort);
  handle.incarnation = incarnation;
  handle.nonce = nonce;
  return handle;
}

std::uint32_t World::add_machine(std::optional<NodeId> id) {
  const std::uint32_t number = machines();
  delays_->add_machine(places_);
  Random random = nodes_.split(number);
  Machine& machine = machines_.emplace_back();
  machine.id = id ? *id : NodeId::draw(random);
  if (options_.drift_ppm > 0) {
    const auto span = static_cast<std::uint64_t>(2 * options_.drift_ppm + 1);
    machine.drift_ppm = static_cast<std::int64_t>(random.below(span)) - options_.drift_ppm;
    machine.offset_us = static_cast<std::int64_t>(random.below(3'600'000'000));
  }
  return number;
}

void World::start(std::uint32_t number, const std::vector<std::uint32_t>& seeds, bool bootstrap) {
  Machine& machine = machines_[number];
  DART_CHECK(machine.state == MachineState::Off);
  Random random = nodes_.split(number).split(0x1000 + machine.lives++);
  ++machine.disk.incarnation;
  if (!machine.sent.empty()) {
    machine.past = std::move(machine.sent);
    machine.sent.clear();
    machine.next_sent = 0;
  }
  const auto handle = handle_of(number, machine.disk.incarnation, random.next() | 1);
  machine.core = std::make_unique<node::NodeCore>(
      options_.config, handle, random,
      node::Beside{options_.directory, options_.tree, options_.soft, options_.queries});
  machine.state = MachineState::Up;
  machine.host_answers = true;
  machine.wake_us = INT64_MAX;
  node::StartPlan plan;
  plan.bootstrap = bootstrap;
  plan.remembered = machine.disk.remembered;
  plan.disk.entries.assign(machine.disk.entries.begin(), machine.disk.entries.end());
  plan.disk.copied = std::exchange(machine.disk.copied, false);
  for (const std::uint32_t seed : seeds) {
    overlay::NodeHandle unknown = handle_of(seed, 0, 0);
    unknown.id = {};
    plan.seeds.push_back(unknown);
  }
  machine.core->start(local(machine, now_.us), std::move(plan), actions_);
  perform(number);
}

void World::crash(std::uint32_t number, bool host_answers) {
  Machine& machine = machines_[number];
  lose_power(machine);
  machine.core.reset();
  machine.waiting.clear();
  machine.tick_waits = false;
  machine.busy_until_ns = 0;
  machine.state = MachineState::Off;
  machine.host_answers = host_answers;
  machine.wake_us = INT64_MAX;
}

void World::write_to_disk(std::uint32_t number, directory::Persist persist) {
  machines_[number].unwritten.push_back(std::move(persist));
  if (machines_[number].syncing == 0) start_sync(number);
}

void World::start_sync(std::uint32_t number) {
  Machine& machine = machines_[number];
  machine.syncing = machine.unwritten.size();
  const auto spread = static_cast<std::uint64_t>(options_.fsync_us) + 1;
  machine.sync_done_us =
      now_.us + leaves_us_ + options_.fsync_us + static_cast<std::int64_t>(disks_.below(spread));
  queue_.push(machine.sync_done_us, EventKind::Disk, number);
}

void World::apply(const directory::Persist& persist, Disk& disk) {
  for (const directory::Write& write : persist.writes) {
    if (write.value) {
      disk.entries[write.key] = *write.value;
    } else {
      disk.entries.erase(write.key);
    }
  }
}

void World::disk_done(std::uint32_t number) {
  Machine& machine = machines_[number];
  // After a crash the events of what was lost still come.
  if (machine.syncing == 0 || machine.sync_done_us != now_.us) return;
  if (machine.state == MachineState::Paused) {
    machine.sync_done_us = machine.resume_us;
    queue_.push(machine.resume_us, EventKind::Disk, number);
    return;
  }
  std::uint64_t token = 0;
  for (; machine.syncing > 0; --machine.syncing) {
    apply(machine.unwritten.front(), machine.disk);
    token = machine.unwritten.front().token;
    machine.unwritten.pop_front();
  }
  ++totals_.fsyncs;
  if (!machine.unwritten.empty()) start_sync(number);
  feed(number, directory::Persisted{token});
}

/// Of what was asked for and not confirmed, any number of the first may have reached the disk.
void World::lose_power(Machine& machine) {
  for (const directory::Persist& unwritten : machine.unwritten) {
    if (disks_.chance(1, 2)) break;
    apply(unwritten, machine.disk);
  }
  machine.unwritten.clear();
  machine.syncing = 0;
}

void World::pause(std::uint32_t number, Duration length) {
  Machine& machine = machines_[number];
  if (machine.state != MachineState::Up) return;
  machine.state = MachineState::Paused;
  machine.resume_us = now_.us + length.us;
  machine.wake_us = machine.resume_us;
  queue_.push(machine.resume_us, EventKind::Wake, number);
}

void World::command(std::uint32_t machine, node::Input&& input) { feed(machine, std::move(input)); }

std::int64_t World::virtual_of(const Machine& machine, std::int64_t wanted) {
  std::int64_t at = (wanted - machine.offset_us) * 1'000'000 / (1'000'000 + machine.drift_ppm);
  while (local_us(machine, at) < wanted) ++at;
  return at;
}

void World::run_until(TimePoint until) {
  while (run_one(until)) {
  }
  now_ = std::max(now_, until);
}

bool World::run_one(TimePoint until) {
  if (queue_.empty() || queue_.top().at_us > until.us) return false;
  const Event event = queue_.pop();
  fetch_ahead();
  now_.us = std::max(now_.us, event.at_us);
  if (event.kind == EventKind::Arrival) {
    ++totals_.events;
    arrive(event.item);
    return true;
  }
  Machine& machine = machines_[event.item];
  if (event.kind == EventKind::Disk) {
    disk_done(event.item);
    return true;
  }
  if (event.kind == EventKind::Serve) {
    serve_next(event.item);
    return true;
  }
  if (machine.state == MachineState::Off || machine.wake_us != event.at_us) return true;
  ++totals_.events;
  machine.wake_us = INT64_MAX;
  machine.state = MachineState::Up;
  feed(event.item, overlay::Tick{});
  return true;
}

void World::fetch_ahead() {
  // A big ring is far larger than any cache, and every event touches another node: ask for the memory early,
  // step by step along the pointers.
  if (const Event* event = queue_.peek(kFetchFlight); event != nullptr) {
    if (event->kind == EventKind::Arrival) {
      const auto* flight = reinterpret_cast<const char*>(&flights_[event->item]);
      for (std::size_t i = 0; i < sizeof(Flight); i += 64) __builtin_prefetch(flight + i);
    } else {
      __builtin_prefetch(&machines_[event->item]);
    }
  }
  const auto machine_of = [&](const Event& event) -> const Machine& {
    return machines_[event.kind == EventKind::Arrival ? flights_[event.item].to : event.item];
  };
  if (const Event* event = queue_.peek(kFetchMachine); event != nullptr)
    __builtin_prefetch(&machine_of(*event));
  if (const Event* event = queue_.peek(kFetchCore); event != nullptr) {
    const auto* core = reinterpret_cast<const char*>(machine_of(*event).core.get());
    if (core != nullptr) {
      for (std::size_t i = 0; i < kHotBytes; i += 64) __builtin_prefetch(core + i);
    }
  }
  for (const std::size_t ahead : {kFetchSlot, kFetchPeer}) {
    const Event* event = queue_.peek(ahead);
    if (event == nullptr || event->kind != EventKind::Arrival) continue;
    const node::NodeCore* core = machine_of(*event).core.get();
    if (core == nullptr) continue;
    const NodeId& sender = flights_[event->item].envelope.from.id;
    ahead == kFetchSlot ? core->overlay().expect_soon(sender) : core->overlay().expect_now(sender);
  }
}

void World::arrive(std::uint32_t number) {
  Flight& flight = flights_[number];
  const std::uint32_t to = flight.to;
  Machine& machine = machines_[to];
  if (machine.state == MachineState::Paused) {
    queue_.push(machine.resume_us, EventKind::Arrival, number);
    return;
  }
  // The place may be taken again, and the list may grow, before this message has been dealt with.
  free_flights_.push_back(number);
  if (machine.state == MachineState::Off) {
    if (!machine.host_answers || flight.refusal) return;
    ++totals_.refused;
    Flight news;
    news.refusal = true;
    news.envelope.from = handle_of(to, machine.disk.incarnation, flight.envelope.to_nonce);
    launch(to, flight.from, 0, std::move(news));
    return;
  }
  if (flight.refusal) {
    feed(to, overlay::Unreachable{flight.envelope.from, true});
    return;
  }
  overlay::Envelope& envelope = flight.envelope;
  if (!envelope.to.is_zero() && envelope.to != machine.id) return;
  feed(to, overlay::Received{envelope.from, envelope.to_nonce, std::move(envelope.message)});
}

void World::feed(std::uint32_t number, node::Input&& input) {
  Machine& machine = machines_[number];
  if (!machine.core) return;
  const std::int64_t now_ns = now_.us * kNsPerUs;
  const bool idle = machine.waiting.empty() && machine.busy_until_ns <= now_ns;
  if (processor_ == nullptr || idle || processor_->urgent(input)) {
    return serve(number, std::move(input), now_ns);
  }
  if (machine.waiting.empty()) queue_.push(free_at_us(machine), EventKind::Serve, number);
  machine.tick_waits = machine.tick_waits || std::holds_alternative<overlay::Tick>(input);
  machine.waiting.push_back({std::move(input), now_.us});
  machine.server.longest_queue = std::max(machine.server.longest_queue, machine.waiting.size());
}

void World::serve(std::uint32_t number, node::Input&& input, std::int64_t start_ns) {
  Machine& machine = machines_[number];
  if (processor_ != nullptr) processor_->begin(*machine.core, input);
  machine.core->step(local(machine, now_.us), std::move(input), actions_);
  if (processor_ != nullptr) {
    const std::int64_t took_ns = processor_->end(*machine.core, actions_);
    machine.busy_until_ns = std::max(machine.busy_until_ns, start_ns) + took_ns;
    machine.server.busy_ns += took_ns;
    ++machine.server.steps;
    leaves_us_ = std::max<std::int64_t>(0, (start_ns + took_ns + kNsPerUs - 1) / kNsPerUs - now_.us);
  }
  if (options_.check_every != 0 && ++steps_ % options_.check_every == 0) machine.core->check_invariants();
  perform(number);
  leaves_us_ = 0;
}

/// The machine is free: what has waited longest is its next.
void World::serve_next(std::uint32_t number) {
  Machine& machine = machines_[number];
  if (machine.waiting.empty()) return;
  // Something urgent came between, or it is an event of a life before.
  const std::int64_t earliest_us =
      machine.state == MachineState::Paused ? machine.resume_us : free_at_us(machine);
  if (earliest_us > now_.us) {
    queue_.push(earliest_us, EventKind::Serve, number);
    return;
  }
  Waiting next = std::move(machine.waiting.front());
  machine.waiting.pop_front();
  if (std::holds_alternative<overlay::Tick>(next.input)) machine.tick_waits = false;
  machine.server.longest_wait_us = std::max(machine.server.longest_wait_us, now_.us - next.since_us);
  // To the nanosecond where it stopped: events have whole microseconds, and a long queue would pay for them.
  serve(number, std::move(next.input), std::max(machine.busy_until_ns, next.since_us * kNsPerUs));
  if (!machine.waiting.empty()) queue_.push(free_at_us(machine), EventKind::Serve, number);
}

void World::perform(std::uint32_t number) {
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    node::Action& action = actions_[i];
    if (options_.hash_actions) hash_action(number, action);
    if (observer_ != nullptr) observer_->on_action(number, action);
    if (auto* sending = std::get_if<overlay::Send>(&action)) {
      send(number, *sending);
    } else if (auto* kept = std::get_if<overlay::Remember>(&action)) {
      machines_[number].disk.incarnation = kept->incarnation;
      machines_[number].disk.remembered = std::move(kept->peers);
    } else if (auto* persist = std::get_if<directory::Persist>(&action)) {
      write_to_disk(number, std::move(*persist));
    }
  }
  actions_.clear();
  Machine& machine = machines_[number];
  if (machine.core && machine.core->overlay().phase() == overlay::Phase::Gone) {
    crash(number, true);
    return;
  }
  arm(number);
}

void World::arm(std::uint32_t number) {
  Machine& machine = machines_[number];
  if (machine.state != MachineState::Up || machine.tick_waits) return;
  const auto deadline = machine.core->next_deadline();
  if (!deadline) return;
  const std::int64_t at = std::max(virtual_of(machine, deadline->us), now_.us);
  if (at >= machine.wake_us) return;
  machine.wake_us = at;
  queue_.push(at, EventKind::Wake, number);
}

void World::send(std::uint32_t from, overlay::Send& sending) {
  const std::uint32_t to = machine_of(sending.to);
  if (to >= machines()) return;
  ++totals_.messages;
  ++totals_.by_kind[sending.message.index()];
  Machine& sender = machines_[from];
  if ((grouped_ && sender.group != machines_[to].group) ||
      std::find(cuts_.begin(), cuts_.end(), std::pair{from, to}) != cuts_.end()) {
    ++totals_.cut;
    return;
  }
  if (!rejects_.empty() && rejected(from, to)) {
    ++totals_.refused;
    Flight news;
    news.refusal = true;
    news.envelope.from = sending.to;
    launch(to, from, 0, std::move(news));
    return;
  }
  if (faults.loss_permille != 0 && network_.chance(faults.loss_permille, 1000)) {
    ++totals_.lost;
    return;
  }
  Flight flight;
  flight.envelope = overlay::Envelope{sender.core->overlay().self(), sending.to.id, sending.to.nonce,
                                      std::move(sending.message)};
  if (totals_.messages % options_.codec_every == 0) through_codec(flight.envelope);
  if (options_.keep_sent) keep(sender, to, flight.envelope);
  if (faults.duplicate_permille != 0 && network_.chance(faults.duplicate_permille, 1000)) {
    ++totals_.duplicated;
    launch(from, to, leaves_us_ + static_cast<std::int64_t>(network_.below(100'000)), Flight(flight));
  }
  launch(from, to, leaves_us_ + lateness(flight.envelope.message), std::move(flight));
}

std::int64_t World::lateness(const overlay::Message& message) {
  const auto* direct = std::get_if<overlay::Direct>(&message);
  if (direct == nullptr || faults.late_permille == 0 || direct->service != faults.late_service) return 0;
  if (!network_.chance(faults.late_permille, 1000)) return 0;
  return static_cast<std::int64_t>(network_.below(static_cast<std::uint64_t>(faults.late_us)));
}

bool World::rejected(std::uint32_t a, std::uint32_t b) const {
  return std::any_of(rejects_.begin(), rejects_.end(), [&](const auto& pair) {
    return pair == std::pair{a, b} || pair == std::pair{b, a};
  });
}

void World::keep(Machine& sender, std::uint32_t to, const overlay::Envelope& envelope) {
  // Data is repeated by its origin anyhow; who sent what about whom is worth keeping.
  if (overlay::is_data(envelope.message)) return;
  if (sender.sent.size() < kSentKept) {
    sender.sent.push_back({envelope, to});
  } else {
    sender.sent[sender.next_sent++ % kSentKept] = {envelope, to};
  }
}

std::size_t World::replay_past(std::uint32_t machine) {
  std::vector<Sent> past = std::move(machines_[machine].past);
  machines_[machine].past.clear();
  for (Sent& sent : past) {
    Flight flight;
    flight.envelope = std::move(sent.envelope);
    launch(machine, sent.to, 0, std::move(flight));
  }
  totals_.replayed += past.size();
  return past.size();
}

void World::launch(std::uint32_t from, std::uint32_t to, std::int64_t extra_us, Flight&& flight) {
  std::int64_t at = now_.us + delays_->delay(from, to).us + extra_us;
  if (slowed_) at += machines_[from].slow_us + machines_[to].slow_us;
  if (faults.reorder_permille != 0 && network_.chance(faults.reorder_permille, 1000)) {
    ++totals_.reordered;
    at += static_cast<std::int64_t>(network_.below(static_cast<std::uint64_t>(faults.reorder_us)));
  }
  flight.from = from;
  flight.to = to;
  std::uint32_t number = 0;
  if (free_flights_.empty()) {
    number = static_cast<std::uint32_t>(flights_.size());
    flights_.push_back(std::move(flight));
  } else {
    number = free_flights_.back();
    free_flights_.pop_back();
    flights_[number] = std::move(flight);
  }
  queue_.push(at, EventKind::Arrival, number);
}

void World::through_codec(overlay::Envelope& envelope) {
  const std::string bytes = overlay::encode(envelope);
  auto decoded = overlay::decode(bytes);
  DART_CHECK(decoded.has_value());
  if (totals_.encoded % kSameBytesEvery == 0) DART_CHECK(overlay::encode(*decoded) == bytes);
  ++totals_.encoded;
  totals_.encoded_bytes += bytes.size();
  const bool data = overlay::is_data(envelope.message) ||
                    std::holds_alternative<overlay::HopAck>(envelope.message) ||
                    std::holds_alternative<overlay::Receipt>(envelope.message);
  if (!data) {
    ++totals_.upkeep_encoded;
    totals_.upkeep_bytes += bytes.size();
  }
  envelope = std::move(*decoded);
}

void World::hash_action(std::uint32_t number, const node::Action& action) {
  mix(static_cast<std::uint64_t>(now_.us));
  mix((std::uint64_t{number} << 8) | action.index());
  if (const auto* sending = std::get_if<overlay::Send>(&action)) {
    mix(sending->to.id.low);
    mix(sending->message.index());
    if (const auto* beat = std::get_if<overlay::Heartbeat>(&sending->message)) {
      mix(beat->leaf_hash ^ beat->stamp);
      mix(static_cast<std::uint64_t>(beat->coordinate.x));
    } else if (const auto* routed = std::get_if<overlay::Routed>(&sending->message)) {
      mix(routed->request ^ routed->key.low);
    }
  } else if (const auto* delivered = std::get_if<overlay::Deliver>(&action)) {
    mix(delivered->routed.request ^ delivered->routed.key.low);
  } else if (const auto* completed = std::get_if<directory::Completed>(&action)) {
    mix(completed->tag ^ completed->answer.version);
  } else if (const auto* soft = std::get_if<directory::soft::Done>(&action)) {
    mix(mix64(soft->tag ^ static_cast<std::uint64_t>(soft->outcome)) ^ soft->record.version.number);
  } else if (const auto* told = std::get_if<directory::tree::Delivered>(&action)) {
    mix(told->id.low);
  } else if (const auto* totalled = std::get_if<directory::tree::Totalled>(&action)) {
    mix(totalled->members);
  }
}

}  // namespace dart::sim
