#include "placement/wiring.hpp"

#include <algorithm>
#include <optional>

namespace dart::placement {

namespace {

/// The exchange by which rows come into stage `to` that leave `from` by exchange `out`.
std::optional<std::uint32_t> arriving_by(const plan::Distribution& distribution, std::size_t from,
                                         std::uint32_t out, std::size_t to) {
  const std::size_t aim = distribution.exchanges[out].to_stage;
  if (aim == to) return out;
  const auto& stages = distribution.stages;
  // From one Combine to the next: partial results come in as those of readers do.
  if (from == to && stages[to].role == plan::StageRole::Combine && stages[to].inputs.size() == 1) {
    return static_cast<std::uint32_t>(stages[to].inputs.front());
  }
  if (stages[aim].role != plan::StageRole::Combine) return std::nullopt;
  for (const std::size_t next : stages[aim].outputs) {
    if (distribution.exchanges[next].to_stage == to) return static_cast<std::uint32_t>(next);
  }
  return std::nullopt;
}

/// Above the number of any instance.
constexpr std::uint32_t kBehind = 1U << 24;

Result<WiredOutput> output(const plan::Distribution& distribution, const std::vector<Placed>& placed,
                           const Placed& self, std::uint32_t exchange) {
  WiredOutput made{exchange, {}};
  for (const Placed& other : placed) {
    if (std::find(self.to.begin(), self.to.end(), other.id) == self.to.end()) continue;
    const auto arrives = arriving_by(distribution, self.id.stage, exchange, other.id.stage);
    if (arrives) made.receivers.push_back({other.id, other.host, other.away, exchange, *arrives});
  }
  if (made.receivers.empty()) return fail(ErrorCode::Data, "the placement of the query names no receiver");
  std::sort(made.receivers.begin(), made.receivers.end(),
            [](const WiredPeer& a, const WiredPeer& b) { return a.id < b.id; });
  return made;
}

WiredInput input(const plan::Distribution& distribution, const std::vector<Placed>& placed,
                 const InstanceId& self, std::uint32_t exchange) {
  WiredInput made{exchange, {}};
  for (const Placed& other : placed) {
    if (std::find(other.to.begin(), other.to.end(), self) == other.to.end()) continue;
    for (const std::size_t out : distribution.stages[other.id.stage].outputs) {
      const auto number = static_cast<std::uint32_t>(out);
      if (arriving_by(distribution, other.id.stage, number, self.stage) == exchange) {
        made.senders.push_back({other.id, other.host, other.away, number, exchange});
      }
    }
  }
  std::sort(made.senders.begin(), made.senders.end(),
            [](const WiredPeer& a, const WiredPeer& b) { return a.id < b.id; });
  return made;
}

}  // namespace

std::uint32_t sender_number(const InstanceId& sender, const WiredPeer& link) {
  return link.exchange == link.arrives ? sender.number : kBehind + sender.number;
}

plan::RingWiring ring_wiring(const Wiring& wiring, std::size_t exchanges) {
  plan::RingWiring made;
  made.exchanges.resize(exchanges);
  for (const WiredOutput& output : wiring.outputs) {
    made.exchanges[output.exchange].receivers = static_cast<std::uint32_t>(output.receivers.size());
  }
  for (const WiredInput& input : wiring.inputs) {
    auto& exchange = made.exchanges[input.exchange];
    for (const WiredPeer& sender : input.senders) {
      exchange.senders.push_back(sender_number(sender.id, sender));
      if (sender.away) exchange.away.push_back(exchange.senders.back());
    }
    std::sort(exchange.senders.begin(), exchange.senders.end());
    std::sort(exchange.away.begin(), exchange.away.end());
  }
  return made;
}

Result<Wiring> wire(const plan::Distribution& distribution, const std::vector<Placed>& placed,
                    const InstanceId& self) {
  const auto found =
      std::find_if(placed.begin(), placed.end(), [&](const Placed& one) { return one.id == self; });
  const bool fits = std::all_of(placed.begin(), placed.end(),
                                [&](const Placed& one) { return one.id.stage < distribution.stages.size(); });
  if (found == placed.end() || !fits) {
    return fail(ErrorCode::Data, "the placement of the query does not fit its plan");
  }
  Wiring wiring;
  for (const std::size_t exchange : distribution.stages[self.stage].outputs) {
    DART_TRY(auto made, output(distribution, placed, *found, static_cast<std::uint32_t>(exchange)));
    wiring.outputs.push_back(std::move(made));
  }
  for (const std::size_t exchange : distribution.stages[self.stage].inputs) {
    wiring.inputs.push_back(input(distribution, placed, self, static_cast<std::uint32_t>(exchange)));
  }
  return wiring;
}

}  // namespace dart::placement
