#include "sim/query_chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "placement/record_codec.hpp"
#include "sim/checkers.hpp"
#include "sim/fault_injector.hpp"
#include "sim/query_feed.hpp"
#include "sim/query_twin.hpp"

namespace dart::sim {

namespace {

constexpr std::uint64_t kFaultStream = 0xFA;
constexpr std::uint64_t kLoadStream = 0x10;
constexpr std::uint64_t kDelayStream = 0xDE1A;
/// The overlay service that frames of the data plane travel by here.
constexpr std::uint16_t kFrameService = 40;
constexpr const char* kLabel = "role=cab";
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHurtUs = 20 * kSecond;
/// Of a single trouble: some rows have been read, others not.
constexpr std::int64_t kOnceUs = 3 * kSecond / 2;
constexpr std::int64_t kFaultEveryUs = 700'000;
constexpr std::int64_t kStepUs = 10'000;
constexpr std::uint64_t kMostLatePermille = 200;
constexpr std::int64_t kSettleWithinUs = 120 * kSecond;
/// What came right must stay so for this long.
constexpr std::int64_t kStaysUs = 3 * kSecond;
constexpr std::int64_t kStepOfCalmUs = kSecond / 2;
/// Nodes come back with the id and the disk that they had.
constexpr Fault kFaultsHere[] = {Fault::CrashRefusing, Fault::CrashSilent, Fault::RestartWhole,
                                 Fault::RestartWhole,  Fault::Pause,       Fault::Hiccup,
                                 Fault::Slow,          Fault::OneWayCut,   Fault::Firewall,
                                 Fault::Partition,     Fault::ReplayPast,  Fault::Weather};

class QueryChaos final : public Observer {
 public:
  explicit QueryChaos(const QueryChaosOptions& options)
      : options_(options),
        load_(Random(options.seed).split(kLoadStream)),
        world_(world_options(options), *make_delay_model("plane", Random(options.seed).split(kDelayStream))) {
    report_.seed = options.seed;
    world_.set_observer(this);
    for (std::uint32_t i = 0; i < options.nodes; ++i) world_.add_machine();
    injector_.emplace(world_, troubles_, Random(options.seed).split(kFaultStream), 1);
    twins_.resize(options.nodes);
    lives_.resize(options.nodes);
    for (const auto& [spec, ordered] : options.queries) {
      expected_[spec.name] = rows_of_one_process(feed(), spec.program);
      if (!ordered) std::sort(expected_[spec.name].begin(), expected_[spec.name].end());
    }
  }

  QueryChaosReport run() {
    come_up();
    submit();
    hurt();
    heal();
    finish();
    return std::move(report_);
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (machine >= options_.nodes) return;
    if (const auto* frame = std::get_if<overlay::DeliverDirect>(&action)) {
      if (frame->service == kFrameService) frames_.push_back({machine, frame->from, frame->payload});
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      joined(machine);
    } else if (const auto* done = std::get_if<placement::RequestDone>(&action)) {
      if (done->ok) submitted_.insert(done->tag);
    } else if (std::holds_alternative<placement::Drained>(action)) {
      ++report_.drained;
      later_.emplace_back(machine, overlay::Leave{});
    } else if (std::holds_alternative<placement::OpenInstance>(action) ||
               std::holds_alternative<placement::Fence>(action) ||
               std::holds_alternative<placement::StartBarrier>(action) ||
               std::holds_alternative<placement::HoldSources>(action)) {
      note_opened(machine, action);
      actions_.emplace_back(machine, action);
    }
  }

 private:
  struct Arrived {
    std::uint32_t machine = 0;
    overlay::NodeHandle from;
    std::string payload;
  };

  void note_opened(std::uint32_t machine, const node::Action& action) {
    const auto* open = std::get_if<placement::OpenInstance>(&action);
    if (open == nullptr) return;
    const auto role = open->stages[open->instance.stage].role;
    report_.combines += role == placement::StageRole::Combine ? 1 : 0;
    const bool reads = role == placement::StageRole::Source || machine < options_.gateways;
    if (!reads) host_ = machine;
    // A host that has opened for one epoch never opens for an older one, in one life.
    auto& newest = newest_opened_[{world_.core(machine)->overlay().self().nonce, open->query}];
    if (open->epoch < newest) {
      violations_.add(fmt::format("{}: machine {} opens an instance of epoch {} after one of epoch {}",
                                  open->name, machine, open->epoch, newest));
    }
    newest = std::max(newest, open->epoch);
  }

  static WorldOptions world_options(const QueryChaosOptions& options) {
    WorldOptions world;
    world.seed = options.seed;
    world.config = options.config;
    world.directory.emplace();
    world.tree = directory::tree::in_pace_of(options.config);
    world.queries = placement::in_pace_of(options.config);
    world.codec_every = 16;
    world.check_every = options.check_every;
    world.hash_actions = true;
    world.keep_sent = true;
    return world;
  }
  [[nodiscard]] Feed feed() const { return {options_.gateways, options_.rows}; }

  void joined(std::uint32_t machine) {
    if (machine < options_.gateways) {
      later_.emplace_back(machine, directory::tree::EnterGroup{
                                       directory::tree::group_key(directory::tree::label_group(kLabel))});
      later_.emplace_back(machine, placement::Identity{{kLabel}, 0});
    } else {
      later_.emplace_back(machine, placement::Identity{{}, 0});
    }
  }

  /// The twin of the process that runs on a machine now; null: there is none.
  QueryTwin* twin(std::uint32_t machine) {
    const auto* core = world_.core(machine);
    const std::uint64_t life = core == nullptr ? 0 : core->overlay().self().nonce;
    if (life != lives_[machine]) {
      if (twins_[machine]) report_.fenced += twins_[machine]->fenced();
      lives_[machine] = life;
      twins_[machine].reset();
      if (life != 0) {
        twins_[machine].emplace(core->overlay().self(), programs_, [this, machine](const auto& action) {
          return feed_connectors(feed(), machine, action.run, action.epoch, action.instance.number,
                                 [this, name = action.name](SunkRow row) { sunk(name, std::move(row)); });
        });
      }
    }
    return twins_[machine] ? &*twins_[machine] : nullptr;
  }

  void sunk(const std::string& name, SunkRow row) {
    ++report_.rows;
    auto& epoch = newest_epoch_[{name, row.run, row.number}];
    if (row.epoch < epoch) {
      violations_.add(fmt::format("{}: a row of epoch {} of run {} after one of epoch {}", name, row.epoch,
                                  row.run, epoch));
    }
    epoch = std::max(epoch, row.epoch);
    rows_[name][row.run].push_back(std::move(row.text));
  }

  /// Everything that happens outside of the cores until now.
  void play() {
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      if (world_.state(m) != MachineState::Up) continue;
      if (QueryTwin* it = twin(m)) it->turn(world_.local_now(m));
    }
    for (auto& [machine, action] : std::exchange(actions_, {})) {
      if (QueryTwin* it = twin(machine)) (void)it->perform(world_.local_now(machine), action);
    }
    for (const Arrived& frame : std::exchange(frames_, {})) {
      if (QueryTwin* it = twin(frame.machine))
        it->heard(world_.local_now(frame.machine), frame.from, frame.payload);
    }
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      QueryTwin* it = world_.state(m) == MachineState::Up ? twin(m) : nullptr;
      if (it == nullptr) continue;
      for (auto& [to, bytes] : std::exchange(it->frames(), {})) {
        if (to.id == world_.id(m)) {
          frames_.push_back({m, to, std::move(bytes)});
        } else {
          world_.command(m, overlay::SendDirect{to, kFrameService, std::move(bytes)});
        }
      }
      for (node::Input& input : std::exchange(it->inputs(), {})) world_.command(m, std::move(input));
    }
    for (auto& [machine, input] : std::exchange(later_, {})) {
      if (world_.state(machine) == MachineState::Up) {
        world_.command(machine, std::move(input));
      } else if (world_.state(machine) == MachineState::Paused) {
        later_.emplace_back(machine, std::move(input));
      }
    }
  }

  void run_for(std::int64_t us) {
    const std::int64_t end = world_.now().us + us;
    while (world_.now().us < end) {
      world_.run_until(world_.now() + Duration{kStepUs});
      play();
    }
  }

  void come_up() {
    world_.start(0, {}, true);
    for (std::uint32_t started = 1; started < options_.nodes; ++started) {
      world_.start(started, {static_cast<std::uint32_t>(load_.below(started)), 0});
      run_for(static_cast<std::int64_t>(load_.below(300'000)));
    }
    run_for(6 * kSecond);
  }

  void submit() {
    std::uint64_t tag = 0;
    for (const auto& [spec, ordered] : options_.queries) {
      const auto machine = static_cast<std::uint32_t>(load_.below(options_.nodes));
      world_.command(machine, placement::Request{++tag, placement::RequestKind::Submit, spec.name, spec});
    }
    for (int i = 0; i < 100 && submitted_.size() < tag; ++i) run_for(kSecond / 10);
    if (submitted_.size() < tag) violations_.add("a query was not taken by a ring that is well");
  }

  void hurt() {
    if (options_.trouble == QueryTrouble::Random) return hurt_at_random();
    run_for(kOnceUs);
    if (host_ && options_.trouble == QueryTrouble::HostDies) world_.crash(*host_, true);
    if (host_ && options_.trouble == QueryTrouble::HostLeaves) world_.command(*host_, placement::Drain{});
    run_for(kHurtUs);
  }

  void hurt_at_random() {
    const std::int64_t end = world_.now().us + kHurtUs;
    std::int64_t next_fault = world_.now().us + 2 * kSecond;
    // The first goodbye comes before anything else happens.
    std::int64_t next_leave = world_.now().us + static_cast<std::int64_t>(load_.below(kSecond));
    while (world_.now().us < end) {
      run_for(kStepUs);
      injector_->end_due();
      if (world_.now().us >= next_leave) {
        next_leave += kSecond + static_cast<std::int64_t>(load_.below(kHurtUs));
        leave();
      }
      if (world_.now().us < next_fault) continue;
      next_fault += static_cast<std::int64_t>(injector_->random().below(2 * kFaultEveryUs));
      const Fault fault = kFaultsHere[injector_->random().below(std::size(kFaultsHere))];
      if (injector_->inject(fault)) ++report_.faults[static_cast<std::size_t>(fault)];
      if (fault == Fault::Weather) late_news();
    }
  }

  /// In bad weather what schedulers and hosts tell each other may come when it is true no more.
  void late_news() {
    world_.faults.late_service = placement::kService;
    world_.faults.late_permille = static_cast<std::uint32_t>(load_.below(kMostLatePermille));
  }

  /// The host of some query's last stage says goodbye.
  void leave() {
    std::vector<std::uint32_t> hosts;
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      for (const ChaosQuery& query : options_.queries) {
        const auto* core = world_.state(m) == MachineState::Up ? world_.core(m) : nullptr;
        const auto* record = core == nullptr ? nullptr : core->queries()->record(query.spec.name);
        if (record == nullptr || record->placed.empty()) continue;
        for (std::uint32_t host = 0; host < options_.nodes; ++host) {
          const bool up = world_.state(host) == MachineState::Up;
          if (up && world_.id(host) == record->placed.back().host.id) hosts.push_back(host);
        }
      }
    }
    if (!hosts.empty()) world_.command(hosts[load_.below(hosts.size())], placement::Drain{});
  }

  /// What is wrong with the rows of the last run of a query; empty: nothing.
  [[nodiscard]] std::string wrong_rows(const ChaosQuery& query) {
    const std::string& name = query.spec.name;
    const auto& wanted = expected_[name];
    const auto& runs = rows_[name];
    if (runs.empty()) return fmt::format("{}: no row has come", name);
    const std::uint64_t run = runs.rbegin()->first;
    std::vector<std::string> rows = runs.rbegin()->second;
    if (!query.ordered) std::sort(rows.begin(), rows.end());
    for (std::size_t r = 0; r < std::min(rows.size(), wanted.size()); ++r) {
      if (rows[r] != wanted[r]) {
        return fmt::format("{}: row {} of run {} is {} and not {}", name, r, run, rows[r], wanted[r]);
      }
    }
    if (rows.size() == wanted.size()) return {};
    return fmt::format("{}: run {} has {} rows and not {}", name, run, rows.size(), wanted.size());
  }

  void heal() {
    injector_->heal();
    start_all();
    const std::int64_t begin_us = world_.now().us;
    std::int64_t right_us = 0;
    std::string wrong = "nothing was looked at";
    while (world_.now().us < begin_us + kSettleWithinUs && right_us < kStaysUs) {
      run_for(kStepOfCalmUs);
      start_all();
      wrong.clear();
      for (const ChaosQuery& query : options_.queries) {
        if (wrong.empty()) wrong = wrong_rows(query);
      }
      // A death that is noticed before the end of all sources is begins one more run.
      right_us = wrong.empty() ? right_us + kStepOfCalmUs : 0;
    }
    report_.settled_s = static_cast<double>(world_.now().us - right_us - begin_us) / 1e6;
    if (right_us < kStaysUs) violations_.add("not right by the deadline: " + wrong + standing());
  }

  /// What schedulers say of the queries, for a complaint.
  [[nodiscard]] std::string standing() const {
    std::string text;
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      for (const ChaosQuery& query : options_.queries) {
        const auto* core = world_.core(m);
        const auto* record = core == nullptr ? nullptr : core->queries()->record(query.spec.name);
        if (record == nullptr) continue;
        const auto away = std::count_if(record->placed.begin(), record->placed.end(),
                                        [](const auto& placed) { return placed.away; });
        text +=
            fmt::format("; at machine {}: {} {}, epoch {}, run {}, {} instances, {} away", m, query.spec.name,
                        name_of(record->state), record->epoch, record->run, record->placed.size(), away);
        if (!record->history.empty()) text += ", " + record->history.back().what;
      }
    }
    return text;
  }

  /// Everybody who is down comes up, those too that have said goodbye.
  void start_all() {
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      if (world_.state(m) == MachineState::Off && !injector_->frozen(m)) world_.start(m, injector_->seeds());
    }
  }

  void finish() {
    for (std::uint32_t m = 0; m < options_.nodes; ++m) {
      if (twins_[m]) report_.fenced += twins_[m]->fenced();
      if (world_.core(m) == nullptr) continue;
      world_.core(m)->check_invariants();
      const auto& counters = world_.core(m)->queries()->counters();
      report_.epochs += counters.placements;
      report_.moves += counters.moves;
      report_.adopted += counters.adopted;
    }
    for (const auto& [spec, ordered] : options_.queries) {
      if (rows_[spec.name].empty()) continue;
      report_.runs += rows_[spec.name].rbegin()->first;
      report_.right += rows_[spec.name].rbegin()->second.size();
    }
    report_.violations = violations_.list();
    report_.violation_count = violations_.count();
    report_.hash = world_.hash();
    report_.events = world_.totals().events;
    report_.messages = world_.totals().messages;
  }

  QueryChaosOptions options_;
  std::optional<std::uint32_t> host_;  // the newest that is no gateway
  Random load_;
  World world_;
  TroubleLog troubles_;
  std::optional<FaultInjector> injector_;
  QueryChaosReport report_;
  Violations violations_;
  Programs programs_;
  std::vector<std::optional<QueryTwin>> twins_;
  std::vector<std::uint64_t> lives_;
  std::map<std::string, std::vector<std::string>> expected_;
  std::map<std::string, std::map<std::uint64_t, std::vector<std::string>>> rows_;  // by query and run
  std::map<std::tuple<std::string, std::uint64_t, std::uint32_t>, std::uint64_t> newest_epoch_;
  std::map<std::pair<std::uint64_t, Key>, std::uint64_t> newest_opened_;  // epoch, by life and query
  std::vector<std::pair<std::uint32_t, node::Action>> actions_;
  std::vector<Arrived> frames_;
  std::vector<std::pair<std::uint32_t, node::Input>> later_;
  std::set<std::uint64_t> submitted_;
};

}  // namespace

QueryChaosReport run_query_chaos(const QueryChaosOptions& options) {
  QueryChaos chaos(options);
  return chaos.run();
}

}  // namespace dart::sim
