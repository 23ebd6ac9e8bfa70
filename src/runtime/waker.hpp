#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"

namespace dart::runtime {

/// A thread's alarm: the owner sleeps in `wait`, anybody ends that sleep by `wake`. A wake that comes before
/// the wait is not lost. `wake` may be called from a signal handler.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake() noexcept;
  /// Sleeps until woken, until `deadline` (met within some microseconds: the last ones are spent spinning),
  /// or until a descriptor of `fds` is readable, closed or broken. Returns those descriptors. Takes a pending
  /// wake with it.
  std::vector<int> wait(std::optional<TimePoint> deadline, std::span<const int> fds);
  /// The same without spinning: up to a timer's slack late, and next to no processor time.
  std::vector<int> wait_coarse(std::optional<TimePoint> deadline, std::span<const int> fds);

 private:
  std::vector<int> wait(std::optional<TimePoint> deadline, std::span<const int> fds, std::int64_t spin_ns);

  int fd_;
};

/// Timers of the calling thread end on time, not up to 50 us late as by default.
void use_precise_timers();

}  // namespace dart::runtime
