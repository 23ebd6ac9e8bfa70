#pragma once

#include <optional>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::node {

using Input = overlay::Input;
using Action = overlay::Action;

/// How a node comes up.
struct StartPlan {
  /// Make a new ring when no peers are remembered.
  bool bootstrap = false;
  /// Where to ask first; ids may be zero.
  std::vector<overlay::NodeHandle> seeds;
  /// From the last Remember action of the life before.
  std::vector<overlay::NodeHandle> remembered;
};

/// One node, all machines joined. The driver stores the new incarnation before it makes a NodeCore, feeds
/// inputs with the time, and performs the actions in order.
class NodeCore {
 public:
  NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random);

  /// The first call: joins, or makes a ring.
  void start(TimePoint now, StartPlan plan, std::vector<Action>& out);
  void step(TimePoint now, Input&& input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const {
    const auto inner = overlay_.next_deadline();
    if (retry_us_ == 0) return inner;
    return !inner || inner->us > retry_us_ ? TimePoint{retry_us_} : *inner;
  }
  [[nodiscard]] overlay::View view() const { return overlay_.view(); }
  [[nodiscard]] const overlay::OverlayNode& overlay() const { return overlay_; }
  void check_invariants() const { overlay_.check_invariants(); }

 private:
  void join_again(TimePoint now, std::vector<Action>& out);
  void look_at(TimePoint now, const std::vector<Action>& out, std::size_t from);

  overlay::OverlayNode overlay_;
  Random random_;
  StartPlan plan_;
  std::int64_t retry_us_ = 0;  // when to join again; 0: nothing to do
  std::uint32_t failures_ = 0;
};

}  // namespace dart::node
