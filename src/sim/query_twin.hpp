#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/connector.hpp"
#include "engine/exchange/frame.hpp"
#include "engine/exchange/message_bytes.hpp"
#include "engine/exchange/receiver.hpp"
#include "engine/exchange/sender.hpp"
#include "engine/instance.hpp"
#include "node/node_core.hpp"
#include "placement/port.hpp"
#include "placement/wiring.hpp"
#include "plan/distribution.hpp"

namespace dart::sim {

/// Decoded programs, shared by all machines of a run.
class Programs {
 public:
  /// Null for bytes that are no program.
  [[nodiscard]] std::shared_ptr<const plan::Distribution> of(const std::string& bytes);

 private:
  std::map<std::string, std::shared_ptr<const plan::Distribution>> known_;
};

/// Runs the instances of one life of one machine in virtual time and on one thread: the twin of the runtime's
/// host. The instances, the frames and both ends of a link are the engine's own; only who calls them differs.
class QueryTwin {
 public:
  /// Opens sources and sinks for one instance.
  using Connectors =
      std::function<std::unique_ptr<engine::ConnectorFactory>(const placement::OpenInstance& action)>;
  QueryTwin(const overlay::NodeHandle& self, Programs& programs, Connectors connectors)
      : self_(self), programs_(programs), connectors_(std::move(connectors)) {}

  /// An action of the machine's core; false when it is no business of this.
  bool perform(TimePoint now, const node::Action& action);
  /// A frame of another machine, or of this one.
  void heard(TimePoint now, const overlay::NodeHandle& from, std::string_view frame);
  /// Sources read a little, instances take what waits, frames that are due go out.
  void turn(TimePoint now);

  /// What the core is told, and what is sent; both are emptied by who takes them.
  [[nodiscard]] std::vector<node::Input>& inputs() { return inputs_; }
  [[nodiscard]] std::vector<std::pair<overlay::NodeHandle, std::string>>& frames() { return frames_; }
  /// Frames of older epochs that were refused.
  [[nodiscard]] std::uint64_t fenced() const { return fenced_; }

 private:
  struct Out {
    overlay::NodeHandle to;
    std::uint32_t exchange = 0;
    std::uint32_t place = 0;     // among the receivers: of Main, the partition
    std::uint32_t receiver = 0;  // its number
    engine::exchange::RowLayout layout;
    engine::exchange::Sender sender;
  };
  struct In {
    overlay::NodeHandle from;
    placement::WiredPeer peer;
    engine::exchange::RowLayout layout;
    engine::exchange::Receiver receiver;
  };
  struct Running {
    placement::OpenInstance action;
    std::shared_ptr<const plan::Distribution> program;
    std::unique_ptr<engine::ConnectorFactory> connectors;
    placement::Wiring wiring;
    std::unique_ptr<engine::Instance> instance;  // null while its state is fetched
    std::string state;                           // as far as it has come
    std::int64_t ask_again_us = 0;
    std::vector<Out> outs;
    std::vector<In> ins;
    bool finished_told = false;
    bool failed_told = false;
    bool barrier_told = false;
  };
  using StateKey =
      std::tuple<Key, std::uint64_t, std::uint32_t, std::uint32_t>;  // query, barrier, stage, number

  void open(TimePoint now, const placement::OpenInstance& action);
  void start(TimePoint now, Running& running);
  [[nodiscard]] Status make(Running& running) const;
  void lay_links(Running& running) const;
  void fence(const placement::Fence& action);
  void keep_state(Running& running);
  void run(TimePoint now, Running& running);
  void pass_on(Running& running);
  void report(Running& running);
  void take(TimePoint now, const overlay::NodeHandle& from, const engine::exchange::DataFrame& frame);
  void take_ack(TimePoint now, const engine::exchange::AckFrame& frame);
  void give_state(const overlay::NodeHandle& to, const engine::exchange::FetchStateFrame& frame);
  void take_state(TimePoint now, const engine::exchange::StateFrame& frame);
  [[nodiscard]] std::uint64_t epoch_of(const Key& query) const;

  overlay::NodeHandle self_;
  Programs& programs_;
  Connectors connectors_;
  std::map<std::pair<Key, placement::InstanceId>, Running> running_;
  std::map<std::pair<Key, placement::InstanceId>, Running> held_;  // sources behind a barrier, to go on
  std::map<StateKey, std::string> states_;
  std::map<Key, std::uint64_t> fences_;
  std::set<Key> sources_held_;
  std::vector<node::Input> inputs_;
  std::vector<std::pair<overlay::NodeHandle, std::string>> frames_;
  std::uint64_t fenced_ = 0;
};

}  // namespace dart::sim
