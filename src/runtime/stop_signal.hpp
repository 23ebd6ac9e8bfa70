#pragma once

#include <atomic>

#include "runtime/waker.hpp"

namespace dart::runtime {

/// The wish that a running query end early, in order: sources stop, what was read is finished, sinks are
/// closed. Whoever runs the query registers the Waker of a thread that may be asleep.
class StopSignal {
 public:
  /// From any thread, or a signal handler.
  void request() noexcept {
    requested_.store(true);
    if (Waker* sleeper = sleeper_.load()) sleeper->wake();
  }
  [[nodiscard]] bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// `sleeper` is woken by a request; null: nobody. It must stay alive until it is replaced.
  void notify(Waker* sleeper) noexcept {
    sleeper_.store(sleeper);
    if (sleeper != nullptr && requested_.load()) sleeper->wake();
  }

 private:
  std::atomic<bool> requested_{false};
  std::atomic<Waker*> sleeper_{nullptr};
};

/// While alive, SIGINT and SIGTERM request the stop; the second one ends the process at once with 130. At
/// most one at a time.
class StopOnSignals {
 public:
  explicit StopOnSignals(StopSignal& stop);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
};

/// A write into a closed pipe becomes an error of that write instead of the end of the process.
void ignore_broken_pipes();

}  // namespace dart::runtime
