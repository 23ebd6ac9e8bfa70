#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "directory/config.hpp"
#include "directory/message.hpp"
#include "directory/port.hpp"
#include "directory/shard.hpp"
#include "overlay/deadlines.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::directory {

/// What happened at one node since it started.
struct Counters {
  std::array<std::uint64_t, std::variant_size_v<Message>> sent{};  ///< by Message::index()
  std::uint64_t malformed = 0;
  std::uint64_t dropped_full = 0;  ///< a bounded list was full
  std::uint64_t rounds = 0;        ///< begun by this coordinator
  std::uint64_t rejected = 0;      ///< rounds that met a higher ballot
  std::uint64_t changed = 0;       ///< records changed through this coordinator
  std::uint64_t reformed = 0;      ///< groups made of what was left
  std::uint64_t groups = 0;        ///< successors decided through this coordinator
  std::uint64_t caught_up = 0;
  std::uint64_t believed = 0;   ///< restarts after which the disk was believed
  std::uint64_t old_disks = 0;  ///< restarts with a disk older than others remember
};

/// Firm records of one node: voter, coordinator and client in one plain object beside the overlay.
///
/// A record is a register decided by CASPaxos (Rystsov 2018: no log, no leader): a coordinator asks a
/// majority of the shard's group for promises and for the newest value, changes it, and has a majority accept
/// it. Which node coordinates does not matter for safety; the root of the shard's centre does, so that they
/// rarely meet. Voters answer only when what they promise lies on disk.
///
/// A group is changed by deciding its successor in a register of the same group (as in stoppable Paxos,
/// Lamport et al. 2008): a voter that has accepted a successor takes part in nothing else of that epoch, and
/// a member of the new group votes once it has read the registers of a majority of the old one. So nothing
/// decided is lost, and nothing is decided in both.
///
/// A restarted voter has first to hear from a majority of its group without itself what it may have forgotten
/// (docs/adr/0017); only when the whole group was down, and nobody remembers a later life of it, is its disk
/// believed.
class Directory {
 public:
  Directory(const Config& config, const overlay::NodeHandle& self, Random random);

  /// The first call. `disk` is what was persisted before; `founds`: this node makes a new ring, and holds all
  /// shards alone.
  void start(TimePoint now, const Disk& disk, bool founds, std::vector<Action>& out);
  /// `ring` is the overlay of the same node. Never blocks, throws, or re-enters.
  void step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const Shard& shard(ShardNumber number) const { return shards_[number]; }
  void check_invariants() const;

 private:
  enum class Timer : std::uint8_t { Rounds, Groups, CatchUps, Clients };
  static constexpr std::size_t kTimers = 4;

  using Name = std::pair<ShardNumber, std::string>;

  struct Vote {
    NodeId voter;
    std::uint64_t life = 0;
    Ballot accepted;
    Record record;
  };
  enum class Stage : std::uint8_t { Waiting, Read, First, Second };
  /// One operation at its coordinator.
  struct Attempt {
    ShardNumber shard = 0;
    Ask ask;
    overlay::NodeHandle client;
    bool notice = false;                 // the client only wants to hear the version
    std::vector<std::uint32_t> repeats;  // the same request again; each is answered
    std::optional<Group> successor;      // not for a client: what the group is to become
    Stage stage = Stage::Waiting;
    std::uint32_t tries = 0;    // rounds begun anew
    bool settles = false;       // a read that met a change half done
    std::uint64_t arrival = 0;  // attempts that came before have smaller ones
    std::uint64_t round = 0;
    std::uint64_t round_began = 0;  // the newest arrival when this round was begun
    std::uint64_t epoch = 0;
    Ballot ballot;
    Ballot next;
    Record proposal;
    Answer answer;           // once the proposal is decided
    bool changes = false;    // the proposal is a new value
    bool may_stand = false;  // a new value was sent out and may still be decided
    std::vector<Vote> votes;
    std::vector<NodeId> against;
    std::int64_t due_us = 0;
    std::int64_t deadline_us = 0;

    /// False when that member's vote is counted already.
    bool count(Vote vote);
    [[nodiscard]] std::vector<Voucher> quorum() const;
  };
  /// A ballot that a majority has promised along with the last change.
  struct Prepared {
    std::uint64_t epoch = 0;
    Ballot ballot;
    std::vector<Voucher> quorum;
    Record record;
  };
  /// An operation of a local client.
  struct Pending {
    std::uint64_t tag = 0;
    Ask ask;
    std::int64_t due_us = 0;
    std::int64_t deadline_us = 0;
    bool asked = false;                 // the present coordinator has it
    bool again = false;                 // it was given before, and may have been applied
    std::set<std::uint32_t> unsettled;  // attempts of which it is not known how they ended
  };
  struct Watcher {
    overlay::NodeHandle client;
    std::int64_t until_us = 0;
  };
  /// A watch of a local client.
  struct OwnWatch {
    std::int64_t renew_us = 0;
    std::uint64_t version = 0;
    bool told = false;
    bool silent = false;  // the coordinator has not answered since it was asked
  };
  /// A list of a local client: each shard is asked, piece by piece.
  struct Listing {
    struct Part {
      std::string after;
      std::int64_t due_us = 0;
      std::size_t names = 0;
      bool asked = false;  // the present coordinator has it
      bool done = false;
    };
    std::uint64_t tag = 0;
    RequestId request;
    std::string prefix;
    std::uint32_t limit = 0;
    std::int64_t deadline_us = 0;
    std::array<Part, limits::kShards> parts;
    std::vector<NameVersion> names;
  };
  /// One piece of a list at its coordinator, until a majority has told.
  struct Sweep {
    Scan scan;
    overlay::NodeHandle client;
    std::uint64_t epoch = 0;
    std::int64_t deadline_us = 0;
    std::vector<NodeId> told;
    std::map<std::string, Browsed::Entry> entries;  // the newest of each name
    std::optional<std::string> until;               // not everybody told of what comes later
  };
  /// A shard whose group is being replaced by what is left of it, at its root.
  struct Rescue {
    ReformShard asked;
    overlay::NodeHandle client;
    std::int64_t decide_us = 0;
    std::int64_t deadline_us = 0;
    bool proposed = false;
    bool empty = false;
    std::map<NodeId, bool> heard;  // who lives, and whether it votes
  };
  /// A local client's order to do so everywhere.
  struct OwnReform {
    std::uint64_t tag = 0;
    RequestId request;
    std::int64_t again_us = 0;
    std::int64_t deadline_us = 0;
    std::array<std::optional<Reforming>, limits::kShards> results;
  };
  struct Told {
    NodeId node;
    std::uint64_t nonce = 0;
    std::uint64_t epoch = 0;
    bool votes = false;
    bool settled = false;
    std::int64_t next_us = 0;  // when to tell it again
  };
  struct Unsent {
    std::uint64_t token = 0;
    overlay::NodeHandle to;
    Message message;
  };

  // directory.cpp: dispatch and the shared small things.
  void on(const Tick&) {}
  void on(Heard& input);
  void on(Reached& input);
  void on(const Neighbours&);
  void on(const Persisted& input);
  void on(Command& input);
  void on(ListNames& input);
  void on(const Reform& input);
  void on(StartWatch& input);
  void on(const StopWatch& input);
  void dispatch(const overlay::NodeHandle& from, Message& message);
  void run_timers();
  void finish_step();
  void send(const overlay::NodeHandle& to, Message message);
  /// After everything that was written before, and in this step, lies on disk.
  void reply(const overlay::NodeHandle& to, Message message);
  void store_shard(ShardNumber number);
  void store_register(ShardNumber number, const std::string& name);
  void store_life(const NodeId& node, const Life& life);
  [[nodiscard]] Ballot new_ballot(const Ballot& above);
  [[nodiscard]] bool is_root(ShardNumber number) const;

  // voter.cpp
  void handle(const overlay::NodeHandle& from, Prepare& m);
  void handle(const overlay::NodeHandle& from, Accept& m);
  void handle(const overlay::NodeHandle& from, const Fetch& m);
  [[nodiscard]] Verdict standing(const Slot& slot) const;
  [[nodiscard]] bool may_hand_over(const Shard& shard, std::uint64_t epoch) const;
  void fill(Fetched& reply, const Shard& shard, const std::string& after) const;

  // catch_up.cpp
  void handle(const overlay::NodeHandle& from, Fetched& m);
  void handle(const overlay::NodeHandle& from, Offer& m);
  void handle(const overlay::NodeHandle& from, const Outlived& m);
  void adopt(ShardNumber number, const Group& group);
  void forget(ShardNumber number);
  void start_catch_up(ShardNumber number, bool believes, bool held_before);
  void run_catch_ups();
  void fetch(ShardNumber number);
  void take(ShardNumber number, CatchUp::Source& source, Fetched& m);
  void finish_catch_up(ShardNumber number, bool by_belief);
  void note_old_disk(std::uint64_t known_life);
  [[nodiscard]] bool complete(const Shard& shard) const;
  [[nodiscard]] bool may_believe(const Shard& shard) const;

  // coordinator.cpp
  void handle(const overlay::NodeHandle& from, const Locate& m);
  void handle(const overlay::NodeHandle& from, Ask& m);
  void handle(const overlay::NodeHandle& from, Promise& m);
  void handle(const overlay::NodeHandle& from, const Accepted& m);
  void handle(const overlay::NodeHandle& from, const Watch& m);
  void coordinate(Attempt attempt);
  void begin(const Name& name);
  void begin_first(Attempt& attempt, const Name& name, Stage stage);
  void begin_second(Attempt& attempt, const Name& name, const std::vector<Voucher>& quorum);
  void new_round(Attempt& attempt, const Name& name, Stage stage);
  void decide(Attempt& attempt, const Name& name);
  void weigh(Attempt& attempt, const Record& current);
  void setback(Attempt& attempt, const Name& name, const NodeId& voter, Verdict verdict,
               const Ballot& promised, const Group& group);
  void try_later(Attempt& attempt);
  void finish(const Name& name, Answer answer, const Record* decided = nullptr);
  void tell(const Attempt& attempt, Answer answer);
  void run_rounds();
  [[nodiscard]] Attempt* attempt_of(ShardNumber shard, std::uint64_t round, Name& name);
  void announce(const Name& name, std::uint64_t version);

  // groups.cpp: a root looks after the groups of its shards.
  void handle(const overlay::NodeHandle& from, const Offered& m);
  void look_after_groups();
  bool look_after(ShardNumber number);
  bool spread(ShardNumber number, const std::vector<overlay::NodeHandle>& near, bool root);
  [[nodiscard]] std::optional<Group> better_group(ShardNumber number,
                                                  const std::vector<overlay::NodeHandle>& near);
  void propose(ShardNumber number, const Group& group);
  void close(ShardNumber number);
  [[nodiscard]] Told& told(ShardNumber number, const NodeId& node);
  /// Whether a member votes, as far as is known here.
  [[nodiscard]] bool votes(ShardNumber number, const NodeId& member);

  // client.cpp
  void handle(const overlay::NodeHandle& from, const Located& m);
  void handle(const overlay::NodeHandle& from, Answer& m);
  void handle(const overlay::NodeHandle& from, const Notice& m);
  /// Whether it is known who coordinates a shard; asks the ring otherwise.
  [[nodiscard]] bool reach(ShardNumber number);
  void ask(Pending& pending);
  void complete(std::size_t index, Answer answer);
  void run_clients();
  void renew(const std::string& name, OwnWatch& watch);

  // listing.cpp
  void handle(const overlay::NodeHandle& from, Scan& m);
  void handle(const overlay::NodeHandle& from, Scanned& m);
  void handle(const overlay::NodeHandle& from, const Browse& m);
  void handle(const overlay::NodeHandle& from, Browsed& m);
  void ask(Listing& listing, ShardNumber number);
  void run_listings();
  void run_sweeps();
  void end_listing(std::size_t index, Outcome outcome);

  // reform.cpp
  void handle(const overlay::NodeHandle& from, const ReformShard& m);
  void handle(const overlay::NodeHandle& from, const ShardReformed& m);
  void run_rescues();
  void decide_rescue(ShardNumber number, Rescue& rescue);
  void run_own_reform();

  Config config_;
  overlay::NodeHandle self_;  // as others may address any life of it
  NodeId id_;
  Random random_;
  TimePoint now_;
  const overlay::OverlayNode* ring_ = nullptr;  // valid inside step()
  std::vector<Action>* out_ = nullptr;          // valid inside step()
  overlay::Deadlines<Timer, kTimers> deadlines_;
  std::array<Shard, limits::kShards> shards_;
  std::map<NodeId, Life> lives_;       // the newest that is known of each node, the own too
  std::uint64_t boot_ = 0;             // drawn at this start; its ballots carry it too
  std::int64_t believed_from_us_ = 0;  // what the disk says of epochs that are over counts from then on
  bool disk_is_old_ = false;
  std::uint64_t highest_round_ = 0;
  std::uint64_t next_round_ = 1;
  std::uint64_t arrivals_ = 0;

  std::vector<Write> writes_;
  std::uint64_t issued_ = 0;
  std::uint64_t persisted_ = 0;
  std::uint64_t stored_bytes_ = 0;  // on the disk, as of the last Persisted
  std::deque<Unsent> unsent_;
  std::deque<std::pair<overlay::NodeHandle, Message>> to_self_;

  std::map<Name, std::deque<Attempt>> attempts_;
  std::map<std::uint64_t, Name> rounds_;
  std::map<Name, Prepared> prepared_;
  std::deque<Answer> answers_;
  std::map<std::string, std::vector<Watcher>> watchers_;

  std::map<NodeId, overlay::NodeHandle> heard_;  // where members were when they last said something
  std::array<std::vector<Told>, limits::kShards> told_;
  std::map<std::pair<ShardNumber, NodeId>, std::int64_t> missing_since_;

  std::vector<Pending> pending_;
  std::array<overlay::NodeHandle, limits::kShards> coordinators_;
  std::map<std::string, OwnWatch> watches_;
  std::vector<Listing> listings_;
  std::map<std::uint64_t, Sweep> sweeps_;  // by round
  std::map<ShardNumber, Rescue> rescues_;
  std::optional<OwnReform> own_reform_;
  Counters counters_;
};

}  // namespace dart::directory
