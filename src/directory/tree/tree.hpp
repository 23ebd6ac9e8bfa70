#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "directory/tree/config.hpp"
#include "directory/tree/group.hpp"
#include "directory/tree/limits.hpp"
#include "directory/tree/port.hpp"
#include "overlay/deadlines.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::directory::tree {

/// What happened at one node since it started.
struct Counters {
  std::array<std::uint64_t, std::variant_size_v<Message>> sent{};  ///< by Message::index()
  std::uint64_t malformed = 0;
  std::uint64_t attached = 0;       ///< times that a parent was found
  std::uint64_t lost_parents = 0;   ///< silent, dead, or not willing any more
  std::uint64_t loops = 0;          ///< a parent that hung below its child
  std::uint64_t handed_down = 0;    ///< newcomers for which there was no place
  std::uint64_t too_deep = 0;       ///< parents with a path of limits::kPath
  std::uint64_t full_groups = 0;    ///< a group more than limits::kGroups
  std::uint64_t full_asked = 0;     ///< a command more than limits::kAsked, or a payload too long
  std::uint64_t full_walks = 0;     ///< an anycast more than limits::kWalks, or too deep
  std::uint64_t full_recent = 0;    ///< multicasts that were kept for less than Config::keep
  std::uint64_t full_counters = 0;  ///< counters that had no place in a combined list
  std::uint64_t delivered = 0;      ///< multicasts given to this member
  std::uint64_t repeated = 0;       ///< multicasts that came again
  std::uint64_t given_again = 0;    ///< multicasts sent to children that missed them
  std::uint64_t outdated = 0;       ///< multicasts older than Config::keep
  std::uint64_t not_member = 0;     ///< values for groups that this node is no member of
};

/// One group as a node stands in it.
struct GroupView {
  bool member = false;
  bool root = false;
  std::optional<NodeId> parent;
  std::size_t children = 0;
  std::size_t depth = 0;  ///< of the root 0; as far as this node knows
};

/// Trees of groups (Scribe: Castro et al., JSAC 2002) of one node, a plain object beside the overlay: a group
/// is a key, its root the key's root, and the ways of the members' Join messages to it are the tree. State is
/// soft: whoever falls silent is forgotten, and a node without a parent joins again.
///
/// A multicast goes to the root and from there down. Each member gets it at most once (as long as fewer than
/// limits::kSeen are on their way at once). Nodes keep it for Config::keep, and parents tell their children
/// what they should have; so a member that is cut off gets it as soon as it hangs in the root's tree again,
/// if the keeping has not ended by then. There is no order.
///
/// Values are combined on the way up, once in Config::report and level: a whole is as old as the tree is
/// deep, and while the tree changes a member may be missing from it, or for Config::child_silent be in it
/// twice.
class Tree {
 public:
  Tree(const Config& config, const overlay::NodeHandle& self, Random random);

  /// `ring` is the overlay of the same node. Never blocks, throws, or re-enters.
  void step(TimePoint now, const overlay::OverlayNode& ring, Input input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Nothing when this node has no part in it.
  [[nodiscard]] std::optional<GroupView> view(const Key& group) const;
  [[nodiscard]] std::size_t groups() const { return groups_.size(); }
  void check_invariants() const;

 private:
  enum class Timer : std::uint8_t { Beats, Reports, Parents, Attach, Walks, Asked };
  static constexpr std::size_t kTimers = 6;

  /// A walk that is on its way to the next node.
  struct SentWalk {
    Walk walk;
    std::int64_t due_us = 0;
    std::uint8_t tries = 0;
  };
  /// A walk that waits for this node's own answer.
  struct OfferedWalk {
    Walk walk;
    std::int64_t due_us = 0;
  };
  enum class Ask : std::uint8_t { Publish, Cast, Total };
  /// Something that a local user wants to hear the end of.
  struct Asked {
    Ask ask = Ask::Publish;
    std::uint64_t tag = 0;
    Key group;
    CastId id;                // of Cast
    std::int64_t due_us = 0;  // of Total: to be asked again
    std::int64_t give_up_us = 0;
  };

  // tree.cpp: dispatch, timers, the shared small things.
  void on(const Tick&) {}
  void on(Heard& input);
  void on(Reached& input);
  void on(Passing& input);
  void on(const Arrived& input);
  void on(const Died& input);
  void on(const EnterGroup& input);
  void on(const LeaveGroup& input);
  void on(Multicast& input);
  void on(Anycast& input);
  void on(const AnswerOffer& input);
  void on(SetValue& input);
  void on(const AskTotal& input);
  void dispatch(const overlay::NodeHandle& from, Message& message);
  void run_timers();
  void tell(const overlay::NodeHandle& to, Message message);
  void route(const Key& key, std::uint64_t request, overlay::HopMode mode, bool receipt,
             const Message& message);
  /// Null when this node has no part in it.
  [[nodiscard]] Group* find(const Key& key);
  /// Null when there are too many.
  Group* find_or_make(const Key& key);
  [[nodiscard]] bool in_ring() const;

  // shape.cpp: parents and children.
  void handle(const overlay::NodeHandle& from, const Join& m);
  void handle(const overlay::NodeHandle& from, const Full& m);
  void handle(const overlay::NodeHandle& from, const Beat& m);
  void handle(const overlay::NodeHandle& from, Report& m);
  void handle(const overlay::NodeHandle& from, const Leave& m);
  void handle(const overlay::NodeHandle& from, const Drop& m);
  /// Whether a Join that passes by ends here.
  bool stop(const overlay::NodeHandle& joiner, const Join& m);
  void adopt(const Key& key, Group& group, const overlay::NodeHandle& node, const Join& m);
  void hand_down(const Group& group, const overlay::NodeHandle& node, const Join& m);
  void take_parent(const Key& key, Group& group, const overlay::NodeHandle& node, const Beat& m);
  void attach(const Key& key, Group& group);
  void attach_at(Group& group, std::int64_t when_us);
  void become_root(const Key& key, Group& group);
  void lose_parent(const Key& key, Group& group);
  void beat_child(const Key& key, const Group& group, const Child& child, bool all_recent);
  void beat_children(const Key& key, const Group& group);
  void run_beats();
  void run_parents();
  void run_attach();
  bool tend(const Key& key, Group& group);

  // multicast.cpp
  void handle(const overlay::NodeHandle& from, Multi& m);
  void handle(const overlay::NodeHandle& from, const Want& m);
  void take(const Key& key, Group& group, Multi& m);
  void want_missing(const Key& key, const Group& group, const Beat& m);
  void forget_old(Group& group);

  // anycast.cpp
  void handle(const overlay::NodeHandle& from, Walk& m);
  void handle(const overlay::NodeHandle& from, const WalkAck& m);
  void handle(const overlay::NodeHandle& from, const WalkEnd& m);
  void enter(Walk walk);
  void go_on(Walk walk);
  void go_up(Walk walk, const Group& group);
  void send_walk(Walk walk);
  void turn_back(Walk walk);
  void end_walk(const Walk& walk, CastOutcome outcome);
  void run_walks();

  // totals.cpp
  void handle(const overlay::NodeHandle& from, const Query& m);
  void handle(const overlay::NodeHandle& from, Total& m);
  [[nodiscard]] std::vector<Partial> partials(const Group& group);
  void run_reports();
  void run_asked();
  bool ask(std::uint64_t number, Asked asked);
  void end(const Asked& asked);

  Config config_;
  overlay::NodeHandle self_;
  Random random_;
  TimePoint now_;
  const overlay::OverlayNode* ring_ = nullptr;  // valid inside step()
  std::vector<Action>* out_ = nullptr;          // valid inside step()
  overlay::Deadlines<Timer, kTimers> deadlines_;
  std::map<Key, Group> groups_;
  std::deque<std::pair<overlay::NodeHandle, Message>> to_self_;
  std::map<std::uint64_t, SentWalk> sent_walks_;         // by step
  std::map<std::uint64_t, OfferedWalk> offered_walks_;   // by ticket
  std::vector<std::pair<NodeId, std::uint64_t>> given_;  // steps of others, a ring buffer
  std::size_t next_given_ = 0;
  std::map<std::uint64_t, Asked> asked_;  // by number of the request
  std::uint64_t next_number_ = 1;         // of requests, steps and tickets
  Counters counters_;
};

}  // namespace dart::directory::tree
