#include <algorithm>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/query/instance_state.hpp"
#include "runtime/query/query_host_impl.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;
using placement::InstanceId;

namespace {

constexpr Duration kSweep{1'000'000};
/// What stood behind a barrier is kept so long after the fence.
constexpr std::int64_t kKeptUs = 60'000'000;
/// A query that does not run here is remembered so long: its epoch, and its last rows for tails.
constexpr std::int64_t kRememberedUs = 60'000'000;

}  // namespace

void QueryHost::Impl::fence(const placement::Fence& action) {
  HostedQuery& query = query_of(action.query);
  query.floor = std::max(query.floor, action.epoch + (action.stop ? 1 : 0));
  if (query.epoch < query.floor) retire(query);
}

/// Nothing of the present epoch goes on; what stands still behind a barrier is kept for whoever takes it
/// over.
void QueryHost::Impl::retire(HostedQuery& query) {
  for (auto& [id, port] : std::exchange(query.ports, {})) port->close();
  const std::int64_t now_us = now().us;
  for (auto& [id, standing] : std::exchange(query.instances, {})) {
    close_links(*standing);
    standing->barrier = pool_->held_barrier(standing->slot);
    standing->finished = standing->finished || pool_->finished(standing->slot);
    if (standing->barrier || (standing->finished && query.barrier)) {
      if (const auto older = query.kept.find(id); older != query.kept.end()) remove(query, older->second);
      query.kept[id] = standing;
      query.kept_until_us = now_us + kKeptUs;
    } else {
      remove(query, standing);
    }
  }
  for (const auto& [id, opening] : std::exchange(query.opening, {})) query.closing += opening.begun ? 1 : 0;
  query.deferred.clear();
}

void QueryHost::Impl::close_links(StandingInstance& standing) {
  for (const auto& link : std::exchange(standing.outs, {})) links_->close(link);
  for (const auto& link : std::exchange(standing.ins, {})) links_->close(link);
}

void QueryHost::Impl::remove(HostedQuery& query, const StandingPtr& standing) {
  close_links(*standing);
  standing->writer->revoke();
  ++query.closing;
  pool_->remove(standing->slot);
}

void QueryHost::Impl::drop_kept(HostedQuery& query) {
  for (const auto& [id, standing] : std::exchange(query.kept, {})) remove(query, standing);
}

void QueryHost::Impl::closed_one(const Key& key) {
  HostedQuery* query = find(key);
  if (query == nullptr || query->closing == 0 || --query->closing > 0) return;
  for (auto& [id, state] : std::exchange(query->deferred, {})) {
    if (query->opening.contains(id)) begin_opening(*query, id, std::move(state));
  }
}

void QueryHost::Impl::sweep() {
  const std::int64_t now_us = now().us;
  for (auto next = queries_.begin(); next != queries_.end();) {
    const auto at = next++;
    HostedQuery& query = at->second;
    if (!query.kept.empty() && now_us >= query.kept_until_us) drop_kept(query);
    const bool idle =
        query.instances.empty() && query.opening.empty() && query.kept.empty() && query.closing == 0;
    if (!idle) {
      query.idle_since_us = 0;
    } else if (query.idle_since_us == 0) {
      query.idle_since_us = now_us;
    } else if (now_us - query.idle_since_us >= kRememberedUs) {
      queries_.erase(at);
    }
  }
  delays_.after(kSweep, [this] { sweep(); });
}

void QueryHost::Impl::serve_state(const Endpoint& peer, const exchange::FetchStateFrame& frame) {
  const HostedQuery* query = find(frame.query);
  StandingPtr standing;
  const auto look_in = [&](const std::map<InstanceId, StandingPtr>& held) {
    const auto found = held.find({frame.stage, frame.number});
    if (found != held.end() && found->second->epoch == frame.epoch) standing = found->second;
  };
  if (query != nullptr) look_in(query->kept);
  if (query != nullptr && standing == nullptr) look_in(query->instances);
  const bool fits =
      standing != nullptr && (standing->finished || pool_->held_barrier(standing->slot) == frame.barrier);
  if (!fits) return links_->send(peer, exchange::StateFrame{frame.request, false, 0, 0, {}});
  if (standing->state) return links_->send(peer, piece_of(frame, *standing->state));
  want_state(standing);  // whoever asked asks again
}

void QueryHost::Impl::want_state(const StandingPtr& standing) {
  if (std::exchange(standing->state_wanted, true)) return;
  const bool shows = standing->writer->shows();
  const auto output = output_of(query_of(standing->query));
  pool_->visit(standing->slot, [queue = queue_, standing, shows, output](RingUnit& unit) {
    auto state = wrap_state(unit.snapshot(), shows ? output.get() : nullptr, standing->run);
    queue->add([standing, taken = std::move(state)]() mutable {
      if (standing->state_wanted) standing->state = std::move(taken);
    });
  });
}

}  // namespace dart::runtime
