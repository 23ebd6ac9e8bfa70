#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "directory/directory.hpp"
#include "overlay/overlay_node.hpp"

namespace dart::node {

template <class First, class Second>
struct Joined;
template <class... First, class... Second>
struct Joined<std::variant<First...>, std::variant<Second...>> {
  using type = std::variant<First..., Second...>;
};

/// What a driver feeds, and what it performs: that of all machines. `directory::Heard` and the like are
/// between the machines and do not appear.
using Input =
    Joined<overlay::Input, std::variant<directory::Persisted, directory::Command, directory::ListNames,
                                        directory::StartWatch, directory::StopWatch>>::type;
using Action = Joined<overlay::Action, std::variant<directory::Persist, directory::Completed,
                                                    directory::Listed, directory::Changed>>::type;

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
};

/// One node, all machines joined. The driver stores the new incarnation before it makes a NodeCore, feeds
/// inputs with the time, and performs the actions in order.
class NodeCore {
 public:
  /// Without a Directory's configuration the node only routes.
  NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random,
           const std::optional<directory::Config>& directory = std::nullopt);

  /// The first call: joins, or makes a ring.
  void start(TimePoint now, StartPlan plan, std::vector<Action>& out);
  void step(TimePoint now, Input&& input, std::vector<Action>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const {
    auto earliest = overlay_.next_deadline();
    if (directory_) {
      const auto own = directory_->next_deadline();
      if (own && (!earliest || *own < *earliest)) earliest = own;
    }
    if (retry_us_ == 0) return earliest;
    return !earliest || earliest->us > retry_us_ ? TimePoint{retry_us_} : *earliest;
  }
  [[nodiscard]] overlay::View view() const { return overlay_.view(); }
  [[nodiscard]] const overlay::OverlayNode& overlay() const { return overlay_; }
  /// Null in a node without one.
  [[nodiscard]] const directory::Directory* directory() const { return directory_.get(); }
  void check_invariants() const {
    overlay_.check_invariants();
    if (directory_) directory_->check_invariants();
  }

 private:
  void join_again(TimePoint now);
  void look_at(TimePoint now, const overlay::Action& action);
  void step_overlay(TimePoint now, overlay::Input&& input);
  void step_directory(TimePoint now, directory::Input input);
  void pass_on(TimePoint now, std::vector<Action>& out);
  bool keep(TimePoint now, overlay::Action& action);

  overlay::OverlayNode overlay_;
  std::unique_ptr<directory::Directory> directory_;
  std::uint64_t next_request_ = std::uint64_t{1} << 63;  // of messages routed for the Directory
  Random random_;
  StartPlan plan_;
  std::int64_t retry_us_ = 0;  // when to join again; 0: nothing to do
  std::uint32_t failures_ = 0;
};

}  // namespace dart::node
