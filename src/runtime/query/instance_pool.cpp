#include "runtime/query/instance_pool.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "engine/pick_policy.hpp"
#include "runtime/clock.hpp"

namespace dart::runtime {

namespace {

/// Times of sources are met at steps of this: many that are due at about the same time cost one waking.
constexpr std::int64_t kGrainUs = 1000;
/// How often at most the memory of a unit is measured.
constexpr std::int64_t kMeasureUs = 1'000'000;

Error from_exception(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorCode::Capacity, "out of memory", std::nullopt, {}};
  }
  return {ErrorCode::Io, exception.what(), std::nullopt, {}};
}

}  // namespace

struct InstancePool::Slot {
  explicit Slot(BasicMailbox<Arrival>::Bounds bounds) : mailbox(bounds) {}

  std::unique_ptr<RingUnit> unit;
  std::shared_ptr<Outlet> outlet;
  BasicMailbox<Arrival> mailbox;
  std::vector<std::function<void(RingUnit&)>> visits;
  bool reads = false;  // has sources
  bool sources_held = false;
  bool running = false;
  bool finished = false;
  bool removed = false;
  bool listed = false;
  bool due = true;                   // its sources may have rows
  std::optional<TimePoint> wake_at;  // while not due
  std::vector<int> fds;              // while not due
  bool unflushed = false;            // has handled something since its last pause
  std::uint64_t last_turn = 0;
  std::optional<std::uint64_t> barrier;  // it stands still behind
  std::optional<Error> failure;
  bool failure_told = false;
  Shown shown;
  std::optional<std::int64_t> measured_us;
};

/// What a worker does with a slot outside of the lock, and what it found.
struct InstancePool::Turn {
  std::shared_ptr<Outlet> outlet;
  std::vector<Arrival> batch;
  std::vector<std::function<void(RingUnit&)>> visits;
  bool read = false;
  struct Wait {
    std::optional<TimePoint> wake_at;
    std::vector<int> fds;
  };
  std::optional<Wait> wait;  // its sources have nothing now
  std::optional<Error> failure;
  std::optional<Shown> shown;
};

struct InstancePool::Worker {
  std::size_t index = 0;
  bool asleep = false;
  Waker waker;
};

InstancePool::InstancePool(const InstancePoolSettings& settings, Told told)
    : settings_(settings), told_(std::move(told)) {
  const std::size_t count = std::clamp<std::size_t>(settings_.workers, 1, limits::kWorkers);
  for (std::size_t w = 0; w < count; ++w) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->index = w;
  }
  for (const auto& worker : workers_) threads_.emplace_back([this, me = worker.get()] { work(*me); });
}

InstancePool::~InstancePool() {
  {
    const Lock lock(mutex_);
    ending_ = true;
    for (const auto& worker : workers_) worker->waker.wake();
  }
  for (auto& thread : threads_) thread.join();
}

InstancePool::SlotPtr InstancePool::add(std::unique_ptr<RingUnit> unit, std::shared_ptr<Outlet> outlet,
                                        bool hold_sources) {
  auto slot = std::make_shared<Slot>(settings_.bounds);
  slot->reads = unit->has_sources();
  slot->unit = std::move(unit);
  slot->outlet = std::move(outlet);
  slot->sources_held = hold_sources;
  // The first turn says whether it has ended already, as a LIMIT 0 or a snapshot of an end has.
  slot->visits.emplace_back([](RingUnit&) {});
  const Lock lock(mutex_);
  list(slot);
  wake_for_work(0);
  return slot;
}

void InstancePool::remove(const SlotPtr& slot) {
  const Lock lock(mutex_);
  if (std::exchange(slot->removed, true)) return;
  clear_timer(slot);
  list(slot);
  if (!slot->running) discarded_.push_back(slot);
  wake_for_work(0);
}

void InstancePool::put(const SlotPtr& slot, Arrival arrival, MessageSize size) {
  const Lock lock(mutex_);
  if (slot->removed || slot->finished || slot->failure) {
    if (const auto* packed = std::get_if<Packed>(&arrival)) packed->from->used(packed->bytes.size());
    return;
  }
  slot->mailbox.put(std::move(arrival), size);
  list(slot);
  wake_for_work(0);
}

void InstancePool::put(const SlotPtr& slot, std::vector<engine::Message>&& messages) {
  std::vector<MessageSize> sizes;
  sizes.reserve(messages.size());
  for (const auto& message : messages) sizes.push_back(size_of(message));
  const Lock lock(mutex_);
  if (slot->removed || slot->finished || slot->failure) return;
  for (std::size_t m = 0; m < messages.size(); ++m) slot->mailbox.put(std::move(messages[m]), sizes[m]);
  list(slot);
  wake_for_work(0);
}

void InstancePool::visit(const SlotPtr& slot, std::function<void(RingUnit&)> what) {
  const Lock lock(mutex_);
  if (slot->removed) return;
  slot->visits.push_back(std::move(what));
  list(slot);
  wake_for_work(0);
}

void InstancePool::rebind(const SlotPtr& slot, std::shared_ptr<Outlet> outlet) {
  const Lock lock(mutex_);
  slot->outlet = std::move(outlet);
}

void InstancePool::hold_sources(const SlotPtr& slot, bool hold) {
  const Lock lock(mutex_);
  if (slot->sources_held == hold) return;
  slot->sources_held = hold;
  slot->due = true;
  clear_timer(slot);
  list(slot);
  wake_for_work(0);
}

void InstancePool::room_changed() {
  const Lock lock(mutex_);
  wake_for_work(0);
}

void InstancePool::post(std::function<void()> task) {
  const Lock lock(mutex_);
  tasks_.push_back(std::move(task));
  wake_for_work(0);
}

InstancePool::Shown InstancePool::show(const SlotPtr& slot) {
  const Lock lock(mutex_);
  if (!slot->running && !slot->removed) slot->shown = shown_of(*slot->unit);
  Shown shown = slot->shown;
  shown.waiting = slot->mailbox.held();
  return shown;
}

MessageSize InstancePool::waiting(const SlotPtr& slot) {
  const Lock lock(mutex_);
  return slot->mailbox.held();
}

std::size_t InstancePool::state_bytes(const SlotPtr& slot) {
  const Lock lock(mutex_);
  return slot->shown.state_bytes;
}

bool InstancePool::finished(const SlotPtr& slot) {
  const Lock lock(mutex_);
  return slot->finished;
}

std::optional<std::uint64_t> InstancePool::held_barrier(const SlotPtr& slot) {
  const Lock lock(mutex_);
  return slot->barrier;
}

std::optional<Error> InstancePool::failure(const SlotPtr& slot) {
  const Lock lock(mutex_);
  return slot->failure;
}

bool InstancePool::full(const Slot& slot) { return !slot.finished && !slot.failure && slot.mailbox.full(); }

void InstancePool::work(Worker& me) {
  Lock lock(mutex_);
  while (!ending_) {
    if (!tasks_.empty()) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      wake_for_work(0);
      lock.unlock();
      task();
      lock.lock();
      continue;
    }
    if (!discarded_.empty()) {
      const SlotPtr gone = std::move(discarded_.back());
      discarded_.pop_back();
      lock.unlock();
      gone->unit.reset();
      gone->outlet.reset();
      gone->visits.clear();
      gone->mailbox.clear();
      told_(gone, Event::Closed);
      lock.lock();
      continue;
    }
    mark_due_sources();
    if (const SlotPtr picked = pick()) {
      run_turn(picked, lock);
    } else {
      sleep(me, lock);
    }
  }
}

void InstancePool::run_turn(const SlotPtr& slot, Lock& lock) {
  slot->running = true;
  slot->last_turn = ++turns_;
  Turn turn;
  turn.outlet = slot->outlet;
  turn.visits = std::exchange(slot->visits, {});
  turn.read = slot->reads && slot->due && !slot->sources_held && !slot->barrier && !slot->finished;
  if (!slot->barrier && turn.outlet->has_room()) slot->mailbox.take(settings_.turn_rows, turn.batch);
  turn.read = turn.read && turn.outlet->has_room();
  list(slot);
  wake_for_work(0);
  lock.unlock();
  try {
    drive(*slot, turn);
    turn.outlet->flush();
    pause_if_quiet(*slot, turn);
    measure(*slot, turn);
  } catch (const std::exception& exception) {
    turn.failure = from_exception(exception);
  }
  give_up(turn.batch);
  turn.visits.clear();
  lock.lock();
  settle(slot, turn, lock);
  wake_for_work(1);  // one of the jobs is for this worker
}

void InstancePool::drive(Slot& slot, Turn& turn) {
  for (const auto& visit : turn.visits) {
    visit(*slot.unit);
    hand_on(slot, turn);
  }
  const auto is_over = [&] { return turn.failure || slot.unit->failure() || slot.unit->finished(); };
  slot.unflushed |= !turn.batch.empty();
  for (Arrival& arrival : turn.batch) {
    if (is_over()) return;
    receive(slot, turn, arrival);
  }
  if (turn.read && !is_over() && !slot.unit->held_barrier()) read_sources(slot, turn);
}

void InstancePool::hand_on(Slot& slot, Turn& turn) {
  if (auto status = turn.outlet->send(slot.unit->outgoing()); !status && !turn.failure) {
    turn.failure = std::move(status).error();
  }
}

void InstancePool::receive(Slot& slot, Turn& turn, Arrival& arrival) {
  const auto give = [&](engine::Message&& message) {
    slot.unit->receive(std::move(message));
    hand_on(slot, turn);
  };
  if (auto* message = std::get_if<engine::Message>(&arrival)) return give(std::move(*message));
  const auto& packed = std::get<Packed>(arrival);
  auto messages = packed.from->unpack(packed.bytes);
  if (!messages) {
    turn.failure = std::move(messages).error();
    return;
  }
  for (auto& message : *messages) {
    give(std::move(message));
    if (turn.failure || slot.unit->failure() || slot.unit->finished()) return;
  }
}

void InstancePool::read_sources(Slot& slot, Turn& turn) {
  for (std::size_t rows = 0; rows < settings_.turn_rows;) {
    const auto read = slot.unit->poll(now(), std::min(settings_.turn_rows - rows, limits::kChunkRows));
    hand_on(slot, turn);
    if (turn.failure || slot.unit->failure() || slot.unit->finished()) return;
    if (read.rows == 0) {
      turn.wait = Turn::Wait{read.wake_at, slot.unit->ready_fds()};
      // A source that names neither a time nor a descriptor is asked again soon.
      if (!turn.wait->wake_at && turn.wait->fds.empty()) turn.wait->wake_at = now();
      return;
    }
    slot.unflushed = true;
    rows += read.rows;
    const Lock lock(mutex_);
    if (slot.removed || slot.sources_held || ending_ || !slot.visits.empty()) return;
    if (!turn.outlet->has_room()) return;
  }
}

/// Nothing waits for the unit: sinks show what they hold.
void InstancePool::pause_if_quiet(Slot& slot, const Turn& turn) {
  RingUnit& unit = *slot.unit;
  if (!slot.unflushed || turn.failure || unit.failure() || unit.finished()) return;
  const bool still = unit.held_barrier().has_value();
  {
    const Lock lock(mutex_);
    const bool reads_on = slot.reads && slot.due && !turn.wait && !slot.sources_held;
    if (!still && (!slot.mailbox.empty() || reads_on)) return;
  }
  slot.unflushed = false;
  unit.pause();
}

void InstancePool::measure(Slot& slot, Turn& turn) {
  const std::int64_t now_us = now().us;
  if (slot.measured_us && now_us - *slot.measured_us < kMeasureUs) return;
  slot.measured_us = now_us;
  turn.shown = shown_of(*slot.unit);
}

void InstancePool::settle(const SlotPtr& slot, Turn& turn, Lock& lock) {
  RingUnit& unit = *slot->unit;
  if (turn.shown) slot->shown = std::move(*turn.shown);
  if (!slot->failure) slot->failure = turn.failure ? std::move(turn.failure) : unit.failure();
  const auto held_before = std::exchange(slot->barrier, unit.held_barrier());
  const bool finished_before = std::exchange(slot->finished, unit.finished() && !slot->failure);
  std::vector<Arrival> rest;
  if (slot->finished || slot->failure) slot->mailbox.take(SIZE_MAX, rest);
  if (turn.wait) {
    clear_timer(slot);
    slot->due = false;
    slot->wake_at = turn.wait->wake_at;
    slot->fds = std::move(turn.wait->fds);
    set_timer(slot);
  }
  const bool failed = slot->failure && !std::exchange(slot->failure_told, true);
  const bool ended = slot->finished && !finished_before;
  const bool stands = slot->barrier && slot->barrier != held_before;
  if (failed || ended || stands || !rest.empty()) {
    lock.unlock();
    give_up(rest);
    rest.clear();
    if (failed) told_(slot, Event::Failed);
    if (ended) told_(slot, Event::Finished);
    if (stands) told_(slot, Event::Held);
    lock.lock();
  }
  slot->running = false;
  if (slot->removed) {
    clear_timer(slot);
    discarded_.push_back(slot);
  } else {
    list(slot);
  }
}

/// Whoever sent these may send more.
void InstancePool::give_up(const std::vector<Arrival>& arrivals) {
  for (const Arrival& arrival : arrivals) {
    if (const auto* packed = std::get_if<Packed>(&arrival)) packed->from->used(packed->bytes.size());
  }
}

InstancePool::Shown InstancePool::shown_of(const RingUnit& unit) {
  Shown shown;
  shown.operators = unit.report();
  for (const auto& one : shown.operators) shown.state_bytes += one.counters.state_bytes;
  return shown;
}

bool InstancePool::has_work(const Slot& slot) const {
  if (slot.running || slot.removed) return false;
  if (!slot.visits.empty()) return true;
  if (slot.finished || slot.failure || slot.barrier) return false;
  return !slot.mailbox.empty() || (slot.reads && slot.due && !slot.sources_held);
}

void InstancePool::list(const SlotPtr& slot) {
  const bool wanted = has_work(*slot);
  if (wanted == slot->listed) return;
  slot->listed = wanted;
  if (wanted) {
    ready_.push_back(slot);
  } else {
    std::erase(ready_, slot);
  }
}

void InstancePool::set_timer(const SlotPtr& slot) {
  if (slot->wake_at) {
    slot->wake_at->us = (slot->wake_at->us / kGrainUs + 1) * kGrainUs;
    timers_.emplace(slot->wake_at->us, slot);
    // Whoever watches may sleep beyond it.
    if (watcher_ && timers_.begin()->second == slot) workers_[*watcher_]->waker.wake();
  }
  if (!slot->fds.empty()) {
    watched_.push_back(slot);
    if (watcher_) workers_[*watcher_]->waker.wake();
  }
}

void InstancePool::clear_timer(const SlotPtr& slot) {
  if (slot->wake_at) timers_.erase({slot->wake_at->us, slot});
  if (!slot->fds.empty()) std::erase(watched_, slot);
  slot->wake_at.reset();
  slot->fds.clear();
}

void InstancePool::mark_due_sources() {
  if (timers_.empty()) return;
  const std::int64_t now_us = now().us;
  while (!timers_.empty() && timers_.begin()->first <= now_us) {
    const SlotPtr slot = timers_.begin()->second;
    clear_timer(slot);
    slot->due = true;
    list(slot);
  }
}

InstancePool::SlotPtr InstancePool::pick() const {
  std::vector<engine::InstanceLoad> loads;
  loads.reserve(ready_.size());
  for (const SlotPtr& slot : ready_) {
    // Who only wants to look does not wait for room.
    const bool available = !slot->visits.empty() || slot->outlet->has_room();
    loads.push_back({available, slot->mailbox.pending(), slot->last_turn});
  }
  const auto picked = engine::pick(loads);
  return picked ? ready_[*picked] : nullptr;
}

void InstancePool::wake_for_work(std::size_t for_me) {
  std::size_t jobs = tasks_.size() + discarded_.size();
  std::size_t sleeping = 0;
  for (const auto& worker : workers_) sleeping += worker->asleep ? 1 : 0;
  if (sleeping == 0) return;
  for (const SlotPtr& slot : ready_) {
    if (jobs >= for_me + sleeping) break;
    if (!slot->visits.empty() || slot->outlet->has_room()) ++jobs;
  }
  // The one that watches last: its waking is a new look at all times and descriptors.
  for (const bool watching : {false, true}) {
    for (const auto& worker : workers_) {
      if (jobs <= for_me) return;
      if (!worker->asleep || (watcher_ == worker->index) != watching) continue;
      worker->asleep = false;
      if (watching) watcher_.reset();
      worker->waker.wake();
      --jobs;
    }
  }
}

void InstancePool::sleep(Worker& me, Lock& lock) {
  std::optional<TimePoint> deadline;
  std::vector<int> fds;
  if (!watcher_) {
    watcher_ = me.index;
    if (!timers_.empty()) deadline = TimePoint{timers_.begin()->first};
    for (const SlotPtr& slot : watched_) fds.insert(fds.end(), slot->fds.begin(), slot->fds.end());
  }
  me.asleep = true;
  lock.unlock();
  const std::vector<int> readable = me.waker.wait_coarse(deadline, fds);
  lock.lock();
  me.asleep = false;
  if (watcher_ == me.index) watcher_.reset();
  if (readable.empty()) return;
  for (const SlotPtr& slot : std::vector<SlotPtr>(watched_)) {
    const bool ready = std::any_of(slot->fds.begin(), slot->fds.end(), [&](int fd) {
      return std::find(readable.begin(), readable.end(), fd) != readable.end();
    });
    if (!ready) continue;
    clear_timer(slot);
    slot->due = true;
    list(slot);
  }
}

}  // namespace dart::runtime
