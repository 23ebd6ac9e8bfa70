#include "support/ring_driver.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <tuple>

#include "base/check.hpp"
#include "base/random.hpp"
#include "support/kept_connectors.hpp"

namespace dart::support {

using engine::Instance;
using engine::Message;

namespace {

struct Running {
  std::size_t stage = 0;
  std::uint32_t number = 0;
  std::unique_ptr<KeptConnectors> connectors;
  std::unique_ptr<Instance> instance;
};

class Ring {
 public:
  Ring(const plan::Distribution& distribution, const RingRun& run, const RingConnectors& connectors)
      : it_(distribution), run_(run), connectors_(connectors), random_(run.seed) {
    for (const plan::RingStage& stage : it_.stages) {
      std::uint32_t count = stage.partitions;
      if (stage.role == plan::StageRole::Source) {
        const auto readers = run.readers.find(it_.plan.tables[*stage.table].name);
        count = readers == run.readers.end() ? 1 : readers->second;
      }
      counts_.push_back(count);
    }
  }

  Status open() {
    for (std::size_t stage = 0; stage < it_.stages.size(); ++stage) {
      for (std::uint32_t number = 0; number < counts_[stage]; ++number) {
        const bool is_there = std::any_of(all_.begin(), all_.end(), [&](const Running& one) {
          return one.stage == stage && one.number == number;
        });
        if (is_there) continue;
        const bool source = it_.stages[stage].role == plan::StageRole::Source;
        const std::string table = source ? it_.plan.tables[*it_.stages[stage].table].name : "";
        all_.push_back(
            {stage, number, std::make_unique<KeptConnectors>(connectors_(table, number)), nullptr});
      }
    }
    for (Running& one : all_) {
      one.connectors->again();
      DART_TRY(one.instance,
               Instance::open_in_ring(it_, one.stage, wiring(), {run_.chunk_rows, nullptr}, *one.connectors));
      collect(one);
    }
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
      if (it_.stages[one.stage].role != plan::StageRole::Source || one.instance->finished()) continue;
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
      one.instance->resume();
      collect(one);
      DART_TRY_STATUS(failure(one));
    }
    return {};
  }
  /// Fresh instances take over with what the old ones hold.
  Status move() {
    std::vector<std::string> states;
    for (const Running& one : all_) states.push_back(one.instance->snapshot());
    for (std::size_t stage = 0; stage < it_.stages.size() && !joined_; ++stage) {
      if (it_.stages[stage].role != plan::StageRole::Source) continue;
      const auto more = run_.joining.find(it_.plan.tables[*it_.stages[stage].table].name);
      if (more != run_.joining.end()) counts_[stage] += more->second;
    }
    joined_ = true;
    DART_TRY_STATUS(open());
    for (std::size_t i = 0; i < states.size(); ++i) {
      DART_TRY_STATUS(all_[i].instance->restore(states[i]));
    }
    return {};
  }

  [[nodiscard]] std::uint64_t turns() const { return turns_; }

 private:
  using Link = std::tuple<std::size_t, std::uint32_t, std::uint32_t>;  // exchange, sender, receiver

  [[nodiscard]] engine::RingWiring wiring() const {
    engine::RingWiring wiring;
    for (const plan::RingExchange& exchange : it_.exchanges) {
      engine::RingWiring::Exchange ends;
      for (std::uint32_t n = 0; n < counts_[exchange.from_stage]; ++n) ends.senders.push_back(n);
      ends.receivers = counts_[exchange.to_stage];
      wiring.exchanges.push_back(std::move(ends));
    }
    return wiring;
  }

  void collect(Running& one) {
    std::vector<Message> messages;
    std::swap(messages, one.instance->outgoing());
    for (Message& message : messages) {
      message.sender = one.number;
      const std::uint32_t receivers = counts_[it_.exchanges[message.exchange].to_stage];
      for (std::uint32_t r = 0; r < receivers; ++r) {
        if (message.receiver != Message::kEach && message.receiver != r) continue;
        links_[{message.exchange, one.number, r}].push_back(message);
      }
    }
  }

  Status deliver(const Link& link) {
    auto& queue = links_[link];
    Message message = std::move(queue.front());
    queue.pop_front();
    const auto [exchange, sender, receiver] = link;
    const std::size_t stage = it_.exchanges[exchange].to_stage;
    const auto to = std::find_if(all_.begin(), all_.end(), [&, number = receiver](const Running& one) {
      return one.stage == stage && one.number == number;
    });
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
