#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "directory/soft/config.hpp"
#include "directory/soft/limits.hpp"
#include "directory/soft/port.hpp"
#include "overlay/deadlines.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::directory::soft {

/// What happened at one node since it started.
struct Counters {
  std::uint64_t malformed = 0;
  std::uint64_t dropped_full = 0;  ///< a bounded list was full
  std::uint64_t written = 0;       ///< as root
  std::uint64_t copied = 0;        ///< records sent to other holders
  std::uint64_t expired = 0;
  std::uint64_t handed_over = 0;  ///< given up because nearer nodes hold them
};

/// Soft records of one node: what it holds for the ring, and the operations of its clients.
///
/// As in PAST (Rowstron, Druschel 2001) a record lies on the k nodes nearest to its key. The root takes
/// writes and sees to it that all replicas have them; any other holder sees to it that the root has what it
/// holds. So a record outlives every loss of fewer than k holders that is followed by a time of repair.
/// Nothing is on disk, and parts of a parted ring go on by themselves: the newest version wins when they
/// meet. For what must never be lost or forked there are firm records (directory.hpp).
class SoftRecords {
 public:
  SoftRecords(const Config& config, const overlay::NodeHandle& self, Random random);

  /// `ring` is the overlay of the same node. Never blocks, throws, or re-enters.
  void step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  /// Whether this node holds any version of the record that has not run out at `now`.
  [[nodiscard]] bool holds(const std::string& name, TimePoint now) const;
  void check_invariants() const;

 private:
  enum class Timer : std::uint8_t { LookAfter, Expire, Looks, Clients };
  static constexpr std::size_t kTimers = 4;

  struct Kept {
    Key key;
    Version version;
    bool exists = false;
    std::string value;
    std::int64_t until_us = 0;
    std::int64_t sent_us = 0;                    // when copies were sent last
    std::vector<overlay::NodeHandle> confirmed;  // lives of nodes that hold this version, or a later one
  };
  /// A write that waits until enough replicas hold it.
  struct Written {
    RequestId request;
    overlay::NodeHandle client;
    std::int64_t until_us = 0;
  };
  /// Operations on a record that this root does not hold: perhaps others do.
  struct Asking {
    std::string name;
    std::int64_t until_us = 0;
    std::size_t open = 0;
    std::vector<std::pair<overlay::NodeHandle, Message>> then;  // Put, Get
  };
  /// An operation of a local client.
  struct Pending {
    std::uint64_t tag = 0;
    RequestId request;
    Key key;
    std::string payload;
    std::string name;
    std::int64_t due_us = 0;
    std::int64_t deadline_us = 0;
  };

  void on(const Tick&) {}
  void on(Heard& input);
  void on(Reached& input);
  void on(const Neighbours&);
  void on(PutSoft& input);
  void on(GetSoft& input);
  void run_timers();
  void tell(const overlay::NodeHandle& to, const Message& message);

  void handle(const overlay::NodeHandle& from, Put& m);
  void handle(const overlay::NodeHandle& from, Get& m);
  void handle(const overlay::NodeHandle& from, Ended& m);
  void handle(const overlay::NodeHandle& from, const Look& m);
  void handle(const overlay::NodeHandle& from, Looked& m);
  void handle(const overlay::NodeHandle& from, Copies& m);
  void handle(const overlay::NodeHandle& from, Confirmed& m);

  /// Answers a Put or a Get with what is held now.
  void serve(const overlay::NodeHandle& client, const Put& m);
  void serve(const overlay::NodeHandle& client, const Get& m);
  void end(const overlay::NodeHandle& client, const RequestId& request, Outcome outcome, Record record,
           std::string reason = {});
  template <class Question>
  void ask_others(const overlay::NodeHandle& client, Question& question, const std::string& name);
  void finish_asking(std::uint64_t round);
  void run_askings();

  [[nodiscard]] const Kept* find(const std::string& name) const;
  [[nodiscard]] Record record_of(const std::string& name) const;
  /// False when the node is full. A version that is not newer changes nothing.
  bool keep(const Record& record);
  /// Whether this life of a node holds the version that is held here, or a later one.
  [[nodiscard]] static bool confirmed(const Kept& kept, const overlay::NodeHandle& node);
  void forget(std::map<std::string, Kept>::iterator at);
  void look_after();
  void look_after(const std::string& name, Kept& kept);
  void copy_to(const overlay::NodeHandle& node, const std::string& name);
  void send_copies();
  void settle_writes(const std::string& name, const Kept& kept);
  void expire();
  void start(Pending pending);
  void run_clients();

  Config config_;
  NodeId id_;
  Random random_;
  TimePoint now_;
  const overlay::OverlayNode* ring_ = nullptr;  // valid inside step()
  std::vector<Action>* out_ = nullptr;          // valid inside step()
  overlay::Deadlines<Timer, kTimers> deadlines_;

  std::map<std::string, Kept> held_;
  std::size_t bytes_ = 0;
  std::string looked_after_;                                           // names up to this have had their turn
  bool unconfirmed_ = false;                                           // in this round somebody lacked a copy
  std::map<NodeId, std::pair<overlay::NodeHandle, Copies>> outgoing_;  // empty between steps
  std::multimap<std::string, Written> written_;
  std::map<std::uint64_t, Asking> asking_;
  std::uint64_t next_round_ = 1;
  std::deque<std::pair<RequestId, Ended>> ended_;
  std::vector<Pending> pending_;
  Counters counters_;
};

}  // namespace dart::directory::soft
