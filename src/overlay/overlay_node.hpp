#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "overlay/action.hpp"
#include "overlay/config.hpp"
#include "overlay/deadlines.hpp"
#include "overlay/input.hpp"
#include "overlay/leaf_set.hpp"
#include "overlay/peer_table.hpp"
#include "overlay/routing_table.hpp"
#include "overlay/view.hpp"

namespace dart::overlay {

/// The keys from `first` to `last`, both included, clockwise.
struct KeyRange {
  Key first;
  Key last;
};

/// One node of the ring: Pastry (Middleware'01) with MSPastry's dependability (DSN'04), as a plain object.
/// Feed inputs with the time, perform the actions in order, feed a Tick when next_deadline() has come. `now`
/// is monotonic, of this machine alone, and counts suspended time. Nothing that arrives from others can make
/// it fail.
///
/// Safety: a node answers for a key only under leases that both adjacent neighbours granted, counted from its
/// own stamp; a neighbour that takes over waits out what it granted. Liveness: two nodes must agree before a
/// death.
class OverlayNode {
 public:
  OverlayNode(const Config& config, const NodeHandle& self, Random random);

  /// Appends to `out`; never blocks, throws, or re-enters.
  void step(TimePoint now, Input&& input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  /// Where a message for `key` would go; empty: this node is the root as far as it knows.
  [[nodiscard]] std::optional<NodeHandle> next_hop(const Key& key) const;
  /// Whether this node holds the leases to answer for its keys at this moment.
  [[nodiscard]] bool ready(TimePoint now) const;
  /// The `count` nodes closest to `key` that the leaf set knows, this one included, closest first. Right only
  /// when this node is near the key.
  [[nodiscard]] std::vector<NodeHandle> replica_set(const Key& key, std::size_t count) const;
  /// The members of the leaf set with their coordinates, in no order.
  [[nodiscard]] std::vector<Contact> leaf_contacts() const { return leaves(true, true); }
  /// The keys for which `node` (this one or a leaf) is among the rank + 1 closest; empty when that is not
  /// known here.
  [[nodiscard]] std::optional<KeyRange> range_of(const NodeId& node, std::size_t rank) const;
  /// The round trip to a node of which a coordinate is known.
  [[nodiscard]] Duration round_trip(const Coordinate& other) const { return coordinate_.round_trip(other); }
  [[nodiscard]] const Coordinate& coordinate() const { return coordinate_; }

  /// Hints of a simulator that a message from `sender` comes soon, and then very soon: the memory is asked
  /// for.
  void expect_soon(const NodeId& sender) const {
    peers_.fetch_slot(sender);
    table_.fetch_slot(sender);
  }
  void expect_now(const NodeId& sender) const { peers_.fetch(sender); }

  [[nodiscard]] const NodeHandle& self() const { return self_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool joined() const { return joined_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Bytes of memory that it holds.
  [[nodiscard]] std::size_t state_bytes() const;
  [[nodiscard]] View view() const;
  void check_invariants() const;

 private:
  enum class Timer : std::uint8_t {
    Heartbeat,
    Probe,
    Rows,
    Rediscover,
    Join,
    Suspicions,
    Checks,
    Hops,
    Requests,
    Held
  };
  static constexpr std::size_t kTimers = 10;

  /// What is agreed with the adjacent neighbour on one side.
  struct Adjacency {
    std::int64_t lease_until = 0;     ///< own clock; granted by the neighbour
    std::int64_t promised_until = 0;  ///< own clock; granted to neighbours on this side
    std::int64_t hold_until = 0;      ///< a dead neighbour may still answer until then
    std::uint64_t stamp = 0;          ///< the neighbour's newest stamp
    std::int64_t stamp_us = 0;        ///< own clock when it came
    std::int64_t since_us = 0;        ///< own clock when it became adjacent
    std::int64_t vouched_us = 0;      ///< own clock when somebody said that it hears the neighbour
    std::int64_t asked_us = 0;        ///< own clock when it was last asked why it is silent
    NodeId who;
    std::uint8_t mismatches = 0;  ///< heartbeats in a row whose leaf hash differed
  };
  /// A node that stays silent, until it refutes or somebody else agrees.
  struct Suspicion {
    NodeHandle node;
    std::int64_t next_us = 0;
    std::uint8_t round = 0;
    bool refused = false;
  };
  enum class CheckFor : std::uint8_t { Leaf, Entry, Witness, Twin, SelfTwin };
  /// A probe whose silence means something.
  struct Check {
    NodeHandle target;
    CheckFor purpose = CheckFor::Leaf;
    std::uint8_t tries = 0;
    std::int64_t due_us = 0;
    NodeHandle asker;  // of Witness
    Contact joiner;    // of Twin
  };
  struct PendingHop {
    Routed routed;
    NodeId to;
    std::int64_t sent_us = 0;
    std::int64_t due_us = 0;
    std::uint8_t tries = 0;
    std::array<NodeId, 6> tried{};  // the last hops that stayed silent
  };
  struct Request {
    Route route;
    std::int64_t due_us = 0;
    std::int64_t give_up_us = 0;
    std::int64_t wait_us = 0;
  };
  struct Held {
    Routed routed;
    std::int64_t give_up_us = 0;
  };
  struct Lost {
    NodeHandle node;
    bool was_leaf = false;
    bool left = false;  // said goodbye: this life does not come back
    std::int64_t called_us = 0;
    std::int64_t untold_us = 0;  // buried then, and the far side may not know; 0: told
    std::int64_t buried_us = 0;  // 0: long ago
  };
  /// A neighbour on the other side of a gap in the leaf set.
  struct Tell {
    NodeHandle to;
    Side gap = Side::Left;
  };
  enum class JoinStep : std::uint8_t { AskSeed, Measure, AskNear, Request, Settle };
  struct JoinCandidate {
    Contact contact;
    std::uint32_t rtt_us = 0;
    bool probed = false;
    bool asked = false;
  };
  struct JoinState {
    std::vector<NodeHandle> seeds;
    std::vector<JoinCandidate> candidates;
    JoinStep step = JoinStep::AskSeed;
    std::uint8_t rounds = 0;
    std::uint8_t attempts = 0;
    std::uint8_t waiting = 0;
    std::uint8_t refusals = 0;
    std::uint32_t best_rtt_us = 0;
    std::size_t next_seed = 0;
    NodeHandle asked;  // empty: several at once
  };

  // overlay_node.cpp: dispatch and the shared small things.
  void on(const Tick&);
  void on(Received& input);
  void on(Unreachable& input);
  void on(Bootstrap& input);
  void on(Join& input);
  void on(const Leave&);
  void on(Route& input);
  void on(Resume& input);
  void on(SendDirect& input);
  void on(SetBadge& input);
  void send(const NodeHandle& to, Message message);
  void note_lag();
  void run_timer(Timer timer);
  [[nodiscard]] std::uint64_t stamp() const { return static_cast<std::uint64_t>(now_.us); }
  [[nodiscard]] bool member() const { return phase_ == Phase::Member; }
  void stop(bool stepped_down);
  void start_timers();
  void remember(bool disk_was_old);

  // identity.cpp: which life a message comes from, and what to do about two of one id.
  bool accept_life(const Received& input);
  void on_twin(const Received& input);
  void handle(const NodeHandle& from, const Stale& m);
  void raise_incarnation(std::uint32_t above);
  /// `asked`: something else that it has to answer was sent to it just now.
  void start_check(Check check, bool asked = false);
  [[nodiscard]] Duration answer_wait(const NodeId& id) const;
  void run_checks();
  void check_failed(const Check& check);
  void answer_checks(const NodeHandle& from);
  void refuse_twins(const NodeHandle& living);

  // peers.cpp: what is known of whom.
  void heard(const NodeHandle& from, bool as_member);
  PeerIndex learn(const Contact& contact);
  void offer_to_table(PeerIndex index);
  void offer_to_leaves(PeerIndex index);
  void consider(const std::vector<Contact>& contacts);
  [[nodiscard]] bool wants(const Contact& stranger) const;
  void show_badge(const NodeHandle& from, const Badge& badge);
  void measured(const NodeHandle& from, const Coordinate& coordinate, std::int64_t rtt_us);
  [[nodiscard]] bool nearer(PeerIndex a, PeerIndex b) const;
  [[nodiscard]] std::int64_t distance(PeerIndex index) const;
  [[nodiscard]] Contact contact_of(PeerIndex index) const {
    return {peers_[index].handle, peers_[index].coordinate};
  }
  [[nodiscard]] Contact own_contact() const { return {self_, coordinate_}; }
  [[nodiscard]] std::vector<Contact> leaves(bool left, bool right) const;
  void drop_from_table(PeerIndex index);
  void forget(const NodeId& id);
  [[nodiscard]] Lost* find_lost(const NodeId& id);
  void add_lost(const Lost& lost);
  void revive(const NodeHandle& node);

  // neighbours.cpp: heartbeats, leases, the leaf set.
  void handle(const NodeHandle& from, const Heartbeat& m);
  void handle(const NodeHandle& from, const Probe& m);
  void handle(const NodeHandle& from, const ProbeReply& m);
  void handle(const NodeHandle& from, const Announce& m);
  void handle(const NodeHandle& from, const Leaving& m);
  void send_heartbeats();
  void send_heartbeat(Side side);
  void leaf_set_changed();
  void probe_a_leaf();
  void check_joined();
  void announce_to_leaves();
  void doubt_leaves(const NodeHandle& from, const std::vector<Contact>& theirs);
  [[nodiscard]] bool side_ready(Side side, TimePoint now) const;
  [[nodiscard]] Adjacency& adjacency(Side side) { return adjacencies_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] const Adjacency& adjacency(Side side) const {
    return adjacencies_[static_cast<std::size_t>(side)];
  }

  // suspicion.cpp: deaths.
  void handle(const NodeHandle& from, const Suspect& m);
  void handle(const NodeHandle& from, const Verdict& m);
  void handle(const NodeHandle& from, const Obituary& m);
  void check_adjacents();
  /// When the silence of an adjacent neighbour that was asked for a word means something.
  [[nodiscard]] std::optional<std::int64_t> in_vain_at(PeerIndex index) const;
  [[nodiscard]] bool vouched(PeerIndex index) const;
  void suspect(const NodeHandle& node, bool refused);
  void run_suspicions();
  bool ask_witnesses(Suspicion& suspicion);
  void clear_suspicion(const NodeId& id);
  void bury(const NodeHandle& node, bool left, bool tell);
  [[nodiscard]] std::vector<Tell> whom_to_tell(PeerIndex dead, bool& next_to_it);
  [[nodiscard]] bool stands_near(PeerIndex index) const;
  void spread(const NodeHandle& dead, bool left, const std::vector<Tell>& told, bool next_to_it);
  /// A death counts as news for a while; later it is looked into once more.
  [[nodiscard]] bool fresh(std::int64_t buried_us) const;
  /// Whether this very life of it is a peer.
  [[nodiscard]] bool knows(const NodeHandle& node) const;
  [[nodiscard]] Suspicion* find_suspicion(const NodeId& id);

  // joining.cpp
  void handle(const NodeHandle& from, ContactsReply& m);
  void handle(const NodeHandle& from, const ContactsRequest& m);
  void handle(const NodeHandle& from, const JoinRequest& m);
  void handle(const NodeHandle& from, const JoinRefused& m);
  void start_join();
  void run_join();
  void join_reply(const NodeHandle& from, ContactsReply& m);
  void join_measured(const NodeHandle& from, const Coordinate& coordinate, std::int64_t rtt_us);
  void measure_candidates();
  void place_oneself();
  void measured_enough();
  void ask_to_join();
  void become_member();
  void admit(const Contact& joiner);
  void fail_join(JoinFailure reason);
  void add_candidate(const Contact& contact);

  // routing.cpp
  void handle(const NodeHandle& from, Routed& m);
  void handle(const NodeHandle& from, const HopAck& m);
  void handle(const NodeHandle& from, const Receipt& m);
  void handle(const NodeHandle& from, Direct& m);
  void route(Routed routed);
  void forward(Routed routed, PeerIndex to, PendingHop* again);
  void deliver(Routed routed);
  void run_hops();
  void run_requests();
  void run_held();
  void send_request(const Request& request);
  void hop_failed(PendingHop& hop);
  void blame(const NodeId& id);
  [[nodiscard]] PeerIndex next_peer(const Key& key, const PendingHop* avoid, const NodeId* never) const;
  [[nodiscard]] Duration hop_wait(PeerIndex index) const;

  // upkeep.cpp
  void refresh_row();
  void rediscover();
  /// A message for `key` goes to `next` because the routing table has nobody better: ask that one.
  void mend_slot(const Key& key, PeerIndex next);
  void give_back_memory();
  /// Asks the `nearest` nearest that stand in a row for theirs; 0: anyone.
  void request_row(unsigned row, std::size_t nearest);
  /// `checked`: whoever does not answer is asked twice more and then leaves the table.
  void ask_for_row(const NodeHandle& entry, unsigned row, bool checked);
  [[nodiscard]] std::vector<Contact> row_contacts(unsigned row) const;
  [[nodiscard]] std::vector<Contact> nearby_contacts(const Coordinate& around) const;

  Config config_;
  NodeHandle self_;
  Random random_;
  TimePoint now_;
  std::vector<Action>* out_ = nullptr;  // valid inside step()
  Deadlines<Timer, kTimers> deadlines_;
  Phase phase_ = Phase::Idle;
  bool joined_ = false;
  bool neighbours_changed_ = false;
  bool remembered_ = false;  // nothing has changed since the last Remember
  std::uint8_t next_leaf_ = 0;
  std::uint8_t calls_ = 1;  // to lost nodes at the next turn
  std::uint32_t lowest_level_ = kFeatureLevel;
  std::uint64_t next_hop_id_ = 1;
  std::int64_t accuse_after_ = 0;
  std::int64_t corrected_us_ = 0;  // when a wrong neighbour was last corrected
  std::int64_t mended_us_ = 0;     // when somebody was last asked for an empty place of the table
  Coordinate coordinate_;
  Badge badge_;
  PeerTable peers_;
  RoutingTable table_;
  std::array<Adjacency, 2> adjacencies_;
  std::vector<Suspicion> suspicions_;
  std::vector<Check> checks_;
  std::vector<Lost> lost_;
  std::vector<PendingHop> hops_;
  std::vector<Request> requests_;
  std::vector<Held> held_;
  std::vector<std::uint64_t> delivered_;  // hashes of requests, a ring buffer
  std::size_t next_delivered_ = 0;
  std::unique_ptr<JoinState> join_;
  Counters counters_;
  LeafSet leaves_;
};

}  // namespace dart::overlay
