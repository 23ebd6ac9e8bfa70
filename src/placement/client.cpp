// Requests of local clients.

#include <algorithm>
#include <utility>

#include "placement/message_codec.hpp"
#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {

namespace {

/// Why a request cannot even be sent; empty: it can.
std::string wrong_with(const Request& request) {
  if (request.name.empty() || request.name.size() > limits::kNameBytes - 1) {
    return "the name of a query has 1 to 127 bytes";
  }
  if (!request.spec) return {};
  if (request.spec->text.size() + request.spec->program.size() > limits::kSpecBytes) {
    return "the query is too long: its text and its plan have at most 49,152 bytes together";
  }
  if (find_policy(request.spec->policy) == nullptr)
    return "no policy is called '" + request.spec->policy + "'";
  return {};
}

}  // namespace

void QueryService::on(placement::Request& input) {
  std::string refusal = wrong_with(input);
  if (pending_.size() >= limits::kRequests) {
    refusal = "too many requests are under way at this node";
    ++counters_.dropped_full;
  }
  if (!refusal.empty()) {
    RequestDone done;
    done.tag = input.tag;
    done.message = std::move(refusal);
    out_->emplace_back(std::move(done));
    return;
  }
  Pending pending;
  pending.tag = input.tag;
  pending.request = RequestName::draw(random_);
  pending.key = query_key(input.name);
  pending.payload = encode(Ask{pending.request, input.kind, std::move(input.name), std::move(input.spec)});
  pending.deadline_us = now_.us + config_.patience.us;
  pending.due_us = now_.us;
  pending_.push_back(std::move(pending));
  run_clients();
}

void QueryService::run_clients() {
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& pending = pending_[i];
    if (pending.deadline_us <= now_.us) {
      RequestDone done;
      done.tag = pending.tag;
      done.message = "no answer from the root of the query's name in time: it may have been done or not";
      done.hint = "`dart query show` tells; the same request again is safe";
      done.unanswered = true;
      out_->emplace_back(std::move(done));
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    if (pending.due_us <= now_.us) {
      ++counters_.sent[0];
      out_->emplace_back(RouteTo{pending.key, false, pending.payload});
      pending.due_us = now_.us + config_.ask_again.us;
    }
    deadlines_.set_earlier(Timer::Clients, {std::min(pending.due_us, pending.deadline_us)});
    ++i;
  }
}

void QueryService::handle(const overlay::NodeHandle&, Answered& m) {
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& one) { return one.request == m.request; });
  if (found == pending_.end()) {
    ++counters_.dropped_foreign;
    return;
  }
  out_->emplace_back(RequestDone{found->tag, m.ok, m.changed, std::move(m.message), std::move(m.hint),
                                 m.epoch, std::move(m.placed), std::move(m.notes), false});
  pending_.erase(found);
}

}  // namespace dart::placement
