#include <algorithm>

#include "directory/tree/tree.hpp"

namespace dart::directory::tree {

bool Tree::ask(std::uint64_t number, Asked asked) {
  if (asked_.size() >= limits::kAsked) return false;
  const std::int64_t due_us = std::min(asked.due_us, asked.give_up_us);
  if (due_us != INT64_MAX) deadlines_.set_earlier(Timer::Asked, {due_us});
  asked_.emplace(number, std::move(asked));
  return true;
}

void Tree::on(const AskTotal& input) {
  const std::uint64_t number = next_number_++;
  const Asked asked{Ask::Total, input.tag, input.group, {}, now_.us, now_.us + config_.patience.us};
  if (ask(number, asked)) return;
  ++counters_.full_asked;
  out_->emplace_back(Totalled{input.tag, false, 0, {}});
}

void Tree::run_asked() {
  std::int64_t next_us = INT64_MAX;
  for (auto it = asked_.begin(); it != asked_.end();) {
    Asked& one = it->second;
    if (one.give_up_us <= now_.us) {
      end(one);
      it = asked_.erase(it);
      continue;
    }
    if (one.due_us <= now_.us) {
      one.due_us = now_.us + config_.ask_again.us;
      // Each time by another name: a root hands up the same one once.
      route(one.group, next_number_++, overlay::HopMode::Direct, false, Query{one.group, it->first});
    }
    next_us = std::min({next_us, one.due_us, one.give_up_us});
    ++it;
  }
  if (next_us != INT64_MAX) deadlines_.set_earlier(Timer::Asked, {next_us});
}

void Tree::end(const Asked& asked) {
  switch (asked.ask) {
    case Ask::Publish:
      out_->emplace_back(Published{asked.tag, false});
      break;
    case Ask::Cast:
      out_->emplace_back(CastEnded{asked.tag, CastOutcome::Unanswered, {}});
      break;
    case Ask::Total:
      out_->emplace_back(Totalled{asked.tag, false, 0, {}});
      break;
  }
}

std::vector<Partial> Tree::partials(const Group& group) {
  std::vector<Partial> all = group.own;
  for (const Child& child : group.children) {
    for (const Partial& partial : child.partials) counters_.full_counters += add(all, partial);
  }
  return all;
}

void Tree::run_reports() {
  for (const auto& [key, group] : groups_) {
    if (!group.has_parent()) continue;
    tell(group.parent,
         Report{key, static_cast<std::uint32_t>(group.children.size()), group.members(), partials(group)});
  }
  if (!groups_.empty()) deadlines_.set(Timer::Reports, now_ + config_.report);
}

void Tree::handle(const overlay::NodeHandle& from, const Query& m) {
  const Group* group = find(m.group);
  // Whoever has just become the root does not know its members yet: it is asked again.
  if (group != nullptr && group->root && now_.us < group->root_since_us + config_.settle.us) return;
  if (group == nullptr) {
    tell(from, Total{m.question, 0, {}});
  } else {
    tell(from, Total{m.question, group->members(), partials(*group)});
  }
}

void Tree::handle(const overlay::NodeHandle&, Total& m) {
  const auto found = asked_.find(m.question);
  if (found == asked_.end() || found->second.ask != Ask::Total) return;
  out_->emplace_back(Totalled{found->second.tag, true, m.members, std::move(m.partials)});
  asked_.erase(found);
}

}  // namespace dart::directory::tree
