#include "support/ring_driver.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <tuple>

#include "base/check.hpp"
#include "base/random.hpp"
#include "placement/wiring.hpp"
#include "support/kept_connectors.hpp"

namespace dart::support {

using engine::Instance;
using engine::Message;
using placement::InstanceId;
using placement::Placed;

namespace {

struct Running {
  InstanceId id;
  placement::Wiring wiring;
  std::unique_ptr<KeptConnectors> connectors;
  std::unique_ptr<Instance> instance;
};

class Ring {
 public:
  Ring(const plan::Distribution& distribution, const RingRun& run, const RingConnectors& connectors)
      : it_(distribution), run_(run), connectors_(connectors), random_(run.seed) {
    for (const plan::RingStage& stage : it_.stages) {
      std::uint32_t count = stage.partitions;
      if (stage.role == plan::StageRole::Combine) count = combines(stage, run.combines);
      if (stage.role == plan::StageRole::Source) {
        const auto readers = run.readers.find(it_.plan.tables[*stage.table].name);
        count = readers == run.readers.end() ? 1 : readers->second;
      }
      counts_.push_back(count);
    }
  }

  Status open() {
    place();
    // Combines are made anew at every placement.
    std::erase_if(all_, [&](const Running& one) { return role(one.id.stage) == plan::StageRole::Combine; });
    for (const Placed& placed : placed_) {
      const bool is_there =
          std::any_of(all_.begin(), all_.end(), [&](const Running& one) { return one.id == placed.id; });
      if (is_there) continue;
      const bool source = role(placed.id.stage) == plan::StageRole::Source;
      const std::string table = source ? it_.plan.tables[*it_.stages[placed.id.stage].table].name : "";
      all_.push_back(
          {placed.id, {}, std::make_unique<KeptConnectors>(connectors_(table, placed.id.number)), nullptr});
    }
    for (Running& one : all_) DART_TRY_STATUS(open(one));
    return {};
  }

  [[nodiscard]] bool finished() const {
    return std::all_of(all_.begin(), all_.end(), [](const Running& one) { return one.instance->finished(); });
  }

  /// One thing that can happen, drawn at random.
  Status turn() {
    ++turns_;
    now_.us += 10;
    std::vector<Running*> sources;
    for (Running& one : all_) {
      const bool reads =
          one.instance->has_sources() && !one.instance->finished() && !one.instance->held_barrier();
      if (reads) sources.push_back(&one);
    }
    std::vector<Link> full;
    for (const auto& [link, queue] : links_) {
      if (!queue.empty()) full.push_back(link);
    }
    const std::size_t draw = random_.below(sources.size() + full.size() + 1);
    if (draw < sources.size()) {
      Running& one = *sources[draw];
      (void)one.instance->poll(now_, 1 + random_.below(2 * run_.chunk_rows));
      collect(one);
      return failure(one);
    }
    if (draw < sources.size() + full.size()) return deliver(full[draw - sources.size()]);
    return {};
  }

  void start_barrier(std::uint64_t id) {
    for (Running& one : all_) {
      if (role(one.id.stage) != plan::StageRole::Source || one.instance->finished()) continue;
      one.instance->start_barrier(id);
      collect(one);
    }
  }
  [[nodiscard]] bool all_held(std::uint64_t id) const {
    const bool quiet =
        std::all_of(links_.begin(), links_.end(), [](const auto& link) { return link.second.empty(); });
    return quiet && std::all_of(all_.begin(), all_.end(), [&](const Running& one) {
             return one.instance->finished() || one.instance->held_barrier() == id;
           });
  }
  Status resume() {
    for (Running& one : all_) {
      if (role(one.id.stage) == plan::StageRole::Combine) {
        DART_TRY_STATUS(open(one));
        continue;
      }
      one.instance->resume();
      collect(one);
      DART_TRY_STATUS(failure(one));
    }
    return {};
  }
  /// Fresh instances take over with what the old ones hold.
  Status move() {
    std::map<InstanceId, std::string> states;
    for (const Running& one : all_) {
      if (role(one.id.stage) != plan::StageRole::Combine) states[one.id] = one.instance->snapshot();
    }
    for (std::size_t stage = 0; stage < it_.stages.size() && !joined_; ++stage) {
      if (role(stage) == plan::StageRole::Combine) {
        counts_[stage] = combines(it_.stages[stage], run_.combines_later.value_or(run_.combines));
      }
      if (role(stage) != plan::StageRole::Source) continue;
      const auto more = run_.joining.find(it_.plan.tables[*it_.stages[stage].table].name);
      if (more != run_.joining.end()) counts_[stage] += more->second;
    }
    joined_ = true;
    DART_TRY_STATUS(open());
    for (Running& one : all_) {
      const auto state = states.find(one.id);
      if (state == states.end()) continue;
      DART_TRY_STATUS(one.instance->restore(state->second));
      collect(one);
    }
    return {};
  }

  [[nodiscard]] std::uint64_t turns() const { return turns_; }

 private:
  using Link = std::tuple<std::size_t, InstanceId, InstanceId>;  // exchange, sender, receiver

  [[nodiscard]] plan::StageRole role(std::size_t stage) const { return it_.stages[stage].role; }

  /// None without a sender.
  [[nodiscard]] std::uint32_t combines(const plan::RingStage& stage, std::uint32_t wanted) const {
    return std::min(wanted, counts_[it_.exchanges[stage.inputs.front()].from_stage]);
  }

  Status open(Running& one) {
    one.connectors->again();
    DART_TRY(one.wiring, placement::wire(it_, placed_, one.id));
    DART_TRY(one.instance, Instance::open_in_ring(it_, one.id.stage,
                                                  placement::ring_wiring(one.wiring, it_.exchanges.size()),
                                                  {run_.chunk_rows, nullptr}, *one.connectors));
    collect(one);
    return {};
  }

  /// Every instance, and whom it sends to. Of the senders to c Combines one in c + 1 leaves them out.
  void place() {
    placed_.clear();
    for (std::uint32_t stage = 0; stage < it_.stages.size(); ++stage) {
      for (std::uint32_t number = 0; number < counts_[stage]; ++number) {
        Placed placed;
        placed.id = {stage, number};
        const bool chained = role(stage) == plan::StageRole::Combine && number > 0 && number % 2 == 0;
        if (chained) placed.to.push_back({stage, 0});
        for (const std::size_t exchange : it_.stages[stage].outputs) {
          if (!chained) add_receivers(it_.exchanges[exchange].to_stage, number, placed.to);
        }
        placed_.push_back(std::move(placed));
      }
    }
  }
  void add_receivers(std::size_t stage, std::uint32_t sender, std::vector<InstanceId>& to) const {
    const auto number = static_cast<std::uint32_t>(stage);
    const std::uint32_t count = counts_[stage];
    if (role(stage) != plan::StageRole::Combine) {
      for (std::uint32_t n = 0; n < count; ++n) to.push_back({number, n});
    } else if (sender % (count + 1) < count) {
      to.push_back({number, sender % (count + 1)});
    } else {
      add_receivers(it_.exchanges[it_.stages[stage].outputs.front()].to_stage, sender, to);
    }
  }

  void collect(Running& one) {
    std::vector<Message> messages;
    std::swap(messages, one.instance->outgoing());
    for (const Message& message : messages) {
      for (const placement::WiredOutput& output : one.wiring.outputs) {
        if (output.exchange != message.exchange) continue;
        for (std::uint32_t place = 0; place < output.receivers.size(); ++place) {
          if (message.receiver == Message::kEach || message.receiver == place) {
            send(one, output.receivers[place], message);
          }
        }
      }
    }
  }
  void send(const Running& from, const placement::WiredPeer& to, Message message) {
    if (const auto* chunk = std::get_if<engine::Chunk>(&message.content);
        chunk != nullptr && run_.rows_crossed != nullptr && role(to.id.stage) == plan::StageRole::Main) {
      *run_.rows_crossed += chunk->rows;
    }
    message.exchange = to.arrives;
    message.sender = placement::sender_number(from.id, to);
    links_[{to.exchange, from.id, to.id}].push_back(std::move(message));
  }

  Status deliver(const Link& link) {
    auto& queue = links_[link];
    Message message = std::move(queue.front());
    queue.pop_front();
    const auto to = std::find_if(all_.begin(), all_.end(),
                                 [&](const Running& one) { return one.id == std::get<2>(link); });
    to->instance->receive(std::move(message));
    collect(*to);
    return failure(*to);
  }

  static Status failure(const Running& one) {
    if (one.instance->failure()) return tl::unexpected(*one.instance->failure());
    return {};
  }

  const plan::Distribution& it_;
  const RingRun& run_;
  const RingConnectors& connectors_;
  Random random_;
  TimePoint now_;
  std::vector<std::uint32_t> counts_;  // by stage
  std::vector<Placed> placed_;
  std::vector<Running> all_;
  std::map<Link, std::deque<Message>> links_;
  std::uint64_t turns_ = 0;
  bool joined_ = false;
};

constexpr std::uint64_t kMostTurns = 20'000'000;

}  // namespace

Status run_ring(const plan::Distribution& distribution, const RingRun& run,
                const RingConnectors& connectors) {
  Ring ring(distribution, run, connectors);
  Random random(run.seed + 1);
  DART_TRY_STATUS(ring.open());
  constexpr std::uint64_t kBarriers = 3;
  constexpr std::uint64_t kApart = 60;
  std::uint64_t barrier = 0;
  std::uint64_t next_barrier = random.below(kApart);
  bool waiting = false;
  while (!ring.finished()) {
    DART_CHECK(ring.turns() < kMostTurns);
    DART_TRY_STATUS(ring.turn());
    if (waiting && ring.all_held(barrier)) {
      DART_TRY_STATUS(barrier == 2 ? ring.resume() : ring.move());
      waiting = false;
      next_barrier = ring.turns() + random.below(kApart);
    }
    if (run.moves && !waiting && barrier < kBarriers && ring.turns() >= next_barrier) {
      waiting = true;
      ring.start_barrier(++barrier);
    }
  }
  return {};
}

}  // namespace dart::support
