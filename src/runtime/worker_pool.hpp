#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/limits.hpp"
#include "runtime/mailbox.hpp"
#include "runtime/stop_signal.hpp"
#include "runtime/unit.hpp"
#include "runtime/waker.hpp"

namespace dart::runtime {

struct PoolSettings {
  std::size_t workers = 1;
  /// The Storm model: a thread for each unit (`workers` is ignored) instead of a free worker for the busiest.
  bool thread_per_unit = false;
  std::size_t turn_rows = limits::kTurnRows;
  Mailbox::Bounds bounds{limits::kQueueRows, limits::kQueueBytes};
};

struct UnitWiring {
  std::unique_ptr<Unit> unit;
  /// Nobody needs its output when all it feeds are finished (it writes no table itself).
  bool only_feeds = false;
};

/// Runs units that feed one another through bounded mailboxes until all are finished, one fails, or a stop
/// was requested and what had been read is done. A free worker takes the unit that engine::pick names; a unit
/// whose consumers' mailboxes are full is not available, so back-pressure reaches the sources; idle workers
/// sleep until the earliest time or descriptor that a source waits for. Use: construct, `run` once, read
/// `peak` and the units.
///
/// One mutex guards everything but the inside of a running unit. It is held for some 100 ns per turn and
/// message; a turn is thousands of rows.
class WorkerPool {
 public:
  /// `targets[e]`: the unit that messages of exchange e go to. `feeds[u]`: the units that unit u sends to.
  WorkerPool(std::vector<UnitWiring> units, std::vector<std::size_t> targets,
             std::vector<std::vector<std::size_t>> feeds, const PoolSettings& settings, StopSignal& stop);
  ~WorkerPool();

  /// The calling thread is one of the workers. Returns the first failure.
  std::optional<Error> run();

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] Unit& unit(std::size_t index);
  /// The most that waited for a unit.
  [[nodiscard]] MessageSize peak(std::size_t index) const;

 private:
  struct Slot;
  struct Worker;
  using Lock = std::unique_lock<std::mutex>;

  void work(Worker& me);
  void work_guarded(Worker& me);
  void run_turn(Slot& slot, Lock& lock);
  /// Handles `batch`, then reads sources.
  void drive(Slot& slot, std::vector<engine::Message>& batch);
  void read_sources(Slot& slot);
  void deliver(Slot& from);
  void settle(Slot& slot, Lock& lock);
  void retire_feeders();
  void sleep(Worker& me, Lock& lock);
  void fail(Error error);

  [[nodiscard]] bool has_room(const Slot& slot) const;
  [[nodiscard]] bool is_available(const Slot& slot) const;
  [[nodiscard]] std::optional<std::size_t> pick_for(const Worker& me);
  void mark_due_sources();
  /// Ends the sleep of as many workers as there are units for them, beside the `for_me` that the caller takes
  /// on.
  void wake_for_work(std::size_t for_me);
  void wake_all();

  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::size_t> targets_;
  PoolSettings settings_;
  StopSignal& stop_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<std::size_t> watcher_;  // the sleeping worker that waits for all times and descriptors
  std::optional<Error> failure_;
  std::size_t unfinished_ = 0;
  std::uint64_t turns_ = 0;
  bool stop_announced_ = false;
  bool done_ = false;
};

/// The same for a single unit that neither receives nor sends: a loop without any lock.
std::optional<Error> run_alone(Unit& unit, StopSignal& stop);

}  // namespace dart::runtime
