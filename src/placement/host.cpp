// What runs on this node: reservations, instances, and the reports to their schedulers.

#include <algorithm>

#include "placement/load_badge.hpp"
#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// A host that is this busy takes nothing more, as long as it has something already.
constexpr std::uint32_t kBusyPermille = 950;
/// Of its memory budget an instance gets at least this.
constexpr std::uint64_t kLeastBytes = 4U << 20;
/// Roll calls that may go unanswered before somebody else is asked to schedule.
constexpr std::uint32_t kUnanswered = 2;
/// Roll calls that repeat what has finished.
constexpr std::uint32_t kFinishedCalls = 4;

}  // namespace

/// Instances that cost this machine something, readers left out: those are where their data is.
std::uint32_t QueryService::busy() const {
  std::uint32_t busy = 0;
  for (const auto& [name, hosted] : hosted_) busy += hosted.busy;
  for (const Reservation& one : reservations_) busy += one.busy;
  return busy;
}

/// DESIGN §6: hops propose, the chosen host accepts or refuses by its load of that moment.
void QueryService::handle(const overlay::NodeHandle& from, const Reserve& m) {
  const auto own = [&](const Reservation& one) { return one.name == m.name; };
  std::erase_if(reservations_, [&](const Reservation& one) { return own(one) && one.round != m.round; });
  const auto reserved = std::find_if(reservations_.begin(), reservations_.end(), own);
  const auto running = hosted_.find(m.name);
  // What it runs of this query already, or has room for, makes room for what it is asked to run.
  const std::uint32_t others = busy() - (running == hosted_.end() ? 0 : running->second.busy) -
                               (reserved == reservations_.end() ? 0 : reserved->busy);
  const auto wanted = static_cast<std::uint32_t>(m.instances.size());
  const std::uint32_t after = others + wanted;
  const bool over = (config_.capacity != 0 && after > config_.capacity) || (m.most != 0 && after > m.most);
  const bool pressed = others > 0 && load_.cpu_permille > kBusyPermille;
  const bool short_of_memory = load_.free_bytes != 0 && load_.free_bytes < kLeastBytes * wanted;
  Reserved answer{m.name, m.round, m.instances, !over && !pressed && !short_of_memory && !draining_, load_};
  answer.load.instances = others;
  if (answer.taken) std::erase_if(reservations_, own);
  if (answer.taken && reservations_.size() >= limits::kReserved) {
    ++counters_.dropped_full;
    answer.taken = false;
  }
  if (answer.taken) {
    ++counters_.reserved;
    const std::int64_t until_us = now_.us + config_.reserved.us;
    reservations_.push_back({m.name, m.round, wanted, until_us});
    deadlines_.set_earlier(Timer::Reservations, {until_us});
  } else {
    ++counters_.refused;
  }
  tell(from, std::move(answer));
}

void QueryService::expire_reservations() {
  std::erase_if(reservations_, [&](const Reservation& one) { return one.until_us <= now_.us; });
  for (const Reservation& one : reservations_) deadlines_.set_earlier(Timer::Reservations, {one.until_us});
}

void QueryService::handle(const overlay::NodeHandle& from, Deploy& m) {
  const std::string& name = m.spec.name;
  std::erase_if(reservations_, [&](const Reservation& one) { return one.name == name; });
  const auto known = hosted_.find(name);
  if (known != hosted_.end() && (known->second.epoch > m.epoch || known->second.version > m.version)) {
    ++counters_.dropped_foreign;
    return;
  }
  std::map<InstanceId, Opening> mine;
  std::uint32_t busy = 0;
  for (const Placed& placed : m.placed) {
    if (placed.host.id != self_.id || placed.away) continue;
    mine.emplace(placed.id, Opening::UnderWay);
    busy += m.spec.stages[placed.id.stage].role == StageRole::Source ? 0 : 1;
  }
  if (mine.empty()) return handle(from, Stop{name, m.epoch});
  const Key key = query_key(name);
  const bool again = known != hosted_.end() && known->second.epoch == m.epoch;
  if (!again) {
    if (known == hosted_.end()) care_for(name);
    Hosted& hosted = hosted_[name];
    names_[key] = name;
    hosted = {};
    hosted.key = key;
    hosted.epoch = m.epoch;
    hosted.instances = std::move(mine);
    hosted.busy = busy;
    hosted.on_partition = m.spec.on_partition;
    out_->emplace_back(Fence{key, m.epoch, false});
  }
  Hosted& hosted = hosted_[name];
  hosted.version = m.version;
  hosted.scheduler = from;
  hosted.unanswered = 0;
  deadlines_.set_earlier(Timer::RollCall, {now_.us + config_.roll_call.us});
  for (auto& [id, opening] : hosted.instances) {
    if (again && opening == Opening::UnderWay) continue;
    if (opening == Opening::Open) {
      tell(from, Deployed{name, m.epoch, id, {}, false});
      continue;
    }
    opening = Opening::UnderWay;
    OpenInstance open{key,          name,     m.epoch,   m.run,           id, m.spec.program, m.spec.stages,
                      m.spec.edges, m.placed, m.barrier, m.barrier_epoch, {}};
    // A Combine holds nothing behind a barrier; another of its number stood somewhere else on the routes.
    const bool goes_on = m.spec.stages[id.stage].role != StageRole::Combine;
    for (const Placed& held : m.state) {
      if (goes_on && held.id == id && !held.away) open.state_at = held.host;
    }
    if (open.state_at.id.is_zero()) open.barrier = 0;
    out_->emplace_back(std::move(open));
  }
  if (m.held || hosted.held) out_->emplace_back(HoldSources{key, m.epoch, m.held});
  hosted.held = m.held;
  show_load();
}

void QueryService::handle(const overlay::NodeHandle&, const Stop& m) {
  std::erase_if(reservations_, [&](const Reservation& one) { return one.name == m.name; });
  const auto found = hosted_.find(m.name);
  if (found == hosted_.end() || found->second.epoch > m.epoch) return;
  out_->emplace_back(Fence{found->second.key, m.epoch, true});
  forget_hosted(m.name);
  show_load();
  leave_when_empty();
}

void QueryService::forget_hosted(const std::string& name) {
  const auto found = hosted_.find(name);
  names_.erase(found->second.key);
  hosted_.erase(found);
  care_no_more(name);
}

void QueryService::handle(const overlay::NodeHandle& from, const Hold& m) {
  const auto found = hosted_.find(m.name);
  if (found == hosted_.end() || found->second.epoch != m.epoch || found->second.version > m.version) {
    ++counters_.dropped_foreign;
    return;
  }
  Hosted& hosted = found->second;
  hosted.version = m.version;
  hosted.scheduler = from;
  tell_finished(m.name, hosted);
  if (hosted.held != m.hold) out_->emplace_back(HoldSources{hosted.key, m.epoch, m.hold});
  hosted.held = m.hold;
}

void QueryService::handle(const overlay::NodeHandle& from, const Barrier& m) {
  const auto found = hosted_.find(m.name);
  if (found == hosted_.end() || found->second.epoch != m.epoch || found->second.version > m.version) {
    ++counters_.dropped_foreign;
    return;
  }
  Hosted& hosted = found->second;
  hosted.scheduler = from;
  tell_finished(m.name, hosted);
  if (std::exchange(hosted.barrier, m.barrier) != m.barrier) {
    hosted.behind.clear();
    out_->emplace_back(StartBarrier{hosted.key, m.epoch, m.barrier});
  }
  // What was said once may have been lost.
  for (const InstanceId& id : hosted.behind) tell(from, BarrierReached{m.name, m.epoch, m.barrier, id});
}

void QueryService::tell_finished(const std::string& name, const Hosted& hosted) {
  for (const InstanceId& id : hosted.finished) {
    tell(hosted.scheduler, Ended{name, hosted.epoch, id, {}, false});
  }
}

/// The query of a report by whoever runs instances; null when it is over here, or began anew since.
QueryService::Hosted* QueryService::hosted_by(const Key& query, std::uint64_t epoch, std::string& name) {
  const auto named = names_.find(query);
  if (named == names_.end()) return nullptr;
  name = named->second;
  Hosted& hosted = hosted_.at(name);
  return hosted.epoch == epoch ? &hosted : nullptr;
}

void QueryService::on(const Opened& input) {
  std::string name;
  Hosted* hosted = hosted_by(input.query, input.epoch, name);
  if (hosted == nullptr) return;
  const auto instance = hosted->instances.find(input.instance);
  if (instance == hosted->instances.end()) return;
  instance->second = input.error ? Opening::Failed : Opening::Open;
  tell(hosted->scheduler,
       Deployed{name, input.epoch, input.instance,
                input.error.value_or(std::string()).substr(0, limits::kReasonBytes), input.lasting});
}

void QueryService::on(const BarrierPassed& input) {
  std::string name;
  Hosted* hosted = hosted_by(input.query, input.epoch, name);
  if (hosted == nullptr) return;
  if (std::exchange(hosted->barrier, input.barrier) != input.barrier) hosted->behind.clear();
  hosted->behind.insert(input.instance);
  tell(hosted->scheduler, BarrierReached{name, input.epoch, input.barrier, input.instance});
}

void QueryService::on(const InstanceFailed& input) {
  std::string name;
  Hosted* hosted = hosted_by(input.query, input.epoch, name);
  if (hosted == nullptr) return;
  if (const auto it = hosted->instances.find(input.instance); it != hosted->instances.end()) {
    it->second = Opening::Failed;
  }
  const std::string why = input.error.empty() ? "it failed" : input.error.substr(0, limits::kReasonBytes);
  tell(hosted->scheduler, Ended{name, input.epoch, input.instance, why, input.lasting});
}

void QueryService::on(const InstanceFinished& input) {
  std::string name;
  Hosted* hosted = hosted_by(input.query, input.epoch, name);
  if (hosted == nullptr) return;
  hosted->finished.insert(input.instance);
  hosted->finished_calls = 0;
  tell(hosted->scheduler, Ended{name, input.epoch, input.instance, {}, false});
}

void QueryService::on(const LinkDown& input) {
  std::string name;
  const Hosted* hosted = hosted_by(input.query, input.epoch, name);
  if (hosted == nullptr) return;
  tell(hosted->scheduler, PeerLost{name, input.epoch, input.peer});
}

void QueryService::on(const LoadReport& input) {
  load_ = input.load;
  load_.capacity = config_.capacity;
  show_load();
}

/// Neighbours see it on heartbeats and propose this node, or not.
void QueryService::show_load() {
  Load shown = load_;
  shown.instances = busy();
  std::string badge = badge_of(shown);
  if (badge == badge_) return;
  badge_ = badge;
  out_->emplace_back(ShowBadge{std::move(badge)});
}

void QueryService::run_roll_call() {
  if (hosted_.empty()) return;
  deadlines_.set(Timer::RollCall, {now_.us + config_.roll_call.us});
  ++roll_round_;
  std::map<NodeId, std::pair<overlay::NodeHandle, RollCall>> calls;
  for (auto& [name, hosted] : hosted_) {
    if (hosted.unanswered >= kUnanswered) {
      // Whoever is the root of its name now takes it over, or says that it has.
      route(hosted.key, HostDied{name, {}});
      if (hosted.on_partition == OnPartition::Pause && !std::exchange(hosted.cut_off, true)) {
        out_->emplace_back(HoldSources{hosted.key, hosted.epoch, true});
      }
    }
    if (hosted.finished_calls++ < kFinishedCalls) tell_finished(name, hosted);
    if (hosted.scheduler.id != self_.id) ++hosted.unanswered;
    auto& [to, call] = calls[hosted.scheduler.id];
    to = hosted.scheduler;
    if (call.runs.size() < limits::kNames) call.runs.push_back({name, hosted.epoch});
  }
  for (auto& [id, call] : calls) {
    call.second.round = roll_round_;
    tell(call.first, std::move(call.second));
  }
}

void QueryService::handle(const overlay::NodeHandle& from, RollAnswer& m) {
  answered_probe(from);
  for (auto& [name, hosted] : hosted_) {
    if (hosted.scheduler.id != from.id) continue;
    if (std::find(m.not_mine.begin(), m.not_mine.end(), name) != m.not_mine.end()) {
      route(hosted.key, HostDied{name, {}});
      continue;
    }
    if (m.round != roll_round_) continue;
    hosted.unanswered = 0;
    if (std::exchange(hosted.cut_off, false) && !hosted.held) {
      out_->emplace_back(HoldSources{hosted.key, hosted.epoch, false});
    }
  }
}

void QueryService::handle(const overlay::NodeHandle& from, const Probe& m) {
  tell(from, RollAnswer{m.round, {}});
}

void QueryService::on(const Drain&) {
  draining_ = true;
  drain_until_us_ = now_.us + config_.drain.us;
  tell_leaving();
}

/// Again and again, and by the queries' keys: a scheduler may be busy placing, or have just been replaced.
void QueryService::tell_leaving() {
  if (!draining_) return;
  for (const auto& [name, hosted] : hosted_) route(hosted.key, Leaving{{name}});
  deadlines_.set_earlier(Timer::Leaving, {std::min(now_.us + config_.leaving_again.us, drain_until_us_)});
  leave_when_empty();
}

void QueryService::leave_when_empty() {
  if (!draining_ || (!hosted_.empty() && now_.us < drain_until_us_)) return;
  draining_ = false;
  out_->emplace_back(Drained{});
}

}  // namespace dart::placement
