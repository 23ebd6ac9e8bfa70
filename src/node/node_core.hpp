#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "node/seats.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::node {

/// What a driver feeds, and what it performs: that of all machines. What passes between the machines does not
/// appear.
using Input = WithSeats<overlay::Input, Seats>::Commands;
using Action = WithSeats<overlay::Action, Seats>::Answers;

/// Which machines stand beside the overlay, and how they are set up.
using Beside = OfSeats<Seats>::Configs;

/// How a node comes up.
struct StartPlan {
  /// Make a new ring when no peers are remembered.
  bool bootstrap = false;
  /// Where to ask first; ids may be zero.
  std::vector<overlay::NodeHandle> seeds;
  /// From the last Remember action of the life before.
  std::vector<overlay::NodeHandle> remembered;
  /// What the lives before persisted for the Directory.
  directory::Disk disk = {};
  /// The ring was made, and its records founded, in a life before: an empty disk has lost them and founds
  /// none.
  bool old_ring = false;
};

/// One node, all machines joined. The driver stores the new incarnation before it makes a NodeCore, feeds
/// inputs with the time, and performs the actions in order. Requests that a driver routes have numbers below
/// 2^63.
class NodeCore {
 public:
  /// With nothing beside the overlay the node only routes.
  NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random,
           const Beside& beside = {});

  /// The first call: joins, or makes a ring.
  void start(TimePoint now, StartPlan plan, std::vector<Action>& out);
  void step(TimePoint now, Input&& input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const {
    std::int64_t earliest = retry_us_ == 0 ? INT64_MAX : retry_us_;
    const auto offer = [&](std::optional<TimePoint> due) {
      if (due) earliest = std::min(earliest, due->us);
    };
    offer(overlay_.next_deadline());
    std::apply([&](const auto&... machine) { ((machine ? offer(machine->next_deadline()) : void()), ...); },
               machines_);
    return earliest == INT64_MAX ? std::nullopt : std::optional<TimePoint>(TimePoint{earliest});
  }
  [[nodiscard]] overlay::View view() const { return overlay_.view(); }
  [[nodiscard]] const overlay::OverlayNode& overlay() const { return overlay_; }
  /// Null in a node without one.
  [[nodiscard]] const directory::Directory* directory() const { return machine<directory::Directory>(); }
  [[nodiscard]] const directory::soft::SoftRecords* soft_records() const {
    return machine<directory::soft::SoftRecords>();
  }
  [[nodiscard]] const directory::tree::Tree* tree() const { return machine<directory::tree::Tree>(); }
  [[nodiscard]] const placement::QueryService* queries() const { return machine<placement::QueryService>(); }
  void check_invariants() const {
    overlay_.check_invariants();
    std::apply([](const auto&... machine) { ((machine ? machine->check_invariants() : void()), ...); },
               machines_);
  }

 private:
  template <class Machine>
  [[nodiscard]] Machine* machine() const {
    return std::get<std::unique_ptr<Machine>>(machines_).get();
  }
  void join_again(TimePoint now);
  void look_at(TimePoint now, const overlay::Action& action);
  void step_overlay(TimePoint now, overlay::Input&& input);
  template <class Seat>
  void step_machine(TimePoint now, typename Seat::Input input);
  void pass_on(TimePoint now, std::vector<Action>& out);
  template <class Seat, class Other>
  bool hand_to(TimePoint now, typename Seat::Action& action);
  template <class Seat>
  bool pass_one_on(TimePoint now, std::size_t& done, std::vector<Action>& out);
  bool keep(TimePoint now, overlay::Action& action);

  overlay::OverlayNode overlay_;
  OfSeats<Seats>::Machines machines_;
  std::uint64_t next_request_ = 1;  // of messages routed for machines that do not number them
  Random random_;
  StartPlan plan_;
  std::int64_t retry_us_ = 0;  // when to join again; 0: nothing to do
  std::uint32_t failures_ = 0;
};

}  // namespace dart::node
