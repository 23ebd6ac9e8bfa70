#include "runtime/stop_signal.hpp"

#include <signal.h>
#include <unistd.h>

#include "base/check.hpp"

namespace dart::runtime {

namespace {

constexpr int kInterruptedExit = 130;

// A signal handler has no argument of ours, so what it acts on is global.
std::atomic<StopSignal*> signalled{nullptr};
struct sigaction previous_int;
struct sigaction previous_term;

extern "C" void stop_or_exit(int) {
  StopSignal* stop = signalled.load();
  if (stop == nullptr || stop->requested()) _exit(kInterruptedExit);
  stop->request();
}

}  // namespace

StopOnSignals::StopOnSignals(StopSignal& stop) {
  StopSignal* none = nullptr;
  DART_CHECK(signalled.compare_exchange_strong(none, &stop));
  struct sigaction action = {};
  action.sa_handler = stop_or_exit;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_int);
  sigaction(SIGTERM, &action, &previous_term);
}

StopOnSignals::~StopOnSignals() {
  sigaction(SIGINT, &previous_int, nullptr);
  sigaction(SIGTERM, &previous_term, nullptr);
  signalled.store(nullptr);
}

void ignore_broken_pipes() { signal(SIGPIPE, SIG_IGN); }

}  // namespace dart::runtime
