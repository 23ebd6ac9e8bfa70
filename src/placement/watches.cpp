// Neighbours keep a watch: when a node dies they tell whoever has to know (DESIGN §6, recovery).

#include <algorithm>
#include <utility>

#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// Changes are gathered for so long; a list may get lost, so all of it is sent again from time to time.
constexpr std::int64_t kGatherUs = 50'000;
constexpr std::int64_t kAgainUs = 10'000'000;
/// A death is told again after this, then after twice as long, so many times.
constexpr std::int64_t kToldAgainUs = 300'000;
constexpr std::uint32_t kToldAgain = 3;

}  // namespace

void QueryService::care_for(const std::string& name) {
  if (cared_for_[name]++ > 0) return;
  watch_gone_.erase(name);
  watch_add_.insert(name);
  deadlines_.set_earlier(Timer::Watch, {now_.us + kGatherUs});
}

void QueryService::care_no_more(const std::string& name) {
  const auto found = cared_for_.find(name);
  if (found == cared_for_.end() || --found->second > 0) return;
  cared_for_.erase(found);
  watch_add_.erase(name);
  watch_gone_.insert(name);
  deadlines_.set_earlier(Timer::Watch, {now_.us + kGatherUs});
}

/// Tells the nearest neighbours on both sides what this node runs and schedules.
void QueryService::run_watch() {
  leave_when_empty();
  std::vector<overlay::NodeHandle> watchers = ring_->replica_set(self_.id, 1 + 2 * limits::kWatchersASide);
  std::erase_if(watchers, [&](const overlay::NodeHandle& one) { return one.id == self_.id; });
  const bool again = watch_add_.empty() && watch_gone_.empty();
  std::vector<std::string> all;
  for (const auto& [name, times] : cared_for_) all.push_back(name);
  const std::vector<std::string> added(watch_add_.begin(), watch_add_.end());
  const std::vector<std::string> gone(watch_gone_.begin(), watch_gone_.end());
  for (const overlay::NodeHandle& watcher : watchers) {
    const bool knows = std::find(watchers_.begin(), watchers_.end(), watcher) != watchers_.end();
    const bool whole = again || !knows;
    const auto& names = whole ? all : added;
    for (std::size_t from = 0; from == 0 || from < names.size(); from += limits::kNames) {
      Watch message{whole && from == 0, {}, {}};
      const std::size_t end = std::min(names.size(), from + limits::kNames);
      message.names.assign(names.begin() + static_cast<std::ptrdiff_t>(from),
                           names.begin() + static_cast<std::ptrdiff_t>(end));
      if (!whole && from == 0)
        message.gone.assign(
            gone.begin(), gone.begin() + static_cast<std::ptrdiff_t>(std::min(gone.size(), limits::kNames)));
      tell(watcher, std::move(message));
    }
  }
  watchers_ = std::move(watchers);
  watch_add_.clear();
  watch_gone_.clear();
  if (!cared_for_.empty()) deadlines_.set_earlier(Timer::Watch, {now_.us + kAgainUs});
}

void QueryService::handle(const overlay::NodeHandle& from, const Watch& m) {
  const auto found = watched_.find(from.id);
  if (found != watched_.end() && !found->second.host.same_life(from)) {
    const overlay::NodeHandle before = found->second.host;
    if (before.replaces(from)) return;
    tell_death(before);
  }
  if (!watched_.contains(from.id) && watched_.size() >= limits::kWatched) {
    ++counters_.dropped_full;
    return;
  }
  Watched& watched = watched_[from.id];
  watched.host = from;
  if (m.whole) watched.names.clear();
  for (const std::string& name : m.gone) watched.names.erase(name);
  for (const std::string& name : m.names) {
    if (watched.names.size() < limits::kScheduled) watched.names.insert(name);
  }
  if (watched.names.empty()) watched_.erase(from.id);
}

/// The leaf set shows another life of a node: the one before has ended, though nobody called it dead.
void QueryService::tell_deaths() {
  if (watched_.empty()) return;
  std::vector<overlay::NodeHandle> ended;
  for (const overlay::Contact& leaf : ring_->leaf_contacts()) {
    const auto found = watched_.find(leaf.node.id);
    if (found != watched_.end() && !found->second.host.same_life(leaf.node))
      ended.push_back(found->second.host);
  }
  for (const auto& host : ended) tell_death(host);
}

void QueryService::tell_death(const overlay::NodeHandle& host) {
  const auto found = watched_.find(host.id);
  if (found == watched_.end() || !found->second.host.same_life(host)) return;
  if (mourned_.size() < limits::kWatched) {
    mourned_.push_back({std::move(found->second), 0, now_.us});
  } else {
    ++counters_.dropped_full;
  }
  watched_.erase(found);
  run_mourning();
}

void QueryService::run_mourning() {
  std::int64_t next_us = INT64_MAX;
  for (Mourned& one : mourned_) {
    if (one.due_us <= now_.us) {
      for (const std::string& name : one.dead.names) {
        route(query_key_of(name), HostDied{name, one.dead.host});
      }
      one.due_us = now_.us + (kToldAgainUs << one.told++);
    }
    next_us = std::min(next_us, one.due_us);
  }
  std::erase_if(mourned_, [](const Mourned& one) { return one.told > kToldAgain; });
  if (!mourned_.empty()) deadlines_.set_earlier(Timer::Mourning, {next_us});
}

}  // namespace dart::placement
