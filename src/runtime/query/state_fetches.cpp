#include "runtime/query/state_fetches.hpp"

#include <algorithm>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/net/endpoint.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;

namespace {

constexpr std::size_t kPieceBytes = 256U << 10;
constexpr Duration kAskAgain{200'000};
constexpr std::int64_t kPatienceUs = 5'000'000;
/// No state is longer: wrong totals must not ask for absurd memory.
constexpr std::uint64_t kLongestState = std::uint64_t{1} << 32;

}  // namespace

void StateFetches::fetch(const placement::OpenInstance& action, Done done) {
  const std::uint64_t request = next_++;
  Fetch fetch{action.state_at, {}, {}, now().us, 0, std::move(done)};
  fetch.frame = {request,
                 action.query,
                 action.barrier_epoch,
                 action.barrier,
                 action.instance.stage,
                 action.instance.number,
                 0};
  fetches_.emplace(request, std::move(fetch));
  ask(request);
  watch(request);
}

void StateFetches::ask(std::uint64_t request) {
  Fetch& fetch = fetches_.at(request);
  fetch.frame.offset = fetch.bytes.size();
  fetch.asked_us = now().us;
  send_(fetch.from, fetch.frame);
}

void StateFetches::watch(std::uint64_t request) {
  delays_.after(kAskAgain, [this, request] {
    const auto found = fetches_.find(request);
    if (found == fetches_.end()) return;
    const std::int64_t now_us = now().us;
    if (now_us - found->second.heard_us >= kPatienceUs) {
      return end(request, fail(ErrorCode::Io, "the host that holds the instance's state does not answer"));
    }
    if (now_us - found->second.asked_us >= kAskAgain.us) ask(request);
    watch(request);
  });
}

void StateFetches::take(const exchange::StateFrame& frame) {
  const auto found = fetches_.find(frame.request);
  if (found == fetches_.end()) return;
  Fetch& fetch = found->second;
  if (!frame.known) {
    return end(frame.request, fail(ErrorCode::NotFound, "the instance's state is not kept where it was"));
  }
  if (frame.offset != fetch.bytes.size() || frame.total > kLongestState) return;  // heard twice
  fetch.heard_us = now().us;
  fetch.bytes.append(frame.bytes);
  if (fetch.bytes.size() >= frame.total) return end(frame.request, std::move(fetch.bytes));
  if (!frame.bytes.empty()) ask(frame.request);
}

void StateFetches::end(std::uint64_t request, Result<std::string> result) {
  const auto found = fetches_.find(request);
  const Done done = std::move(found->second.done);
  fetches_.erase(found);
  done(std::move(result));
}

exchange::StateFrame piece_of(const exchange::FetchStateFrame& asked, std::string_view state) {
  const std::size_t begin = std::min<std::uint64_t>(asked.offset, state.size());
  return {asked.request, true, state.size(), begin, state.substr(begin, kPieceBytes)};
}

}  // namespace dart::runtime
