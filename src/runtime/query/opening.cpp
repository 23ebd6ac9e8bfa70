#include <algorithm>
#include <exception>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/query/engine_unit.hpp"
#include "runtime/query/instance_outlet.hpp"
#include "runtime/query/instance_state.hpp"
#include "runtime/query/query_host_impl.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;
using placement::InstanceId;
using placement::WiredInput;
using placement::WiredOutput;
using placement::WiredPeer;
using placement::Wiring;

namespace {

exchange::RowLayout layout_of(const plan::Distribution& distribution, std::uint32_t index) {
  auto shape = plan::row_shape(distribution, index);
  return {std::move(shape.types), shape.weighted, shape.stepped};
}

/// Whether an instance that was wired so can go on with other links.
bool hears_the_same(const Wiring& before, const Wiring& after) {
  const auto same = [](const WiredInput& a, const WiredInput& b) {
    return a.exchange == b.exchange &&
           std::equal(
               a.senders.begin(), a.senders.end(), b.senders.begin(), b.senders.end(),
               [](const WiredPeer& x, const WiredPeer& y) { return x.id == y.id && x.away == y.away; });
  };
  return std::equal(before.inputs.begin(), before.inputs.end(), after.inputs.begin(), after.inputs.end(),
                    same);
}

}  // namespace

std::shared_ptr<Port> QueryHost::Impl::port(HostedQuery& query, const InstanceId& id) {
  auto& made = query.ports[id];
  if (made == nullptr) made = std::make_shared<Port>(*pool_);
  return made;
}

std::shared_ptr<QueryOutput> QueryHost::Impl::output_of(HostedQuery& query) {
  if (query.output == nullptr) {
    query.output = std::make_shared<QueryOutput>(settings_.retained_bytes,
                                                 [queue = std::weak_ptr(queue_), this, key = query.key] {
                                                   if (const auto open = queue.lock())
                                                     open->add([this, key] { tails_->changed(key); });
                                                 });
  }
  return query.output;
}

void QueryHost::Impl::open(placement::OpenInstance action) {
  HostedQuery& query = query_of(action.query);
  if (action.epoch < query.floor || action.epoch < query.epoch) return;  // overtaken by a newer one
  if (action.epoch > query.epoch) begin_epoch(query, action);
  query.idle_since_us = 0;
  const InstanceId id = action.instance;
  if (query.opening.contains(id)) return;
  if (const auto here = query.instances.find(id); here != query.instances.end()) {
    if (!here->second->failed) {
      return feed_(placement::Opened{query.key, query.epoch, id, std::nullopt, false});
    }
    remove(query, here->second);
    query.instances.erase(here);
  }
  query.opening.emplace(id, HostedQuery::Opening{action, false});
  if (auto error = no_memory()) return refuse(query, id, *error);
  if (action.barrier != 0) return keep_or_fetch(query, action);
  begin_opening(query, id, {});
}

void QueryHost::Impl::begin_epoch(HostedQuery& query, const placement::OpenInstance& action) {
  retire(query);
  if (action.run != query.run) drop_kept(query);
  query.name = action.name;
  query.floor = std::max(query.floor, action.epoch);
  query.epoch = action.epoch;
  query.run = action.run;
  if (query.program != action.program) query.distribution.reset();
  query.program = action.program;
  query.barrier.reset();
  query.sources_held = false;
  query.silent.clear();
  std::uint32_t last = 0;
  for (const placement::Placed& placed : action.placed) last = std::max(last, placed.id.stage);
  query.has_result = std::any_of(action.placed.begin(), action.placed.end(), [&](const auto& placed) {
    return placed.id.stage == last && placed.host.id == self_.id;
  });
}

/// The instance begins with what it held behind a barrier: here, or on another host.
void QueryHost::Impl::keep_or_fetch(HostedQuery& query, const placement::OpenInstance& action) {
  const InstanceId id = action.instance;
  if (action.state_at.id == self_.id) {
    const auto kept = query.kept.find(id);
    const bool fits = kept != query.kept.end() && kept->second->epoch == action.barrier_epoch &&
                      (kept->second->finished || kept->second->barrier == action.barrier);
    if (!fits) {
      return refuse(query, id,
                    {ErrorCode::NotFound, "the instance does not stand here any more", std::nullopt, {}});
    }
    const StandingPtr standing = kept->second;  // which leaves the map on the way
    return go_on(query, action, standing);
  }
  states_->fetch(action, [this, key = query.key, epoch = query.epoch, id](Result<std::string> state) {
    HostedQuery* waiting = find(key);
    if (waiting == nullptr || waiting->epoch != epoch || !waiting->opening.contains(id)) return;
    if (!state) return refuse(*waiting, id, state.error());
    begin_opening(*waiting, id, std::move(*state));
  });
}

void QueryHost::Impl::go_on(HostedQuery& query, const placement::OpenInstance& action,
                            const StandingPtr& standing) {
  const InstanceId id = action.instance;
  auto wiring = placement::wire(*standing->distribution, action.placed, id);
  if (!wiring) return refuse(query, id, wiring.error());
  if (!standing->finished && !hears_the_same(standing->wiring, *wiring)) {
    // It was made for other senders: another is made from its state.
    const bool shows = standing->writer->shows();
    const auto output = output_of(query);
    pool_->visit(standing->slot, [this, queue = queue_, key = query.key, epoch = query.epoch, id, standing,
                                  shows, output](RingUnit& unit) {
      auto state = wrap_state(unit.snapshot(), shows ? output.get() : nullptr, standing->run);
      queue->add([this, key, epoch, id, standing, taken = std::move(state)]() mutable {
        HostedQuery* waiting = find(key);
        if (waiting == nullptr || waiting->epoch != epoch || !waiting->opening.contains(id)) return;
        waiting->kept.erase(id);
        remove(*waiting, standing);
        begin_opening(*waiting, id, std::move(taken));
      });
    });
    return;
  }
  query.kept.erase(id);
  standing->epoch = query.epoch;
  standing->wiring = std::move(*wiring);
  standing->barrier.reset();
  standing->finished_told = false;
  standing->state_wanted = false;
  standing->state.reset();
  install(query, action, standing, nullptr);
}

void QueryHost::Impl::begin_opening(HostedQuery& query, const InstanceId& id, std::string state) {
  if (query.closing > 0) {
    query.deferred.emplace_back(id, std::move(state));
    return;
  }
  HostedQuery::Opening& opening = query.opening.at(id);
  opening.begun = true;
  const auto made = std::make_shared<Made>();
  made->distribution = query.distribution;
  made->writer = std::make_shared<QueryOutput::Writer>(output_of(query), query.run);
  const engine::InstanceSettings settings{settings_.chunk_rows, nullptr};
  const auto work = [this, made, output = query.output, settings,
                     state](const placement::OpenInstance& action) -> Status {
    if (made->distribution == nullptr) {
      DART_TRY(auto decoded, plan::decode_distribution(action.program));
      made->distribution = std::make_shared<const plan::Distribution>(std::move(decoded));
    }
    DART_TRY(made->wiring, placement::wire(*made->distribution, action.placed, action.instance));
    std::string_view snapshot;
    if (!state.empty()) {
      DART_TRY(snapshot, unwrap_state(state, *output, action.run));
    }
    OutputConnectors connectors(connectors_, settings_.open_lines, made->writer, !state.empty());
    DART_TRY(made->unit,
             open_engine_unit(made->distribution, action.instance.stage,
                              placement::ring_wiring(made->wiring, made->distribution->exchanges.size()),
                              settings, connectors));
    if (!state.empty()) DART_TRY_STATUS(made->unit->restore(snapshot));
    return {};
  };
  pool_->post([this, queue = queue_, made, work, action = opening.action] {
    try {
      if (auto status = work(action); !status) made->error = std::move(status).error();
    } catch (const std::exception& thrown) {
      made->error = Error{ErrorCode::Capacity, thrown.what(), std::nullopt, {}};
    }
    if (made->error) made->unit.reset();
    queue->add([this, made, key = action.query, epoch = action.epoch, id = action.instance] {
      opened(key, epoch, id, made);
    });
  });
}

void QueryHost::Impl::opened(const Key& key, std::uint64_t epoch, const InstanceId& id, const MadePtr& made) {
  HostedQuery* query = find(key);
  const auto awaited = [&] { return query->opening.find(id); };
  if (query == nullptr || query->epoch != epoch || awaited() == query->opening.end()) {
    // Fenced meanwhile; what it has open closes on a worker.
    made->writer->revoke();
    pool_->post([this, queue = queue_, made, key] {
      made->unit.reset();
      queue->add([this, key] { closed_one(key); });
    });
    return;
  }
  if (made->error) return refuse(*query, id, *made->error);
  query->distribution = made->distribution;
  const placement::OpenInstance action = std::move(awaited()->second.action);
  auto standing = std::make_shared<StandingInstance>();
  standing->query = key;
  standing->id = id;
  standing->epoch = epoch;
  standing->run = action.run;
  standing->distribution = made->distribution;
  standing->wiring = std::move(made->wiring);
  standing->writer = made->writer;
  install(*query, action, standing, std::move(made->unit));
}

/// Lays its links and lets it run; with `unit` for the first time, without one it goes on.
void QueryHost::Impl::install(HostedQuery& query, const placement::OpenInstance& action,
                              const StandingPtr& standing, std::unique_ptr<RingUnit> unit) {
  const InstanceId id = action.instance;
  query.opening.erase(id);
  query.instances[id] = standing;
  auto outlet = std::make_shared<InstanceOutlet>();
  lay_links_out(query, *standing, *outlet);
  if (unit != nullptr) {
    standing->slot = pool_->add(std::move(unit), std::move(outlet), query.sources_held);
    by_slot_[standing->slot.get()] = standing;
  } else {
    pool_->rebind(standing->slot, std::move(outlet));
    pool_->hold_sources(standing->slot, query.sources_held);
    pool_->visit(standing->slot, [](RingUnit& held) { held.resume(); });
  }
  lay_links_in(*standing);
  port(query, id)->open(standing->slot);
  if (query.barrier && standing->wiring.inputs.empty()) let_through(*standing, *query.barrier);
  feed_(placement::Opened{query.key, query.epoch, id, std::nullopt, false});
  if (standing->finished) tell_finished(*standing);
}

void QueryHost::Impl::lay_links_out(HostedQuery& query, StandingInstance& standing, InstanceOutlet& outlet) {
  for (const WiredOutput& output : standing.wiring.outputs) {
    std::vector<InstanceOutlet::Receiver> receivers;
    for (const WiredPeer& peer : output.receivers) {
      if (peer.host.id == self_.id) {
        receivers.emplace_back(InstanceOutlet::Here{port(query, peer.id), peer.arrives,
                                                    placement::sender_number(standing.id, peer)});
        continue;
      }
      const exchange::LinkId link{query.key, query.epoch, peer.exchange, standing.id.number, peer.id.number};
      standing.outs.push_back(
          links_->open_out(link, peer.id, peer.host, layout_of(*standing.distribution, peer.exchange)));
      receivers.emplace_back(standing.outs.back());
    }
    outlet.add(output.exchange, std::move(receivers));
  }
}

void QueryHost::Impl::lay_links_in(StandingInstance& standing) {
  for (const WiredInput& input : standing.wiring.inputs) {
    for (const WiredPeer& peer : input.senders) {
      if (peer.host.id == self_.id || peer.away) continue;
      const exchange::LinkId link{standing.query, standing.epoch, peer.exchange, peer.id.number,
                                  standing.id.number};
      standing.ins.push_back(
          links_->open_in(link, peer.id, peer.host, layout_of(*standing.distribution, peer.exchange),
                          {peer.arrives, placement::sender_number(peer.id, peer)}, standing.slot));
    }
  }
}

}  // namespace dart::runtime
