#include "runtime/waker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.hpp"
#include "runtime/clock.hpp"

namespace dart::runtime {

namespace {

/// Waking from a sleep takes about this long, so a sleep ends this much before its deadline and the rest is
/// spun.
constexpr std::int64_t kSpinNs = 20'000;

}  // namespace

Waker::Waker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { DART_CHECK(fd_ >= 0); }

Waker::~Waker() { close(fd_); }

void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the count is full, and then a wake is pending anyway.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

std::vector<int> Waker::wait(std::optional<TimePoint> deadline, std::span<const int> fds) {
  return wait(deadline, fds, kSpinNs);
}

std::vector<int> Waker::wait_coarse(std::optional<TimePoint> deadline, std::span<const int> fds) {
  return wait(deadline, fds, 0);
}

std::vector<int> Waker::wait(std::optional<TimePoint> deadline, std::span<const int> fds,
                             std::int64_t spin_ns) {
  std::vector<pollfd> polled;
  polled.reserve(fds.size() + 1);
  polled.push_back({fd_, POLLIN, 0});
  for (const int fd : fds) polled.push_back({fd, POLLIN, 0});

  int ready = 0;
  const std::int64_t due_ns = deadline ? deadline->us * 1000 : 0;
  if (deadline) {
    const std::int64_t sleep_ns = std::max<std::int64_t>(0, due_ns - monotonic_ns() - spin_ns);
    const timespec timeout{sleep_ns / 1'000'000'000, sleep_ns % 1'000'000'000};
    ready = ppoll(polled.data(), polled.size(), &timeout, nullptr);
    while (ready == 0 && spin_ns > 0 && monotonic_ns() < due_ns) {
    }
  } else {
    ready = ppoll(polled.data(), polled.size(), nullptr, nullptr);
  }

  std::vector<int> readable;
  if (ready <= 0) return readable;  // the deadline, or a signal: the caller looks at its flags
  if (polled.front().revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = read(fd_, &count, sizeof count);
  }
  for (std::size_t i = 1; i < polled.size(); ++i) {
    if (polled[i].revents != 0) readable.push_back(polled[i].fd);
  }
  return readable;
}

void use_precise_timers() { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

}  // namespace dart::runtime
