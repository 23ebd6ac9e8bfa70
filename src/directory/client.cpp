// Operations and watches of local clients.

#include <algorithm>
#include <utility>

#include "directory/directory.hpp"
#include "directory/message_codec.hpp"

namespace dart::directory {

namespace {

/// A watch is renewed so often within its time.
constexpr std::int64_t kRenewals = 3;
/// Until the next attempt when a coordinator could not do it.
constexpr std::int64_t kAfterRefusalUs = 100'000;

}  // namespace

void Directory::on(Command& input) {
  const char* refusal = nullptr;
  if (input.name.empty() || input.name.size() > limits::kNameBytes) refusal = "a name has 1 to 255 bytes";
  if (input.value.size() > limits::kValueBytes) refusal = "a value has at most 65,536 bytes";
  if (pending_.size() >= limits::kOperations) refusal = "too many operations are under way";
  Pending pending;
  pending.tag = input.tag;
  pending.ask = {input.request,  input.operation,        std::move(input.name),
                 input.expected, std::move(input.value), 0};
  pending.again = input.again;
  if (input.again) pending.ask.attempt = 1;  // the next one is a repetition
  pending.deadline_us = now_.us + config_.patience.us;
  if (refusal != nullptr) {
    out_->emplace_back(Completed{input.tag, ended(pending.ask, Outcome::Refused, refusal)});
    return;
  }
  pending_.push_back(std::move(pending));
  ask(pending_.back());
}

void Directory::ask(Pending& pending) {
  const ShardNumber shard = shard_of(pending.ask.name);
  pending.due_us = std::min(now_.us + config_.ask_again.us, pending.deadline_us);
  deadlines_.set_earlier(Timer::Clients, {pending.due_us});
  pending.asked = reach(shard);
  if (!pending.asked) return;
  pending.unsettled.insert(++pending.ask.attempt);
  send(coordinators_[shard], pending.ask);
}

bool Directory::reach(ShardNumber number) {
  if (!coordinators_[number].id.is_zero()) return true;
  out_->emplace_back(RouteTo{centre_of(number), encode(Locate{number})});
  return false;
}

void Directory::handle(const overlay::NodeHandle& from, const Located& m) {
  coordinators_[m.shard] = from;
  for (Listing& listing : listings_) {
    if (!listing.parts[m.shard].asked && !listing.parts[m.shard].done) ask(listing, m.shard);
  }
  for (Pending& pending : pending_) {
    if (!pending.asked && shard_of(pending.ask.name) == m.shard) ask(pending);
  }
}

void Directory::handle(const overlay::NodeHandle&, Answer& m) {
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& p) { return p.ask.request == m.request; });
  if (found == pending_.end() || !found->unsettled.contains(m.attempt)) return;
  if (m.outcome == Outcome::Unavailable) found->unsettled.erase(m.attempt);
  if (m.outcome == Outcome::Unavailable || m.outcome == Outcome::Unknown) {
    coordinators_[shard_of(found->ask.name)] = {};  // somebody else may do better
    found->asked = false;
    found->due_us = std::min(found->due_us, now_.us + kAfterRefusalUs);
    deadlines_.set_earlier(Timer::Clients, {found->due_us});
    return;
  }
  complete(static_cast<std::size_t>(found - pending_.begin()), std::move(m));
}

void Directory::complete(std::size_t index, Answer answer) {
  out_->emplace_back(Completed{pending_[index].tag, std::move(answer)});
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Directory::run_clients() {
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& pending = pending_[i];
    if (pending.deadline_us <= now_.us) {
      const bool settled = pending.unsettled.empty() && !pending.again;
      const bool harmless = pending.ask.operation == Operation::Get || settled;
      complete(i, ended(pending.ask, harmless ? Outcome::Unavailable : Outcome::Unknown));
      continue;
    }
    if (pending.due_us <= now_.us) {
      coordinators_[shard_of(pending.ask.name)] = {};
      ask(pending);
    }
    deadlines_.set_earlier(Timer::Clients, {pending.due_us});
    ++i;
  }
  run_listings();
  run_own_reform();
  for (auto& [name, watch] : watches_) {
    if (watch.renew_us <= now_.us) renew(name, watch);
    deadlines_.set_earlier(Timer::Clients, {watch.renew_us});
  }
}

void Directory::on(StartWatch& input) {
  const auto [watch, is_new] = watches_.try_emplace(input.name);
  if (is_new) renew(watch->first, watch->second);
}

void Directory::on(const StopWatch& input) { watches_.erase(input.name); }

void Directory::renew(const std::string& name, OwnWatch& watch) {
  const ShardNumber shard = shard_of(name);
  const bool known = !coordinators_[shard].id.is_zero();
  watch.renew_us = now_.us + (known ? config_.watch.us / kRenewals : config_.round.us);
  deadlines_.set_earlier(Timer::Clients, {watch.renew_us});
  if (!known || std::exchange(watch.silent, true)) {
    out_->emplace_back(RouteTo{centre_of(shard), encode(Locate{shard})});
  }
  if (known) send(coordinators_[shard], Watch{name});
}

void Directory::handle(const overlay::NodeHandle&, const Notice& m) {
  const auto found = watches_.find(m.name);
  if (found == watches_.end()) return;
  found->second.silent = false;
  if (found->second.told && m.version <= found->second.version) return;
  found->second.told = true;
  found->second.version = m.version;
  out_->emplace_back(Changed{m.name, m.version});
}

}  // namespace dart::directory
