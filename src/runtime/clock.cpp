#include "runtime/clock.hpp"

#include <time.h>

namespace dart::runtime {

namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t monotonic_ns() { return read_ns(CLOCK_MONOTONIC); }

TimePoint now() { return {monotonic_ns() / 1000}; }

std::int64_t wall_us() { return read_ns(CLOCK_REALTIME) / 1000; }

Duration wall_ahead() { return {wall_us() - now().us}; }

std::int64_t process_cpu_us() { return read_ns(CLOCK_PROCESS_CPUTIME_ID) / 1000; }

}  // namespace dart::runtime
