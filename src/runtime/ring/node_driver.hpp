#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "node/node_core.hpp"
#include "overlay/action.hpp"
#include "overlay/config.hpp"
#include "overlay/input.hpp"
#include "overlay/view.hpp"
#include "runtime/net/transport.hpp"

namespace dart::runtime {

/// The clock of all nodes: monotonic, counting the time that the machine was suspended.
[[nodiscard]] TimePoint node_now();

/// What nodes ask of whoever runs them, in order. Called from inside the driver: answer later, by `step`.
class NodeEvents {
 public:
  virtual ~NodeEvents() = default;
  virtual void on_action(std::uint32_t node, node::Action&& action) = 0;
};

/// The nodes of one host: drives each NodeCore with what comes over the host's Transport and with its own
/// timer, and performs what it asks for. Thin on purpose; decisions are in the core. Lives on the loop's
/// thread.
class NodeDriver final : public TransportEvents {
 public:
  NodeDriver(boost::asio::io_context& loop, TransportSettings settings, const overlay::Config& profile,
             NodeEvents& events);
  ~NodeDriver() override;

  [[nodiscard]] Status listen();
  [[nodiscard]] Transport& transport() { return *transport_; }
  [[nodiscard]] const Transport& transport() const { return *transport_; }

  /// Adds the node with the next index; after `listen`. The index stays its name here. With
  /// nothing beside the overlay it only routes.
  std::uint32_t add_node(std::uint32_t incarnation, const node::Beside& beside = {});
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] const node::NodeCore& core(std::uint32_t index) const;
  /// Joins, or makes a ring: the first call to a node.
  void start(std::uint32_t index, node::StartPlan plan);
  /// A local command, at once; not from inside on_action.
  void step(std::uint32_t index, node::Input input);
  /// The same, in a later turn of the loop: for on_action.
  void step_later(std::uint32_t index, node::Input input);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  /// Steps that took longer than a millisecond, and the longest in microseconds.
  [[nodiscard]] std::uint64_t slow_steps() const { return slow_steps_; }
  [[nodiscard]] std::int64_t longest_step_us() const { return longest_step_us_; }

  Intake on_message(const NodeId& from, const Endpoint& peer, Channel channel,
                    std::string_view body) override;
  void on_no_such_node(const Endpoint& peer, const NodeId& node) override;
  void on_unreachable(const Endpoint& peer, bool refused) override;
  void on_ring(const RingId& ring) override;
  /// Set: takes what comes on Channel::Data; without it that is malformed.
  std::function<Intake(const NodeId& from, const Endpoint& peer, std::string_view body)> on_data;
  /// Set: told of the ring that this host was taken into.
  std::function<void(const RingId&)> ring_adopted;

 private:
  struct Node;
  struct Wake {
    std::int64_t at_us;
    std::uint32_t index;
    friend bool operator>(const Wake& a, const Wake& b) { return a.at_us > b.at_us; }
  };
  struct Timer;

  template <class Call>
  void call(std::uint32_t index, Call&& into);
  void feed(std::uint32_t index, node::Input input);
  void perform(std::uint32_t index, std::vector<node::Action>& actions);
  void send(std::uint32_t index, const overlay::Send& action);
  [[nodiscard]] std::uint32_t anybody();
  void arm(std::uint32_t index);
  void arm_timer();
  void on_timer();
  [[nodiscard]] bool gone_with(const overlay::NodeHandle& node, const Endpoint& peer) const;
  void tell_joining(std::uint32_t index, const Endpoint& peer, bool refused);
  void tell_unreachable(const Endpoint& peer, const NodeId* only, bool refused);

  boost::asio::io_context& loop_;
  std::shared_ptr<const HostIdentity> identity_;
  overlay::Config profile_;
  NodeEvents& events_;
  std::unique_ptr<Transport> transport_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<Timer> timer_;
  std::vector<node::Action> actions_;
  bool stepping_ = false;
  std::uint32_t next_anybody_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t slow_steps_ = 0;
  std::int64_t longest_step_us_ = 0;
};

}  // namespace dart::runtime
