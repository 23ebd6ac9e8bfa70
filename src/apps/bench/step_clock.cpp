#include "apps/bench/step_clock.hpp"

#include <time.h>

#include <algorithm>

#include "base/check.hpp"
#include "overlay/envelope.hpp"

namespace dart::apps::bench {

std::int64_t thread_cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t clock_overhead_ns() {
  constexpr int kSamples = 2'001;
  std::vector<std::int64_t> samples;
  for (int i = 0; i < kSamples; ++i) {
    const std::int64_t begin = thread_cpu_ns();
    samples.push_back(thread_cpu_ns() - begin);
  }
  const auto middle = samples.begin() + kSamples / 2;
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

sim::MeasuredCost median_cost(std::vector<std::int64_t> samples_ns) {
  if (samples_ns.empty()) return {};
  const auto middle = samples_ns.begin() + static_cast<std::ptrdiff_t>(samples_ns.size() / 2);
  std::nth_element(samples_ns.begin(), middle, samples_ns.end());
  return {static_cast<double>(*middle) / 1000, samples_ns.size()};
}

void StepClock::begin(const node::NodeCore& core, const node::Input& input) {
  handled_ = sim::kind_of(core, input);
  decoding_ns_ = 0;
  if (const auto* received = std::get_if<overlay::Received>(&input)) {
    const std::string bytes = overlay::encode(
        overlay::Envelope{received->from, core.overlay().self().id, received->to_nonce, received->message});
    const std::int64_t begin_ns = thread_cpu_ns();
    const auto envelope = overlay::decode(bytes);
    decoding_ns_ = std::max<std::int64_t>(0, thread_cpu_ns() - begin_ns - overhead_ns_);
    DART_CHECK(envelope.has_value());
  }
  begun_ns_ = thread_cpu_ns();
}

std::int64_t StepClock::end(const node::NodeCore& core, const std::vector<node::Action>& actions) {
  for (const node::Action& action : actions) {
    const auto* send = std::get_if<overlay::Send>(&action);
    if (send == nullptr) continue;
    const std::string bytes =
        overlay::encode(overlay::Envelope{core.overlay().self(), send->to.id, send->to.nonce, send->message});
    DART_CHECK(!bytes.empty());
  }
  const std::int64_t step_ns = std::max<std::int64_t>(0, thread_cpu_ns() - begun_ns_ - overhead_ns_);
  samples_[sim::step_kind_of(handled_, actions)].push_back(decoding_ns_ + step_ns);
  return 0;
}

}  // namespace dart::apps::bench
