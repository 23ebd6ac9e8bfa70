#include "sim/directory_chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/checkers.hpp"
#include "sim/fault_injector.hpp"
#include "sim/linearizability.hpp"

namespace dart::sim {

namespace {

using directory::Operation;
using directory::Outcome;

constexpr std::uint64_t kFaultStream = 0xFA;
constexpr std::uint64_t kLoadStream = 0x10;
constexpr std::uint64_t kDelayStream = 0xDE1A;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHurtUs = 30 * kSecond;
constexpr std::int64_t kFaultEveryUs = 400'000;
constexpr std::int64_t kStepUs = 20'000;
constexpr std::size_t kClients = 8;
constexpr std::size_t kNames = 6;
/// Good and bad disks, by seed.
constexpr std::array<std::int64_t, 3> kFsyncUs{2'000, 20'000, 60'000};
/// After the last fault each operation has to end well within this.
constexpr std::int64_t kAnswerWithinUs = 5 * kSecond;
constexpr std::int64_t kSettleWithinUs = 60 * kSecond;
constexpr std::int64_t kLeaseUs = 2 * kSecond;

RegisterOperation::Outcome outcome_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok:
      return RegisterOperation::Outcome::Ok;
    case Outcome::Conflict:
      return RegisterOperation::Outcome::Conflict;
    case Outcome::Unavailable:
    case Outcome::Refused:
      return RegisterOperation::Outcome::Unavailable;
    case Outcome::Unknown:
      break;
  }
  return RegisterOperation::Outcome::Unknown;
}

class DirectoryChaos final : public Observer {
 public:
  explicit DirectoryChaos(const DirectoryChaosOptions& options)
      : options_(options),
        load_(Random(options.seed).split(kLoadStream)),
        world_(world_options(options), *make_delay_model("plane", Random(options.seed).split(kDelayStream))) {
    report_.seed = options.seed;
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    injector_.emplace(world_, troubles_, Random(options.seed).split(kFaultStream), 1);
    injector_->may_lose_disk = [this](std::uint32_t machine) { return may_lose_disk(machine); };
    clients_.resize(kClients);
    for (std::size_t n = 0; n < kNames; ++n) names_.push_back(fmt::format("catalogue/{}", n));
  }

  DirectoryChaosReport run() {
    come_up();
    hurt();
    heal();
    check_answers();
    finish();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* done = std::get_if<directory::Completed>(&action)) {
      completed(machine, *done);
    } else if (std::holds_alternative<directory::Changed>(action)) {
      ++report_.notices;
    }
  }

 private:
  /// One client: one operation after the other, from whatever machine it is at.
  struct Client {
    bool busy = false;
    std::uint64_t tag = 0;
    std::uint32_t machine = 0;
    std::uint64_t life = 0;
    std::size_t name = 0;
    std::size_t entry = 0;  // in the history of the name
    bool counts = false;    // towards what has to go well in spite of faults
    std::map<std::size_t, std::uint64_t> versions;
  };

  static WorldOptions world_options(const DirectoryChaosOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.directory = options.directory;
    world.codec_every = 1;
    world.check_every = options.check_every;
    world.drift_ppm = 10'000;
    world.hash_actions = true;
    world.keep_sent = true;
    world.fsync_us = kFsyncUs[options.seed / 2 % kFsyncUs.size()];
    return world;
  }

  /// Of the process on a machine; 0: none.
  [[nodiscard]] std::uint64_t life_of(std::uint32_t machine) const {
    return world_.core(machine) == nullptr ? 0 : world_.core(machine)->overlay().self().nonce;
  }
  [[nodiscard]] bool up(std::uint32_t machine) const { return world_.state(machine) == MachineState::Up; }

  /// The newest group of a shard that anybody knows.
  [[nodiscard]] directory::Group newest_group(directory::ShardNumber shard) const {
    directory::Group newest;
    for (std::uint32_t m = 0; m < world_.machines(); ++m) {
      if (world_.core(m) == nullptr) continue;
      const auto& group = world_.core(m)->directory()->shard(shard).group;
      if (group.epoch > newest.epoch) newest = group;
    }
    return newest;
  }
  [[nodiscard]] std::size_t voters(directory::ShardNumber shard, const directory::Group& group,
                                   std::uint32_t without) const {
    std::size_t count = 0;
    for (std::uint32_t m = 0; m < world_.machines(); ++m) {
      if (m != without && votes(m, shard, group)) ++count;
    }
    return count;
  }
  [[nodiscard]] bool votes(std::uint32_t machine, directory::ShardNumber shard,
                           const directory::Group& group) const {
    if (world_.core(machine) == nullptr || !group.contains(world_.id(machine))) return false;
    const auto& own = world_.core(machine)->directory()->shard(shard);
    return own.group.epoch == group.epoch && own.votes();
  }

  /// The promise is about the loss of a minority of the disks of a group: the others have to know everything.
  [[nodiscard]] bool may_lose_disk(std::uint32_t machine) const {
    for (directory::ShardNumber shard = 0; shard < directory::limits::kShards; ++shard) {
      const directory::Group group = newest_group(shard);
      const bool concerns =
          group.contains(world_.id(machine)) || directory::Group::holds(group.previous, world_.id(machine));
      if (!concerns) continue;
      // One of a node and its copy will end the other, and may be the one that knows less.
      std::size_t sure = voters(shard, group, machine);
      for (std::uint32_t m = 0; m < world_.machines(); ++m) {
        if (m != machine && injector_->frozen(m) && votes(m, shard, group)) --sure;
      }
      if (sure < group.majority()) return false;
    }
    return true;
  }

  void come_up() {
    world_.start(0, {}, true);
    for (std::uint32_t started = 1; started < options_.nodes; ++started) {
      world_.start(started, {static_cast<std::uint32_t>(load_.below(started)), 0});
      world_.run_until(world_.now() + Duration{static_cast<std::int64_t>(load_.below(300'000))});
    }
    world_.run_until(world_.now() + Duration{5 * kSecond});
    world_.command(0, directory::StartWatch{names_.front()});
  }

  void hurt() {
    hurting_ = true;
    const std::int64_t end = world_.now().us + kHurtUs;
    std::int64_t next_fault = world_.now().us + kSecond;
    std::int64_t power_cut = INT64_MAX;
    if (options_.seed % 2 == 0) power_cut = end - static_cast<std::int64_t>(load_.below(kHurtUs / 2));
    while (world_.now().us < end) {
      world_.run_until(world_.now() + Duration{kStepUs});
      drive_clients();
      injector_->end_due();
      if (world_.now().us >= power_cut) {
        cut_power();
        power_cut = INT64_MAX;
      }
      if (world_.now().us < next_fault) continue;
      next_fault += static_cast<std::int64_t>(injector_->random().below(2 * kFaultEveryUs));
      const auto fault = static_cast<Fault>(injector_->random().below(kFaults));
      if (injector_->inject(fault)) ++report_.faults[static_cast<std::size_t>(fault)];
    }
    hurting_ = false;
  }

  /// A site loses power: no voter is left to say what another may have forgotten, only disks.
  void cut_power() {
    std::vector<std::uint32_t> stopped;
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      if (world_.state(m) == MachineState::Off || injector_->frozen(m)) continue;
      stopped.push_back(m);
      world_.crash(m, true);
    }
    for (const std::uint32_t m : stopped) world_.start(m, injector_->seeds());
    for (Client& client : clients_) {
      if (client.busy) ++report_.unreturned;
      client.busy = false;
    }
    ++report_.power_cuts;
  }

  void drive_clients() {
    for (Client& client : clients_) {
      if (client.busy && life_of(client.machine) != client.life) {
        ++report_.unreturned;  // nobody will ever hear how that ended
        client.busy = false;
      }
      if (client.busy || !load_.chance(1, 3)) continue;
      begin(client);
    }
  }

  void begin(Client& client) {
    client.machine = static_cast<std::uint32_t>(load_.below(options_.nodes));
    if (!up(client.machine) || !world_.core(client.machine)->overlay().joined()) return;
    client.life = life_of(client.machine);
    client.name = load_.below(kNames);
    client.busy = true;
    client.tag = ++tags_;
    client.counts = hurting_ && report_.power_cuts == 0 && world_.group(client.machine) == 0;
    directory::Command command;
    command.tag = client.tag;
    command.request = NodeId::draw(load_);
    command.name = names_[client.name];
    const auto known = client.versions.find(client.name);
    const auto kind = load_.below(10);
    if (kind >= 4 && known != client.versions.end()) {
      command.operation = kind == 9 ? Operation::Delete : Operation::Set;
      command.expected = known->second;
    } else if (kind >= 8) {
      command.operation = Operation::Set;
    }
    if (command.operation == Operation::Set) command.value = fmt::format("value {}", client.tag);
    RegisterOperation entry;
    entry.client = static_cast<std::uint32_t>(&client - clients_.data());
    entry.kind = command.operation == Operation::Get   ? RegisterOperation::Kind::Get
                 : command.operation == Operation::Set ? RegisterOperation::Kind::Cas
                                                       : RegisterOperation::Kind::Delete;
    entry.expected = command.expected;
    if (command.operation == Operation::Set) entry.wanted = command.value;
    entry.invoked_at = world_.now().us;
    client.entry = histories_[client.name].size();
    histories_[client.name].push_back(std::move(entry));
    ++report_.operations;
    if (client.counts) ++report_.hurt;
    world_.command(client.machine, std::move(command));
  }

  void completed(std::uint32_t machine, const directory::Completed& done) {
    const auto client = std::find_if(clients_.begin(), clients_.end(),
                                     [&](const Client& c) { return c.busy && c.tag == done.tag; });
    if (client == clients_.end() || client->machine != machine) return;
    client->busy = false;
    RegisterOperation& entry = histories_[client->name][client->entry];
    entry.returned_at = world_.now().us;
    entry.version = done.answer.version;
    if (done.answer.exists) entry.value = done.answer.value;
    entry.outcome = outcome_of(done.answer.outcome);
    switch (done.answer.outcome) {
      case Outcome::Ok:
        ++report_.ok;
        break;
      case Outcome::Conflict:
        ++report_.conflicts;
        break;
      case Outcome::Unavailable:
        ++report_.unavailable;
        break;
      case Outcome::Unknown:
        ++report_.unknown;
        break;
      case Outcome::Refused:
        violations_.add("an operation was refused: " + done.answer.value);
        break;
    }
    const bool well = done.answer.outcome == Outcome::Ok || done.answer.outcome == Outcome::Conflict;
    if (!well) return;
    client->versions[client->name] = done.answer.version;
    if (client->counts) ++report_.hurt_completed;
    const std::int64_t took_us = entry.returned_at - entry.invoked_at;
    if (calm_since_us_ != 0 && entry.invoked_at >= calm_since_us_ && took_us > kAnswerWithinUs) {
      violations_.add(fmt::format("an operation in the calm took {} ms", took_us / 1000));
    }
  }

  [[nodiscard]] std::string unsettled() const {
    for (directory::ShardNumber shard = 0; shard < directory::limits::kShards; ++shard) {
      const directory::Group group = newest_group(shard);
      const std::size_t voting = voters(shard, group, UINT32_MAX);
      if (voting < directory::limits::kGroup || voting < group.members.size()) {
        return fmt::format("shard {}: {} of {} members of epoch {} vote", shard, voting, group.members.size(),
                           group.epoch);
      }
    }
    return {};
  }

  void heal() {
    injector_->heal();
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      if (world_.state(m) == MachineState::Off && !injector_->frozen(m)) world_.start(m, injector_->seeds());
    }
    const std::int64_t begin_us = world_.now().us;
    std::string wrong = "nothing was looked at";
    while (world_.now().us < begin_us + kSettleWithinUs) {
      world_.run_until(world_.now() + Duration{kSecond / 4});
      drive_clients();
      wrong = unsettled();
      // A ring that nobody was left of has to find itself first.
      if (wrong.empty() && report_.power_cuts > 0) wrong = wrong_leaf_set(world_);
      if (wrong.empty()) break;
    }
    report_.settled_s = static_cast<double>(world_.now().us - begin_us) / 1e6;
    if (!wrong.empty()) violations_.add("not settled by the deadline: " + wrong);
  }

  /// In the calm every operation ends well, and in time.
  void check_answers() {
    world_.run_until(world_.now() + Duration{kLeaseUs});
    drive_clients();
    calm_since_us_ = world_.now().us;
    const std::int64_t end = world_.now().us + 5 * kSecond;
    while (world_.now().us < end) {
      world_.run_until(world_.now() + Duration{kStepUs});
      drive_clients();
    }
    world_.run_until(world_.now() + Duration{kAnswerWithinUs + kSecond});
    for (const Client& client : clients_) {
      if (client.busy) violations_.add("an operation in the calm has no answer");
    }
    for (std::size_t n = 0; n < kNames; ++n) {
      for (const RegisterOperation& entry : histories_[n]) {
        const bool bad = entry.returned_at != RegisterOperation::kNever &&
                         entry.outcome != RegisterOperation::Outcome::Ok &&
                         entry.outcome != RegisterOperation::Outcome::Conflict;
        if (entry.invoked_at >= calm_since_us_ && bad)
          violations_.add("an operation in the calm did not end well");
      }
    }
  }

  void finish() {
    for (std::size_t n = 0; n < kNames; ++n) {
      if (const auto wrong = find_contradiction(histories_[n])) violations_.add(names_[n] + ": " + *wrong);
    }
    for (std::uint32_t m = 0; m < world_.machines(); ++m) {
      if (world_.core(m) == nullptr) continue;
      world_.core(m)->check_invariants();
      const auto& counters = world_.core(m)->directory()->counters();
      report_.caught_up += counters.caught_up;
      report_.believed += counters.believed;
      report_.old_disks += counters.old_disks;
    }
    for (directory::ShardNumber shard = 0; shard < directory::limits::kShards; ++shard) {
      report_.groups += newest_group(shard).epoch;
    }
    report_.violations = violations_.list();
    report_.violation_count = violations_.count();
    report_.hash = world_.hash();
    report_.fsyncs = world_.totals().fsyncs;
    report_.events = world_.totals().events;
    report_.messages = world_.totals().messages;
  }

  DirectoryChaosOptions options_;
  Random load_;
  World world_;
  TroubleLog troubles_;
  std::optional<FaultInjector> injector_;
  DirectoryChaosReport report_;
  Violations violations_;
  std::vector<std::string> names_;
  std::array<std::vector<RegisterOperation>, kNames> histories_;
  std::vector<Client> clients_;
  std::uint64_t tags_ = 0;
  std::int64_t calm_since_us_ = 0;
  bool hurting_ = false;
};

}  // namespace

DirectoryChaosReport run_directory_chaos(const DirectoryChaosOptions& options) {
  DirectoryChaos chaos(options);
  return chaos.run();
}

}  // namespace dart::sim
