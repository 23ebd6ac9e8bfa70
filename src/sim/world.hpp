#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "node/node_core.hpp"
#include "overlay/envelope.hpp"
#include "sim/delay_model.hpp"
#include "sim/event_queue.hpp"
#include "sim/processor.hpp"

namespace dart::sim {

/// What the network does to messages, in thousandths of them.
struct NetworkFaults {
  std::uint32_t loss_permille = 0;
  std::uint32_t duplicate_permille = 0;
  /// Late by up to `reorder_us`, so that later ones overtake.
  std::uint32_t reorder_permille = 0;
  std::int64_t reorder_us = 50'000;
  /// Messages of `late_service` that come up to `late_us` late: what waited in the socket of a connection
  /// that was cut for a while, or in the queue of one that is full.
  std::uint32_t late_permille = 0;
  std::uint16_t late_service = 0;
  std::int64_t late_us = 4'000'000;
};

/// What of a machine survives the end of its process.
struct Disk {
  std::uint32_t incarnation = 0;
  std::vector<overlay::NodeHandle> remembered;
  std::map<std::string, std::string> entries;  ///< of the Directory
  bool copied = false;                         ///< from another machine
};

enum class MachineState : std::uint8_t { Off, Up, Paused };

/// Sees every action of every machine before it is performed.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_action(std::uint32_t machine, const node::Action& action) = 0;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  overlay::Config config = overlay::lan_profile();
  /// One message in so many is encoded and decoded again; 1 is all.
  std::uint32_t codec_every = 64;
  /// check_invariants() after one step in so many; 0 never.
  std::uint32_t check_every = 0;
  /// Clocks run up to this much fast or slow.
  std::int64_t drift_ppm = 0;
  /// A hash of every action, for comparing two runs.
  bool hash_actions = false;
  /// Keep the last messages of each life, for replay_past().
  bool keep_sent = false;
  /// Machines have a Directory, timed like this.
  std::optional<directory::Config> directory;
  /// The same of a Tree.
  std::optional<directory::tree::Config> tree;
  /// And hold soft records.
  std::optional<directory::soft::Config> soft;
  /// And queries; they need a Directory and a Tree.
  std::optional<placement::Config> queries;
  /// What waits to be written is on disk after this, or up to twice as long; meanwhile more may come to wait.
  std::int64_t fsync_us = 2'000;
};

/// What a machine's processor did since there was one.
struct ServerFigures {
  std::int64_t busy_ns = 0;
  std::uint64_t steps = 0;
  std::int64_t longest_wait_us = 0;  ///< of what came while it was busy
  std::size_t longest_queue = 0;
};

/// Machines, their clocks and disks, the network between them, and virtual time. Everything that can go wrong
/// is done here; the code under test cannot tell. A run depends on the options alone.
class World {
 public:
  World(const WorldOptions& options, std::unique_ptr<DelayModel> delays);

  /// A machine that is off, with an empty disk. Its id is drawn, or given.
  std::uint32_t add_machine(std::optional<NodeId> id = std::nullopt);
  /// Starts a process: stores the next incarnation, draws a nonce, joins through `seeds` (machines) and what
  /// the disk remembers, or makes a ring.
  void start(std::uint32_t machine, const std::vector<std::uint32_t>& seeds, bool bootstrap = false);
  /// Ends the process. `host_answers`: connections are refused from now on; otherwise there is silence.
  void crash(std::uint32_t machine, bool host_answers);
  /// Suspends the process; what arrives waits.
  void pause(std::uint32_t machine, Duration length);
  /// A local command.
  void command(std::uint32_t machine, node::Input&& input);

  /// Runs events until virtual time passes `until`, or there are no more.
  void run_until(TimePoint until);
  /// Runs one event; false when there is none at or before `until`.
  bool run_one(TimePoint until);
  /// Asks for Script events: `item` comes back through `script` of run_until's caller.
  void set_observer(Observer* observer) { observer_ = observer; }
  /// From now on steps take time; null: no more. It outlives the world, or is taken away before.
  void set_processor(Processor* processor) { processor_ = processor; }
  /// When the machine will have done what it has begun; not before now().
  [[nodiscard]] TimePoint free_at(std::uint32_t machine) const {
    return {std::max(now_.us, free_at_us(machines_[machine]))};
  }
  [[nodiscard]] const ServerFigures& server(std::uint32_t machine) const { return machines_[machine].server; }

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] std::uint32_t machines() const { return static_cast<std::uint32_t>(machines_.size()); }
  [[nodiscard]] const NodeId& id(std::uint32_t machine) const { return machines_[machine].id; }
  [[nodiscard]] MachineState state(std::uint32_t machine) const { return machines_[machine].state; }
  [[nodiscard]] const node::NodeCore* core(std::uint32_t machine) const {
    return machines_[machine].core.get();
  }
  [[nodiscard]] Disk& disk(std::uint32_t machine) { return machines_[machine].disk; }
  [[nodiscard]] Duration delay(std::uint32_t from, std::uint32_t to) const {
    return delays_->delay(from, to);
  }
  /// The machine's own clock at this moment.
  [[nodiscard]] TimePoint local_now(std::uint32_t machine) const {
    return local(machines_[machine], now_.us);
  }
  [[nodiscard]] static std::uint32_t machine_of(const overlay::NodeHandle& node);

  NetworkFaults faults;
  /// Machines of different groups cannot talk.
  void set_group(std::uint32_t machine, std::uint32_t group) {
    machines_[machine].group = group;
    grouped_ = true;
  }
  [[nodiscard]] std::uint32_t group(std::uint32_t machine) const { return machines_[machine].group; }
  /// Messages from one machine to another vanish, not those back.
  void cut(std::uint32_t from, std::uint32_t to) { cuts_.emplace_back(from, to); }
  void mend(std::uint32_t from, std::uint32_t to) { std::erase(cuts_, std::pair{from, to}); }
  void mend_cuts() { cuts_.clear(); }
  /// Connections between two machines are refused, both ways, as by a firewall that rejects.
  void reject(std::uint32_t a, std::uint32_t b) { rejects_.emplace_back(a, b); }
  void accept(std::uint32_t a, std::uint32_t b) { std::erase(rejects_, std::pair{a, b}); }
  /// The last messages of the machine's life before arrive now, as from a queue that drains late. How many.
  std::size_t replay_past(std::uint32_t machine);
  /// Everything that the machine does takes this much longer.
  void set_slow(std::uint32_t machine, Duration extra) {
    machines_[machine].slow_us = extra.us;
    slowed_ = true;
  }

  /// What happened so far.
  struct Totals {
    std::uint64_t events = 0;
    std::uint64_t messages = 0;
    std::array<std::uint64_t, std::variant_size_v<overlay::Message>> by_kind{};
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t cut = 0;
    std::uint64_t refused = 0;
    std::uint64_t replayed = 0;
    std::uint64_t encoded = 0;
    std::uint64_t encoded_bytes = 0;
    std::uint64_t upkeep_encoded = 0;  ///< of these, what is not somebody's data
    std::uint64_t upkeep_bytes = 0;
    std::uint64_t fsyncs = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  struct Sent {
    overlay::Envelope envelope;
    std::uint32_t to = 0;
  };
  struct Waiting {
    node::Input input;
    std::int64_t since_us = 0;
  };
  struct Machine {
    std::unique_ptr<node::NodeCore> core;
    NodeId id;
    MachineState state = MachineState::Off;
    bool host_answers = true;
    std::int64_t offset_us = 0;
    std::int64_t drift_ppm = 0;
    std::int64_t wake_us = INT64_MAX;  // of the earliest Wake event that counts
    std::int64_t resume_us = 0;
    std::int64_t slow_us = 0;
    std::uint32_t group = 0;
    std::uint32_t lives = 0;
    Disk disk;
    std::vector<Sent> sent;  // the last few of this life, a ring buffer
    std::size_t next_sent = 0;
    std::vector<Sent> past;  // of the life before
    std::deque<directory::Persist> unwritten;
    std::size_t syncing = 0;  // the first so many will be on disk at sync_done_us
    std::int64_t sync_done_us = 0;
    std::int64_t busy_until_ns = 0;
    std::deque<Waiting> waiting;  // for the processor
    bool tick_waits = false;      // one of these is a Tick
    ServerFigures server;
  };
  struct Flight {
    overlay::Envelope envelope;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    /// Not a message but the news that envelope.from refused the connection.
    bool refusal = false;
  };

  static std::int64_t local_us(const Machine& machine, std::int64_t virtual_us) {
    return machine.offset_us + virtual_us + virtual_us * machine.drift_ppm / 1'000'000;
  }
  static TimePoint local(const Machine& machine, std::int64_t virtual_us) {
    return {local_us(machine, virtual_us)};
  }
  static std::int64_t virtual_of(const Machine& machine, std::int64_t local_us_wanted);
  static std::int64_t free_at_us(const Machine& machine) { return (machine.busy_until_ns + 999) / 1000; }

  [[nodiscard]] overlay::NodeHandle handle_of(std::uint32_t machine, std::uint32_t incarnation,
                                              std::uint64_t nonce) const;
  void write_to_disk(std::uint32_t machine, directory::Persist persist);
  void start_sync(std::uint32_t machine);
  void disk_done(std::uint32_t machine);
  void lose_power(Machine& machine);
  static void apply(const directory::Persist& persist, Disk& disk);
  void fetch_ahead();
  void arrive(std::uint32_t flight);
  void feed(std::uint32_t machine, node::Input&& input);
  void serve(std::uint32_t machine, node::Input&& input, std::int64_t start_ns);
  void serve_next(std::uint32_t machine);
  void perform(std::uint32_t machine);
  void send(std::uint32_t from, overlay::Send& send);
  void launch(std::uint32_t from, std::uint32_t to, std::int64_t extra_us, Flight&& flight);
  void arm(std::uint32_t machine);
  [[nodiscard]] std::int64_t lateness(const overlay::Message& message);
  [[nodiscard]] bool rejected(std::uint32_t a, std::uint32_t b) const;
  void keep(Machine& sender, std::uint32_t to, const overlay::Envelope& envelope);
  void through_codec(overlay::Envelope& envelope);
  void mix(std::uint64_t value) { hash_ = mix64(hash_ ^ value); }
  void hash_action(std::uint32_t machine, const node::Action& action);

  WorldOptions options_;
  std::unique_ptr<DelayModel> delays_;
  Random places_;
  Random network_;
  Random nodes_;
  Random disks_;
  TimePoint now_{1'000'000};
  EventQueue queue_;
  std::vector<Machine> machines_;
  std::vector<Flight> flights_;
  std::vector<std::uint32_t> free_flights_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> cuts_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rejects_;
  std::vector<node::Action> actions_;
  // Whether set_group and set_slow were ever called: otherwise the receiver's machine is not looked at.
  bool grouped_ = false;
  bool slowed_ = false;
  Observer* observer_ = nullptr;
  Processor* processor_ = nullptr;
  std::int64_t leaves_us_ = 0;  // from the beginning of the step that is being performed to its end
  Totals totals_;
  std::uint64_t hash_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace dart::sim
