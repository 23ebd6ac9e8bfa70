#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "overlay/deadlines.hpp"
#include "overlay/overlay_node.hpp"
#include "placement/config.hpp"
#include "placement/limits.hpp"
#include "placement/message.hpp"
#include "placement/port.hpp"
#include "placement/scheduled_query.hpp"

namespace dart::placement {

/// What happened at one node since it started.
struct Counters {
  std::array<std::uint64_t, std::variant_size_v<Message>> sent{};  ///< by Message::index()
  std::uint64_t malformed = 0;
  std::uint64_t dropped_full = 0;     ///< a bounded list was full
  std::uint64_t dropped_foreign = 0;  ///< answers that nobody waits for, commands of a replaced scheduler
  std::uint64_t placements = 0;       ///< committed here as scheduler
  std::uint64_t repairs = 0;          ///< of these: because a host died
  std::uint64_t moves = 0;            ///< behind a barrier
  std::uint64_t adopted = 0;          ///< queries of schedulers that died
  std::uint64_t lost_races = 0;       ///< records that somebody else had changed
  std::uint64_t reserved = 0;         ///< as host
  std::uint64_t refused = 0;          ///< as host: a Reserve
};

/// Queries on one node, a plain object beside the overlay, the Directory and the Tree. A node is four things
/// at once (DART §3, m:n schedulers):
/// - client: hands requests of local clients to the root of the query's name, and repeats them;
/// - scheduler: of the queries whose key it is the root of: finds the readers, lets a policy choose hosts,
/// commits
///   the plan in the query's firm record, deploys, and begins anew when a host dies;
/// - host: reserves, opens and stops instances through its driver;
/// - hop: writes itself down in JOINs that pass by.
/// The neighbours of a host keep a watch over it: when it dies they tell the roots of all keys of queries
/// that ran there or were scheduled by it.
///
/// Safety lies in the record alone: a scheduler deploys only what it has committed by compare-and-set, a host
/// runs only the newest epoch that it has heard of, and receivers refuse rows of older ones.
class QueryService {
 public:
  QueryService(const Config& config, const overlay::NodeHandle& self, Random random);

  /// `ring` is the overlay of the same node. Never blocks, throws, or re-enters.
  void step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Queries that this node schedules.
  [[nodiscard]] std::size_t scheduled() const { return queries_.size(); }
  /// The record as this scheduler knows it; null when it schedules no such query.
  [[nodiscard]] const QueryRecord* record(const std::string& name) const;
  /// Instances that run here or are being opened.
  [[nodiscard]] std::size_t hosted() const;
  void check_invariants() const;

 private:
  enum class Timer : std::uint8_t {
    Clients,
    Queries,
    RollCall,
    Reservations,
    Watch,
    Mourning,
    Leaving,
    Greeting
  };
  static constexpr std::size_t kTimers = 8;

  /// A request of a local client.
  struct Pending {
    std::uint64_t tag = 0;
    RequestName request;
    Key key;
    std::string payload;
    std::int64_t due_us = 0;
    std::int64_t deadline_us = 0;
  };
  enum class Opening : std::uint8_t { UnderWay, Open, Failed };
  /// What runs here of one query.
  struct Hosted {
    Key key;
    std::uint64_t epoch = 0;
    std::uint64_t version = 0;  // of the newest record whose scheduler has spoken
    overlay::NodeHandle scheduler;
    std::map<InstanceId, Opening> instances;  // readers too
    std::uint32_t busy = 0;                   // of these, without readers
    OnPartition on_partition = OnPartition::Continue;
    std::uint32_t unanswered = 0;  // roll calls
    bool cut_off = false;          // sources wait because the scheduler cannot be reached
    bool held = false;
    std::set<InstanceId> finished;
    std::uint32_t finished_calls = 0;  // roll calls that said so
    std::uint64_t barrier = 0;         // that was started last
    std::set<InstanceId> behind;       // stand behind it
  };
  struct Reservation {
    std::string name;
    std::uint64_t round = 0;
    std::uint32_t busy = 0;
    std::int64_t until_us = 0;
  };
  /// A neighbour for which this node keeps a watch.
  struct Watched {
    overlay::NodeHandle host;
    std::set<std::string> names;
  };
  /// A death that was told, and is told again: the root of a key may have died too, or not be known yet.
  struct Mourned {
    Watched dead;
    std::uint32_t told = 0;
    std::int64_t due_us = 0;
  };
  /// Of an operation on a record that is under way.
  enum class RecordUse : std::uint8_t { Load, Commit, Note, Remove, Bind };
  struct RecordAsked {
    std::string name;
    RecordUse use = RecordUse::Load;
    std::uint64_t attempt = 0;
  };

  // query_service.cpp: dispatch and the shared small things.
  void on(const Tick&) {}
  void on(Heard& input);
  void on(Reached& input);
  void on(Passing& input);
  void on(const Neighbours&);
  void on(const Died& input);
  void on(const BadgeShown& input);
  void on(RecordDone& input);
  void on(NamesDone& input);
  void on(CastHeard& input);
  void on(const MembersCounted& input);
  void on(Identity& input);
  void on(placement::Request& input);
  void on(const Opened& input);
  void on(const BarrierPassed& input);
  void on(const InstanceFailed& input);
  void on(const InstanceFinished& input);
  void on(const LinkDown& input);
  void on(const LoadReport& input);
  void on(const Drain&);
  void run_timers();
  void run_local();
  void tell(const overlay::NodeHandle& to, Message message);
  void route(const Key& key, const Message& message, bool stepwise = false);
  [[nodiscard]] bool is_root(const Key& key) const;

  // client.cpp
  void run_clients();
  void handle(const overlay::NodeHandle& from, Answered& m);

  // joins.cpp: the ways of readers to the root.
  void handle(const overlay::NodeHandle& from, const Attract& m);
  void handle(const overlay::NodeHandle& from, Join& m);
  [[nodiscard]] Hop own_hop(const overlay::NodeHandle& origin) const;
  void greet();
  void greet_all(const std::string& prefix, std::string after);

  // host.cpp
  void handle(const overlay::NodeHandle& from, const Reserve& m);
  void handle(const overlay::NodeHandle& from, Deploy& m);
  void handle(const overlay::NodeHandle& from, const Stop& m);
  void handle(const overlay::NodeHandle& from, const Hold& m);
  void handle(const overlay::NodeHandle& from, const Barrier& m);
  void handle(const overlay::NodeHandle& from, RollAnswer& m);
  void handle(const overlay::NodeHandle& from, const Probe& m);
  [[nodiscard]] std::uint32_t busy() const;
  [[nodiscard]] Hosted* hosted_by(const Key& query, std::uint64_t epoch, std::string& name);
  void forget_hosted(const std::string& name);
  void tell_finished(const std::string& name, const Hosted& hosted);
  void run_roll_call();
  void expire_reservations();
  void show_load();
  void tell_leaving();
  void leave_when_empty();

  // requests.cpp: what clients want of a scheduler.
  void handle(const overlay::NodeHandle& from, Ask& m);
  void serve(ScheduledQuery& query, ClientAsk& ask);
  void serve_submit(ScheduledQuery& query, ClientAsk& ask);
  void serve_pause(ScheduledQuery& query, ClientAsk& ask, bool pause);
  void serve_asks(ScheduledQuery& query);
  void answer(const ClientAsk& ask, Answered answered);
  void answer_error(const ClientAsk& ask, std::string message, std::string hint = {});
  void answer_all(ScheduledQuery& query, bool ok, const std::string& message, const std::string& hint = {});

  // scheduling.cpp: from readers to a running query.
  [[nodiscard]] ScheduledQuery* find(const std::string& name);
  ScheduledQuery& adopt(const std::string& name);
  void load(ScheduledQuery& query);
  void loaded(ScheduledQuery& query, const directory::Answer& answer);
  void place(ScheduledQuery& query, Cause cause, std::string why);
  void attract(ScheduledQuery& query);
  [[nodiscard]] std::vector<overlay::NodeHandle> known_readers(const ScheduledQuery& query,
                                                               std::uint32_t stage) const;
  void choose(ScheduledQuery& query);
  [[nodiscard]] bool number_readers(ScheduledQuery& query);
  void reserve(ScheduledQuery& query);
  void reserve_next(ScheduledQuery& query, Choosing& choosing);
  void handle(const overlay::NodeHandle& from, const Reserved& m);
  void placement_failed(ScheduledQuery& query, const std::string& message, const std::string& hint);
  void try_later(ScheduledQuery& query);

  // committing.cpp: records, and what follows from them.
  void commit(ScheduledQuery& query);
  void committed(ScheduledQuery& query, const directory::Answer& answer);
  void note(ScheduledQuery& query, QueryState state, std::string what);
  void remove(ScheduledQuery& query);
  void removed(ScheduledQuery& query, const directory::Answer& answer);
  void ask_record(ScheduledQuery& query, RecordUse use, directory::Operation operation,
                  std::uint64_t expected, std::string value);
  void count_readers(const ScheduledQuery& query, std::uint32_t stage, const Key& group);
  void count_again(ScheduledQuery& query);
  void counted_again(ScheduledQuery& query, std::uint32_t stage, const MembersCounted& counted);
  void bind_labels(const QuerySpec& spec, bool bound);
  void write_history(ScheduledQuery& query, std::string what);
  void explain(ScheduledQuery& query);
  void lost_race(ScheduledQuery& query, const directory::Answer& answer);
  void deploy(ScheduledQuery& query);
  void deploy_at(ScheduledQuery& query, const overlay::NodeHandle& host);
  void handle(const overlay::NodeHandle& from, const Deployed& m);
  void opened_all(ScheduledQuery& query);
  void fail_query(ScheduledQuery& query, const std::string& why);
  void stop_hosts(const std::string& name, const std::vector<Placed>& stopped, std::uint64_t epoch,
                  const std::vector<Placed>* keep);

  // running.cpp: deaths, moves, ends.
  void handle(const overlay::NodeHandle& from, const BarrierReached& m);
  void handle(const overlay::NodeHandle& from, const Ended& m);
  void handle(const overlay::NodeHandle& from, const PeerLost& m);
  void handle(const overlay::NodeHandle& from, const Leaving& m);
  void handle(const overlay::NodeHandle& from, const Hello& m);
  void handle(const overlay::NodeHandle& from, RollCall& m);
  void handle(const overlay::NodeHandle& from, const HostDied& m);
  void host_died(ScheduledQuery& query, const overlay::NodeHandle& host);
  void arrived(ScheduledQuery& query, const overlay::NodeHandle& from);
  void serve_news(ScheduledQuery& query);
  void start_barrier(ScheduledQuery& query);
  void tell_barrier(ScheduledQuery& query);
  void barrier_done_when_all(ScheduledQuery& query);
  void look_for_better(ScheduledQuery& query);
  [[nodiscard]] bool is_better(ScheduledQuery& query);
  [[nodiscard]] static std::vector<overlay::NodeHandle> readers_back(const ScheduledQuery& query);
  [[nodiscard]] bool readers_missing(const ScheduledQuery& query) const;
  void run_steady(ScheduledQuery& query);
  void run_opening(ScheduledQuery& query);
  void finish_when_all(ScheduledQuery& query);
  void probe_hosts(ScheduledQuery& query);
  void answered_probe(const overlay::NodeHandle& from);
  void run_queries();
  void run_query(ScheduledQuery& query);
  void hand_over_roots();
  void wake(ScheduledQuery& query, std::int64_t at_us);

  // watches.cpp: neighbours that tell of deaths.
  void handle(const overlay::NodeHandle& from, const Watch& m);
  void care_for(const std::string& name);
  void care_no_more(const std::string& name);
  void run_watch();
  void tell_deaths();
  void tell_death(const overlay::NodeHandle& host);
  void run_mourning();

  Config config_;
  overlay::NodeHandle self_;
  Random random_;
  TimePoint now_;
  const overlay::OverlayNode* ring_ = nullptr;  // valid inside step()
  std::vector<Action>* out_ = nullptr;          // valid inside step()
  overlay::Deadlines<Timer, kTimers> deadlines_;
  Counters counters_;
  std::deque<Message> local_;  // to this node itself; empty between steps

  std::vector<Pending> pending_;
  std::vector<std::string> labels_;
  std::int64_t wall_offset_us_ = 0;
  std::map<std::string, Hosted> hosted_;
  std::map<Key, std::string> names_;  // of hosted_
  std::vector<Reservation> reservations_;
  std::map<NodeId, Load> leaf_loads_;
  Load load_;
  std::string badge_;
  bool draining_ = false;
  std::int64_t drain_until_us_ = 0;

  std::map<std::string, std::unique_ptr<ScheduledQuery>> queries_;
  std::deque<std::pair<RequestName, Answered>> answered_;
  std::map<std::uint64_t, RecordAsked> records_;
  std::uint64_t next_tag_ = 1;
  std::uint64_t next_round_ = 1;
  struct Counting {
    std::string name;  // of the query
    std::uint64_t round = 0;
    std::uint32_t stage = 0;
  };
  std::map<std::uint64_t, Counting> counting_;     // members of labels
  std::map<std::uint64_t, std::string> greeting_;  // lists of queries for a label
  std::set<std::string> to_greet_;                 // lists that could not be had

  std::map<NodeId, Watched> watched_;
  std::vector<Mourned> mourned_;
  std::map<std::string, std::uint32_t> cared_for_;  // names, and how often: hosted, scheduled
  std::set<std::string> watch_add_;
  std::set<std::string> watch_gone_;
  std::vector<overlay::NodeHandle> watchers_;
  std::uint64_t roll_round_ = 0;
};

}  // namespace dart::placement
