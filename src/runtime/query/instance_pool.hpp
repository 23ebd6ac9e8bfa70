#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "runtime/query/ring_unit.hpp"
#include "runtime/waker.hpp"

namespace dart::runtime {

struct InstancePoolSettings {
  std::size_t workers = 1;
  std::size_t turn_rows = limits::kTurnRows;
  BasicMailbox<Arrival>::Bounds bounds{limits::kQueueRows, limits::kQueueBytes};
};

/// A fixed number of threads that run units which come and go: those of all queries of a node. A free worker
/// takes the unit that engine::pick names, at most one is inside a unit, and a unit whose outlet has no room
/// is not taken. A unit that waits costs its memory only: one worker sleeps for all until the earliest time
/// or descriptor. WorkerPool does the same for one run to its end.
///
/// One mutex guards everything but the inside of a running unit.
class InstancePool {
 public:
  /// One unit in the pool. Kept by whoever added it.
  struct Slot;
  using SlotPtr = std::shared_ptr<Slot>;

  enum class Event : std::uint8_t {
    Held,      ///< it stands still behind a barrier
    Finished,  ///< all its inputs have ended, and all that it made was handed to its outlet
    Failed,    ///< `failure` says why; it does nothing any more
    Closed,    ///< it was removed and is destroyed
  };
  /// Called by a worker, without the lock.
  using Told = std::function<void(const SlotPtr&, Event)>;

  InstancePool(const InstancePoolSettings& settings, Told told);
  /// Ends the threads. What they have not begun is not done; units are destroyed.
  ~InstancePool();
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  /// The unit runs from now on. `hold_sources`: its sources are not read until told.
  SlotPtr add(std::unique_ptr<RingUnit> unit, std::shared_ptr<Outlet> outlet, bool hold_sources = false);
  /// It is never run again, and destroyed by a worker; Event::Closed follows.
  void remove(const SlotPtr& slot);
  void put(const SlotPtr& slot, Arrival arrival, MessageSize size);
  /// Several in order, under one lock.
  void put(const SlotPtr& slot, std::vector<engine::Message>&& messages);
  /// Calls `what` with the unit while nothing else is inside, before its next messages. Not done when it was
  /// removed.
  void visit(const SlotPtr& slot, std::function<void(RingUnit&)> what);
  /// The unit stands still, or is not running: its messages go here from now on.
  void rebind(const SlotPtr& slot, std::shared_ptr<Outlet> outlet);
  void hold_sources(const SlotPtr& slot, bool hold);
  /// Some outlet may have room again.
  void room_changed();
  /// Runs `task` on a worker, before any unit.
  void post(std::function<void()> task);

  struct Shown {
    std::vector<engine::OperatorReport> operators;
    MessageSize waiting;
    std::size_t state_bytes = 0;
  };
  /// Of a unit that runs at this moment: what it was when it last paused.
  [[nodiscard]] Shown show(const SlotPtr& slot);
  /// Rows and bytes in its mailbox.
  [[nodiscard]] MessageSize waiting(const SlotPtr& slot);
  /// As of its last turn, not older than a second then.
  [[nodiscard]] std::size_t state_bytes(const SlotPtr& slot);
  [[nodiscard]] bool finished(const SlotPtr& slot);
  [[nodiscard]] std::optional<std::uint64_t> held_barrier(const SlotPtr& slot);
  [[nodiscard]] std::optional<Error> failure(const SlotPtr& slot);
  /// For an Outlet's has_room, which holds the lock: whether the slot's mailbox is full.
  [[nodiscard]] static bool full(const Slot& slot);

 private:
  struct Worker;
  struct Turn;
  using Lock = std::unique_lock<std::mutex>;

  void work(Worker& me);
  void run_turn(const SlotPtr& slot, Lock& lock);
  void drive(Slot& slot, Turn& turn);
  static void hand_on(Slot& slot, Turn& turn);
  static void receive(Slot& slot, Turn& turn, Arrival& arrival);
  void read_sources(Slot& slot, Turn& turn);
  void pause_if_quiet(Slot& slot, const Turn& turn);
  void measure(Slot& slot, Turn& turn);
  void settle(const SlotPtr& slot, Turn& turn, Lock& lock);
  static void give_up(const std::vector<Arrival>& arrivals);
  [[nodiscard]] static Shown shown_of(const RingUnit& unit);
  void sleep(Worker& me, Lock& lock);
  [[nodiscard]] bool has_work(const Slot& slot) const;
  /// Puts it on the list of those with something to do, or takes it off.
  void list(const SlotPtr& slot);
  void set_timer(const SlotPtr& slot);
  void clear_timer(const SlotPtr& slot);
  void mark_due_sources();
  [[nodiscard]] SlotPtr pick() const;
  void wake_for_work(std::size_t for_me);

  InstancePoolSettings settings_;
  Told told_;
  std::mutex mutex_;
  std::vector<SlotPtr> ready_;
  std::set<std::pair<std::int64_t, SlotPtr>> timers_;
  std::vector<SlotPtr> watched_;    // their descriptors are waited for
  std::vector<SlotPtr> discarded_;  // to be destroyed by a worker
  std::deque<std::function<void()>> tasks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<std::size_t> watcher_;  // the sleeping worker that waits for all times and descriptors
  std::uint64_t turns_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dart::runtime
