// Names by prefix: a client asks all shards, a coordinator a majority of the shard's group.

#include <algorithm>
#include <utility>

#include "directory/directory.hpp"

namespace dart::directory {

namespace {

/// Until the next attempt when a coordinator could not do it.
constexpr std::int64_t kAfterRefusalUs = 100'000;

bool begins_with(const std::string& name, const std::string& prefix) {
  return name.compare(0, prefix.size(), prefix) == 0;
}

}  // namespace

void Directory::on(ListNames& input) {
  const char* refusal = nullptr;
  if (input.prefix.size() > limits::kNameBytes) refusal = "a name has 1 to 255 bytes";
  if (input.after.size() > limits::kNameBytes) refusal = "a name has 1 to 255 bytes";
  if (input.limit == 0 || input.limit > limits::kListed) refusal = "a list has 1 to 10,000 names";
  if (listings_.size() >= limits::kLists) refusal = "too many lists are being made";
  if (refusal != nullptr) {
    out_->emplace_back(Listed{input.tag, Outcome::Refused, {}, false, refusal});
    return;
  }
  Listing& listing = listings_.emplace_back();
  listing.tag = input.tag;
  listing.request = RequestId::draw(random_);
  listing.prefix = std::move(input.prefix);
  listing.limit = input.limit;
  listing.deadline_us = now_.us + config_.patience.us;
  for (ShardNumber number = 0; number < limits::kShards; ++number) {
    listing.parts[number].after = input.after;
    ask(listing, number);
  }
}

void Directory::ask(Listing& listing, ShardNumber number) {
  Listing::Part& part = listing.parts[number];
  part.due_us = std::min(now_.us + config_.ask_again.us, listing.deadline_us);
  deadlines_.set_earlier(Timer::Clients, {part.due_us});
  part.asked = reach(number);
  if (!part.asked) return;
  const auto wanted = listing.limit - static_cast<std::uint32_t>(part.names);
  send(coordinators_[number], Scan{listing.request, number, listing.prefix, part.after, wanted});
}

void Directory::handle(const overlay::NodeHandle&, Scanned& m) {
  const auto listing = std::find_if(listings_.begin(), listings_.end(),
                                    [&](const Listing& one) { return one.request == m.request; });
  if (listing == listings_.end()) return;
  Listing::Part& part = listing->parts[m.shard];
  if (part.done) return;
  if (m.outcome != Outcome::Ok) {
    coordinators_[m.shard] = {};
    part.asked = false;
    part.due_us = std::min(part.due_us, now_.us + kAfterRefusalUs);
    deadlines_.set_earlier(Timer::Clients, {part.due_us});
    return;
  }
  // Of a repeated piece, or of an older one, the names are here already.
  if (m.more && m.after <= part.after) return;
  for (NameVersion& one : m.names) {
    if (one.name <= part.after || part.names >= listing->limit) continue;
    ++part.names;
    listing->names.push_back(std::move(one));
  }
  part.after = m.more ? m.after : part.after;
  part.done = !m.more || part.names >= listing->limit;
  if (!part.done) {
    ask(*listing, m.shard);
    return;
  }
  const bool all = std::all_of(listing->parts.begin(), listing->parts.end(),
                               [](const Listing::Part& each) { return each.done; });
  if (all) end_listing(static_cast<std::size_t>(listing - listings_.begin()), Outcome::Ok);
}

void Directory::end_listing(std::size_t index, Outcome outcome) {
  Listing listing = std::move(listings_[index]);
  listings_.erase(listings_.begin() + static_cast<std::ptrdiff_t>(index));
  Listed listed{listing.tag, outcome, {}, false, {}};
  if (outcome == Outcome::Ok) {
    listed.names = std::move(listing.names);
    std::sort(listed.names.begin(), listed.names.end(),
              [](const NameVersion& a, const NameVersion& b) { return a.name < b.name; });
    // A shard that was not read to its end has given as many as the whole list may have.
    const auto cut = std::any_of(listing.parts.begin(), listing.parts.end(),
                                 [&](const Listing::Part& part) { return part.names >= listing.limit; });
    listed.more = cut || listed.names.size() > listing.limit;
    if (listed.names.size() > listing.limit) listed.names.resize(listing.limit);
  }
  out_->emplace_back(std::move(listed));
}

void Directory::run_listings() {
  for (std::size_t i = 0; i < listings_.size();) {
    Listing& listing = listings_[i];
    if (listing.deadline_us <= now_.us) {
      end_listing(i, Outcome::Unavailable);
      continue;
    }
    for (ShardNumber number = 0; number < limits::kShards; ++number) {
      Listing::Part& part = listing.parts[number];
      if (part.done) continue;
      if (part.due_us <= now_.us) {
        coordinators_[number] = {};
        ask(listing, number);
      }
      deadlines_.set_earlier(Timer::Clients, {part.due_us});
    }
    ++i;
  }
}

void Directory::handle(const overlay::NodeHandle& from, Scan& m) {
  const Group& group = shards_[m.shard].group;
  if (!is_root(m.shard) || !group.known() || sweeps_.size() >= limits::kSweeps) {
    send(from, Scanned{m.request, m.shard, Outcome::Unavailable, {}, {}, false});
    return;
  }
  const std::uint64_t round = next_round_++;
  for (const auto& member : group.members) {
    send(member, Browse{m.shard, group.epoch, round, m.prefix, m.after, m.limit});
  }
  Sweep& sweep = sweeps_[round];
  sweep.scan = std::move(m);
  sweep.client = from;
  sweep.epoch = group.epoch;
  sweep.deadline_us = now_.us + config_.round.us;
  deadlines_.set_earlier(Timer::Rounds, {sweep.deadline_us});
}

void Directory::handle(const overlay::NodeHandle& from, const Browse& m) {
  const Shard& shard = shards_[m.shard];
  Browsed answer{m.shard, m.round, standing({m.shard, m.epoch, m.prefix + "*"}), {}, {}, true};
  if (answer.verdict == Verdict::Moved) answer.group = shard.group;
  if (answer.verdict == Verdict::Ok) {
    auto next = shard.registers.lower_bound(std::max(m.prefix, m.after));
    std::size_t bytes = 0;
    for (; next != shard.registers.end() && begins_with(next->first, m.prefix); ++next) {
      const auto& [name, one] = *next;
      if (name == kSuccessor || name == m.after || one.accepted.none()) continue;
      if (bytes >= limits::kListBytes || answer.entries.size() >= m.limit) {
        answer.last = false;
        break;
      }
      answer.entries.push_back({name, one.accepted, one.record.version, one.record.exists});
      bytes += name.size() + 32;
    }
  }
  reply(from, std::move(answer));
}

void Directory::handle(const overlay::NodeHandle& from, Browsed& m) {
  const auto found = sweeps_.find(m.round);
  if (found == sweeps_.end() || found->second.scan.shard != m.shard) return;
  Sweep& sweep = found->second;
  const Group& group = shards_[m.shard].group;
  const auto end = [&](Scanned answer) {
    send(sweep.client, std::move(answer));
    sweeps_.erase(found);
  };
  const Scanned failed{sweep.scan.request, m.shard, Outcome::Unavailable, {}, {}, false};
  if (m.verdict == Verdict::Moved) adopt(m.shard, m.group);
  if (m.verdict == Verdict::Closing) close(m.shard);
  if (m.verdict == Verdict::Moved || m.verdict == Verdict::Closing || group.epoch != sweep.epoch) {
    end(failed);
    return;
  }
  const bool twice = std::find(sweep.told.begin(), sweep.told.end(), from.id) != sweep.told.end();
  if (m.verdict != Verdict::Ok || twice || !group.contains(from.id)) return;
  sweep.told.push_back(from.id);
  if (!m.last && !m.entries.empty() && (!sweep.until || m.entries.back().name < *sweep.until)) {
    sweep.until = m.entries.back().name;
  }
  for (Browsed::Entry& entry : m.entries) {
    Browsed::Entry& newest = sweep.entries[entry.name];
    if (newest.accepted < entry.accepted) newest = std::move(entry);
  }
  if (sweep.told.size() < group.majority()) return;
  Scanned answer{sweep.scan.request,     m.shard, Outcome::Ok, {}, sweep.until.value_or(""),
                 sweep.until.has_value()};
  for (const auto& [name, entry] : sweep.entries) {
    if (sweep.until && name > *sweep.until) break;
    if (entry.exists) answer.names.push_back({name, entry.version});
  }
  end(std::move(answer));
}

void Directory::run_sweeps() {
  for (auto sweep = sweeps_.begin(); sweep != sweeps_.end();) {
    const bool due = sweep->second.deadline_us <= now_.us;
    if (due) {
      send(
          sweep->second.client,
          Scanned{sweep->second.scan.request, sweep->second.scan.shard, Outcome::Unavailable, {}, {}, false});
    }
    sweep = due ? sweeps_.erase(sweep) : std::next(sweep);
  }
}

}  // namespace dart::directory
