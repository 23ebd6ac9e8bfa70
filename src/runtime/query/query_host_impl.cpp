#include "runtime/query/query_host_impl.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/net/endpoint.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;
using placement::InstanceId;

namespace {

constexpr Duration kMeasure{500'000};
constexpr Duration kSweep{1'000'000};
/// A report of the load is due after this, or when the processor's share changed by so much.
constexpr std::int64_t kReportUs = 2'000'000;
constexpr std::uint32_t kMuchPermille = 100;
/// What an instance costs beside its state.
constexpr std::size_t kInstanceBytes = 64U << 10;
/// Trying again, there or elsewhere, does not help.
bool is_lasting(ErrorCode code) {
  return code == ErrorCode::InvalidArgument || code == ErrorCode::Syntax || code == ErrorCode::Binding ||
         code == ErrorCode::Unsupported;
}

std::string line_of(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace

QueryHost::Impl::Impl(boost::asio::io_context& loop, Transport& transport, const overlay::NodeHandle& self,
                      engine::ConnectorFactory& connectors, QueryHostSettings settings, Feed feed)
    : loop_(loop),
      transport_(transport),
      self_(self),
      connectors_(connectors, settings.is_live),
      settings_(std::move(settings)),
      feed_(std::move(feed)),
      meter_(std::thread::hardware_concurrency()),
      delays_(loop),
      queue_(std::make_shared<LoopQueue>(loop)) {}

QueryHost::Impl::~Impl() = default;

void QueryHost::Impl::start() {
  const InstancePoolSettings pool{.workers = settings_.workers};
  pool_ = std::make_unique<InstancePool>(
      pool, [this, queue = queue_](const InstancePool::SlotPtr& slot, InstancePool::Event event) {
        queue->add([this, slot, event] { on_event(slot, event); });
      });
  links_ = std::make_unique<Links>(loop_, transport_, *pool_, queue_, *this);
  const auto to = [this](const overlay::NodeHandle& host) { return endpoint_of(host, transport_); };
  tails_ = std::make_unique<Tails>(
      loop_, [this](const Endpoint& peer, const exchange::Frame& frame) { links_->send(peer, frame); }, to,
      [this](const Key& key) {
        const HostedQuery* query = find(key);
        return query == nullptr || !query->has_result ? nullptr : query->output;
      });
  states_ = std::make_unique<StateFetches>(
      loop_, [this, to](const overlay::NodeHandle& host, const exchange::FetchStateFrame& frame) {
        links_->send(to(host), frame);
      });
  measure_load();
  delays_.after(kSweep, [this] { sweep(); });
}

void QueryHost::Impl::stop() {
  queue_->close();
  pool_.reset();  // ends the threads: nothing of theirs comes any more
  by_slot_.clear();
  queries_.clear();
  tails_.reset();
  states_.reset();
  links_.reset();
}

HostedQuery& QueryHost::Impl::query_of(const Key& key) {
  HostedQuery& query = queries_[key];
  query.key = key;
  return query;
}

HostedQuery* QueryHost::Impl::find(const Key& key) {
  const auto found = queries_.find(key);
  return found == queries_.end() ? nullptr : &found->second;
}

void QueryHost::Impl::start_barrier(const placement::StartBarrier& action) {
  HostedQuery* query = find(action.query);
  if (query == nullptr || query->epoch != action.epoch || query->barrier == action.barrier) return;
  query->barrier = action.barrier;
  for (const auto& [id, standing] : query->instances) {
    if (standing->wiring.inputs.empty()) let_through(*standing, action.barrier);
  }
}

void QueryHost::Impl::let_through(StandingInstance& standing, std::uint64_t barrier) {
  pool_->visit(standing.slot, [barrier](RingUnit& unit) {
    if (!unit.finished() && !unit.failure()) unit.start_barrier(barrier);
  });
}

void QueryHost::Impl::hold_sources(const placement::HoldSources& action) {
  HostedQuery* query = find(action.query);
  if (query == nullptr || query->epoch != action.epoch) return;
  query->sources_held = action.hold;
  for (const auto& [id, standing] : query->instances) pool_->hold_sources(standing->slot, action.hold);
}

void QueryHost::Impl::on_event(const InstancePool::SlotPtr& slot, InstancePool::Event event) {
  const auto known = by_slot_.find(slot.get());
  if (known == by_slot_.end()) return;
  const StandingPtr standing = known->second;
  if (event == InstancePool::Event::Closed) {
    by_slot_.erase(known);
    return closed_one(standing->query);
  }
  HostedQuery* query = find(standing->query);
  const bool current = query != nullptr && query->epoch == standing->epoch &&
                       query->instances.contains(standing->id) &&
                       query->instances.at(standing->id) == standing;
  if (!current) return;
  switch (event) {
    case InstancePool::Event::Held:
      standing->barrier = pool_->held_barrier(slot);
      if (!standing->barrier) return;
      return feed_(
          placement::BarrierPassed{standing->query, standing->epoch, *standing->barrier, standing->id});
    case InstancePool::Event::Finished:
      standing->finished = true;
      return tell_finished(*standing);
    case InstancePool::Event::Failed:
      return fail_instance(*standing, *pool_->failure(slot));
    case InstancePool::Event::Closed:
      return;
  }
}

void QueryHost::Impl::tell_finished(StandingInstance& standing) {
  const bool taken = std::all_of(standing.outs.begin(), standing.outs.end(),
                                 [](const auto& link) { return link->drained(); });
  if (!standing.finished || !taken || std::exchange(standing.finished_told, true)) return;
  feed_(placement::InstanceFinished{standing.query, standing.epoch, standing.id});
}

void QueryHost::Impl::fail_instance(StandingInstance& standing, const Error& why) {
  if (std::exchange(standing.failed, true)) return;
  feed_(placement::InstanceFailed{standing.query, standing.epoch, standing.id, line_of(why),
                                  is_lasting(why.code)});
}

void QueryHost::Impl::refuse(HostedQuery& query, const InstanceId& id, const Error& why) {
  query.opening.erase(id);
  feed_(placement::Opened{query.key, query.epoch, id, line_of(why), is_lasting(why.code)});
}

void QueryHost::Impl::on_silent(const LinkOut& link) {
  HostedQuery* query = find(link.id().query);
  if (query == nullptr || query->epoch != link.id().epoch || !query->silent.insert(link.host().id).second) {
    return;
  }
  feed_(placement::LinkDown{query->key, query->epoch, link.host()});
}

void QueryHost::Impl::on_broken(const LinkIn& link, const Error& why) {
  ++counters_.broken_links;
  if (const auto known = by_slot_.find(link.slot().get()); known != by_slot_.end()) {
    fail_instance(*known->second, why);
  }
}

void QueryHost::Impl::on_drained(const LinkOut& link) {
  HostedQuery* query = find(link.id().query);
  if (query == nullptr || query->epoch != link.id().epoch) return;
  query->silent.erase(link.host().id);
  for (const auto& [id, standing] : query->instances) {
    if (standing->finished) tell_finished(*standing);
  }
}

Intake QueryHost::Impl::on_frame(const Endpoint& peer, std::string_view body) {
  const auto frame = exchange::decode(body);
  if (!frame) {
    ++counters_.malformed;
    return Intake::Malformed;
  }
  if (const auto* data = std::get_if<exchange::DataFrame>(&*frame)) {
    on_data(peer, *data);
  } else if (const auto* ack = std::get_if<exchange::AckFrame>(&*frame)) {
    links_->take(*ack);
  } else if (const auto* fenced = std::get_if<exchange::FencedFrame>(&*frame)) {
    on_fenced(*fenced);
  } else if (const auto* rows_wanted = std::get_if<exchange::FetchRowsFrame>(&*frame)) {
    tails_->serve(peer, *rows_wanted);
  } else if (const auto* rows = std::get_if<exchange::RowsFrame>(&*frame)) {
    tails_->take(*rows);
  } else if (const auto* state_wanted = std::get_if<exchange::FetchStateFrame>(&*frame)) {
    serve_state(peer, *state_wanted);
  } else {
    states_->take(std::get<exchange::StateFrame>(*frame));
  }
  return Intake::Taken;
}

void QueryHost::Impl::on_data(const Endpoint& peer, const exchange::DataFrame& frame) {
  if (links_->take(peer, frame)) return;
  HostedQuery* query = find(frame.link.query);
  const std::uint64_t here = query == nullptr ? 0 : std::max(query->floor, query->epoch);
  if (frame.link.epoch >= here) {
    ++counters_.unknown_link;  // not opened yet: it is sent again
    return;
  }
  ++counters_.fenced;
  const std::tuple link{frame.link.exchange, frame.link.sender, frame.link.receiver};
  if (query->fenced.contains(link) || query->fenced.size() < limits::kQueryLinks) ++query->fenced[link];
  links_->send(peer, exchange::FencedFrame{frame.link.query, here});
}

void QueryHost::Impl::on_fenced(const exchange::FencedFrame& frame) {
  HostedQuery* query = find(frame.query);
  if (query == nullptr || frame.epoch <= query->epoch) return;
  for (const auto& [id, standing] : query->instances) {
    for (const auto& link : standing->outs) link->hold();
  }
}

void QueryHost::Impl::fetch_rows(const overlay::NodeHandle& host, const Key& query, std::uint64_t run,
                                 std::uint64_t first, Tails::Done done) {
  if (host.id == self_.id) return tails_->fetch_here(query, run, first, std::move(done));
  tails_->fetch(host, query, run, first, std::move(done));
}

placement::Load QueryHost::Impl::load() {
  placement::Load load;
  load.cpu_permille = meter_.cpu_permille();
  std::size_t used = 0;
  std::size_t rows = 0;
  for (const auto& [key, query] : queries_) {
    load.instances += static_cast<std::uint32_t>(query.instances.size());
    for (const auto* held : {&query.instances, &query.kept}) {
      for (const auto& [id, standing] : *held) {
        const MessageSize waiting = pool_->waiting(standing->slot);
        rows += waiting.rows;
        used += kInstanceBytes + waiting.bytes + pool_->state_bytes(standing->slot);
        for (const auto& link : standing->outs) used += link->sender().counters().waiting_bytes;
      }
    }
  }
  load.queue_rows = static_cast<std::uint32_t>(std::min<std::size_t>(rows, UINT32_MAX));
  load.free_bytes = used >= settings_.memory_bytes ? 0 : settings_.memory_bytes - used;
  return load;
}

std::optional<Error> QueryHost::Impl::no_memory() {
  if (load().free_bytes >= kInstanceBytes) return std::nullopt;
  return Error{
      ErrorCode::Capacity,
      "the memory budget of the node, " + std::to_string(settings_.memory_bytes >> 20) + " MiB, is used up",
      std::nullopt, "drop a query, or raise --memory"};
}

void QueryHost::Impl::measure_load() {
  const std::int64_t now_us = now().us;
  meter_.note(now_us, process_cpu_us());
  const placement::Load now_load = load();
  const auto cpu = [](const placement::Load& one) { return static_cast<std::int64_t>(one.cpu_permille); };
  const bool much = std::abs(cpu(now_load) - cpu(told_load_)) > std::int64_t{kMuchPermille};
  if (much || now_us - told_load_us_ >= kReportUs) {
    told_load_ = now_load;
    told_load_us_ = now_us;
    feed_(placement::LoadReport{now_load});
  }
  delays_.after(kMeasure, [this] { measure_load(); });
}

std::vector<HostedInstance> QueryHost::Impl::hosted() {
  std::vector<HostedInstance> all;
  for (const auto& [key, query] : queries_) {
    for (const auto& [id, standing] : query.instances) all.push_back(report(query, *standing));
  }
  return all;
}

namespace {

std::string role_of(const plan::Distribution& distribution, std::uint32_t stage) {
  const plan::RingStage& shape = distribution.stages[stage];
  switch (shape.role) {
    case plan::StageRole::Source:
      return shape.table ? "source " + distribution.plan.tables[*shape.table].name : "source";
    case plan::StageRole::Combine:
      return "combine";
    case plan::StageRole::Main:
      return "main";
    case plan::StageRole::Result:
      return "result";
  }
  return {};
}

}  // namespace

HostedInstance QueryHost::Impl::report(const HostedQuery& query, const StandingInstance& standing) {
  HostedInstance made;
  made.query = query.key;
  made.name = query.name;
  made.epoch = standing.epoch;
  made.run = standing.run;
  made.id = standing.id;
  made.role = role_of(*standing.distribution, standing.id.stage);
  auto shown = pool_->show(standing.slot);
  made.operators = std::move(shown.operators);
  for (const auto& link : standing.outs) {
    const auto counters = link->sender().counters();
    made.exchanges.push_back({text_of(endpoint_of(link->host(), transport_)), link->other(), true,
                              counters.rows, counters.frames, counters.bytes, counters.bytes_before,
                              counters.repeated, 0, counters.waiting_bytes, counters.no_credit_us});
  }
  for (const auto& link : standing.ins) {
    const auto& counters = link->receiver().counters();
    const std::tuple name{link->id().exchange, link->id().sender, link->id().receiver};
    const auto fenced = query.fenced.find(name);
    made.exchanges.push_back(
        {text_of(endpoint_of(link->host(), transport_)), link->other(), false, link->rows(), counters.frames,
         counters.bytes, counters.bytes_before, counters.repeated + counters.ahead,
         fenced == query.fenced.end() ? 0 : fenced->second, link->receiver().waiting_bytes(), 0});
  }
  for (const placement::WiredOutput& output : standing.wiring.outputs) {
    for (const placement::WiredPeer& peer : output.receivers) {
      if (peer.host.id == self_.id) made.exchanges.push_back({"here", peer.id, true});
    }
  }
  return made;
}

}  // namespace dart::runtime
