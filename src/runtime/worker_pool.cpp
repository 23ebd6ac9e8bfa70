#include "runtime/worker_pool.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#include "engine/pick_policy.hpp"
#include "runtime/clock.hpp"

namespace dart::runtime {

namespace {

Error from_exception(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorCode::Capacity, "out of memory", std::nullopt, {}};
  }
  return {ErrorCode::Io, exception.what(), std::nullopt, {}};
}

}  // namespace

struct WorkerPool::Slot {
  explicit Slot(UnitWiring wiring, std::vector<std::size_t> fed, Mailbox::Bounds bounds)
      : unit(std::move(wiring.unit)),
        only_feeds(wiring.only_feeds),
        feeds(std::move(fed)),
        mailbox(bounds),
        reads(unit->has_sources()) {}

  std::unique_ptr<Unit> unit;
  bool only_feeds;
  std::vector<std::size_t> feeds;
  Mailbox mailbox;
  bool reads;  // has sources that have not been stopped
  bool running = false;
  bool finished = false;
  bool due = true;                   // its sources may have rows
  std::optional<TimePoint> wake_at;  // while not due
  std::vector<int> fds;              // while not due
  bool unflushed = false;            // has handled something since its last pause
  std::uint64_t last_turn = 0;
};

struct WorkerPool::Worker {
  std::size_t index = 0;
  std::optional<std::size_t> only;  // the one unit it runs in the thread-per-unit model
  bool asleep = false;
  Waker waker;
};

WorkerPool::WorkerPool(std::vector<UnitWiring> units, std::vector<std::size_t> targets,
                       std::vector<std::vector<std::size_t>> feeds, const PoolSettings& settings,
                       StopSignal& stop)
    : targets_(std::move(targets)), settings_(settings), stop_(stop), unfinished_(units.size()) {
  DART_CHECK(feeds.size() == units.size() && !units.empty());
  for (std::size_t u = 0; u < units.size(); ++u) {
    slots_.push_back(std::make_unique<Slot>(std::move(units[u]), std::move(feeds[u]), settings_.bounds));
  }
  const std::size_t count =
      settings_.thread_per_unit ? slots_.size() : std::max<std::size_t>(1, settings_.workers);
  for (std::size_t w = 0; w < count; ++w) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->index = w;
    if (settings_.thread_per_unit) workers_.back()->only = w;
  }
}

WorkerPool::~WorkerPool() = default;

Unit& WorkerPool::unit(std::size_t index) { return *slots_[index]->unit; }

MessageSize WorkerPool::peak(std::size_t index) const { return slots_[index]->mailbox.peak(); }

std::optional<Error> WorkerPool::run() {
  Worker& first = *workers_.front();
  // Who watches for times and descriptors also hears of a stop; a worker that is awake looks at the flag
  // itself.
  stop_.notify(&first.waker);
  std::vector<std::thread> threads;
  for (std::size_t w = 1; w < workers_.size(); ++w) {
    threads.emplace_back([this, w] { work_guarded(*workers_[w]); });
  }
  work_guarded(first);
  for (auto& thread : threads) thread.join();
  stop_.notify(nullptr);
  return failure_;
}

void WorkerPool::work_guarded(Worker& me) {
  use_precise_timers();
  try {
    work(me);
  } catch (const std::exception& exception) {
    const Lock lock(mutex_);
    fail(from_exception(exception));
  }
}

void WorkerPool::work(Worker& me) {
  Lock lock(mutex_);
  while (!done_) {
    mark_due_sources();
    if (const auto picked = pick_for(me)) {
      run_turn(*slots_[*picked], lock);
    } else {
      sleep(me, lock);
    }
  }
}

void WorkerPool::run_turn(Slot& slot, Lock& lock) {
  slot.running = true;
  slot.last_turn = ++turns_;
  std::vector<engine::Message> batch;
  slot.mailbox.take(settings_.turn_rows, batch);
  wake_for_work(0);
  lock.unlock();
  drive(slot, batch);
  batch.clear();
  lock.lock();
  settle(slot, lock);
  wake_for_work(1);  // one of the jobs is for this worker
}

void WorkerPool::drive(Slot& slot, std::vector<engine::Message>& batch) {
  if (slot.reads && stop_.requested()) {
    slot.reads = false;
    slot.unit->stop_sources();
    slot.unit->poll(now(), limits::kChunkRows);
    deliver(slot);
  }
  slot.unflushed |= !batch.empty();
  for (auto& message : batch) {
    slot.unit->receive(std::move(message));
    deliver(slot);
    if (slot.unit->failure() || slot.unit->finished()) return;
  }
  if (slot.reads && slot.due) read_sources(slot);
}

void WorkerPool::read_sources(Slot& slot) {
  for (std::size_t rows = 0; rows < settings_.turn_rows;) {
    const auto turn = slot.unit->poll(now(), std::min(settings_.turn_rows - rows, limits::kChunkRows));
    deliver(slot);
    if (slot.unit->failure() || slot.unit->finished()) return;
    if (turn.rows == 0) {
      slot.wake_at = turn.wake_at;
      slot.fds = slot.unit->ready_fds();
      // A source that names neither a time nor a descriptor is asked again at once.
      slot.due = !slot.wake_at && slot.fds.empty();
      return;
    }
    slot.unflushed = true;
    rows += turn.rows;
    if (stop_.requested()) return;
    const Lock lock(mutex_);
    if (!has_room(slot) || done_) return;
  }
}

void WorkerPool::deliver(Slot& from) {
  auto& messages = from.unit->outgoing();
  if (messages.empty()) return;
  std::vector<MessageSize> sizes;
  sizes.reserve(messages.size());
  for (const auto& message : messages) sizes.push_back(size_of(message));
  const Lock lock(mutex_);
  for (std::size_t m = 0; m < messages.size(); ++m) {
    Slot& to = *slots_[targets_[messages[m].exchange]];
    if (!to.finished) to.mailbox.put(std::move(messages[m]), sizes[m]);
  }
  messages.clear();
  wake_for_work(0);
}

void WorkerPool::settle(Slot& slot, Lock& lock) {
  const auto has_more = [&] { return !slot.mailbox.empty() || (slot.reads && slot.due); };
  if (slot.unflushed && !has_more() && !slot.unit->finished() && !slot.unit->failure()) {
    slot.unflushed = false;
    lock.unlock();
    slot.unit->pause();
    lock.lock();
  }
  slot.running = false;
  if (slot.reads && !slot.due) watcher_.reset();  // whoever watches does not know of this wait yet
  if (slot.unit->failure()) {
    fail(*slot.unit->failure());
    return;
  }
  if (slot.unit->finished() && !slot.finished) {
    slot.finished = true;
    slot.mailbox.clear();
    --unfinished_;
    retire_feeders();
  }
  if (unfinished_ == 0) {
    done_ = true;
    wake_all();
  }
}

void WorkerPool::retire_feeders() {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& slot : slots_) {
      if (slot->finished || !slot->only_feeds) continue;
      if (!std::all_of(slot->feeds.begin(), slot->feeds.end(),
                       [&](std::size_t f) { return slots_[f]->finished; })) {
        continue;
      }
      slot->finished = true;
      slot->mailbox.clear();
      --unfinished_;
      changed = true;
    }
  }
}

void WorkerPool::sleep(Worker& me, Lock& lock) {
  std::optional<TimePoint> deadline;
  std::vector<int> fds;
  const bool watches = me.only || !watcher_;
  if (watches) {
    if (!me.only) watcher_ = me.index;
    for (std::size_t u = 0; u < slots_.size(); ++u) {
      const Slot& slot = *slots_[u];
      if (slot.finished || slot.running || slot.due || !slot.reads || (me.only && *me.only != u)) continue;
      if (slot.wake_at && (!deadline || *slot.wake_at < *deadline)) deadline = slot.wake_at;
      fds.insert(fds.end(), slot.fds.begin(), slot.fds.end());
    }
  }
  me.asleep = true;
  lock.unlock();
  const std::vector<int> readable = me.waker.wait(deadline, fds);
  lock.lock();
  me.asleep = false;
  if (watcher_ == me.index) watcher_.reset();
  for (auto& slot : slots_) {
    if (slot->running) continue;
    for (const int fd : readable) {
      if (std::find(slot->fds.begin(), slot->fds.end(), fd) != slot->fds.end()) slot->due = true;
    }
  }
  if (stop_.requested() && !stop_announced_) {  // the request woke one worker only
    stop_announced_ = true;
    wake_all();
  }
}

void WorkerPool::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  done_ = true;
  wake_all();
}

bool WorkerPool::has_room(const Slot& slot) const {
  return std::none_of(slot.feeds.begin(), slot.feeds.end(),
                      [&](std::size_t f) { return !slots_[f]->finished && slots_[f]->mailbox.full(); });
}

bool WorkerPool::is_available(const Slot& slot) const {
  if (slot.finished || slot.running) return false;
  if (slot.reads && stop_.requested()) return true;  // it only has to say that it ends
  return (!slot.mailbox.empty() || (slot.reads && slot.due)) && has_room(slot);
}

std::optional<std::size_t> WorkerPool::pick_for(const Worker& me) {
  if (me.only) return is_available(*slots_[*me.only]) ? me.only : std::nullopt;
  std::vector<engine::InstanceLoad> loads;
  loads.reserve(slots_.size());
  for (const auto& slot : slots_)
    loads.push_back({is_available(*slot), slot->mailbox.pending(), slot->last_turn});
  return engine::pick(loads);
}

void WorkerPool::mark_due_sources() {
  std::optional<TimePoint> time;
  for (auto& slot : slots_) {
    if (slot->running || slot->due || !slot->wake_at) continue;
    if (!time) time = now();
    if (*slot->wake_at <= *time) slot->due = true;
  }
}

void WorkerPool::wake_for_work(std::size_t for_me) {
  std::size_t jobs = 0;
  bool watched = false;  // some source has to be waited for
  for (std::size_t u = 0; u < slots_.size(); ++u) {
    const Slot& slot = *slots_[u];
    const bool available = is_available(slot);
    if (settings_.thread_per_unit) {
      if (available && workers_[u]->asleep) {
        workers_[u]->asleep = false;
        workers_[u]->waker.wake();
      }
      continue;
    }
    if (available) ++jobs;
    watched |= !slot.finished && !slot.running && slot.reads && !slot.due;
  }
  if (settings_.thread_per_unit) return;
  if (watched && !watcher_) ++jobs;
  for (auto& worker : workers_) {
    if (jobs <= for_me) break;
    if (!worker->asleep) continue;
    worker->asleep = false;
    if (watcher_ == worker->index) watcher_.reset();
    worker->waker.wake();
    --jobs;
  }
}

void WorkerPool::wake_all() {
  for (auto& worker : workers_) worker->waker.wake();
}

std::optional<Error> run_alone(Unit& unit, StopSignal& stop) {
  use_precise_timers();
  Waker waker;
  stop.notify(&waker);
  bool unflushed = false;
  bool reads = true;
  try {
    while (!unit.finished() && !unit.failure()) {
      if (reads && stop.requested()) {
        reads = false;
        unit.stop_sources();
        continue;
      }
      const auto turn = unit.poll(now(), limits::kChunkRows);
      if (turn.rows > 0) {
        unflushed = true;
        continue;
      }
      if (unit.finished() || unit.failure()) break;
      if (unflushed) unit.pause();
      unflushed = false;
      const std::vector<int> fds = unit.ready_fds();
      if (turn.wake_at || !fds.empty()) waker.wait(turn.wake_at, fds);
    }
  } catch (const std::exception& exception) {
    stop.notify(nullptr);
    return from_exception(exception);
  }
  stop.notify(nullptr);
  return unit.failure();
}

}  // namespace dart::runtime
