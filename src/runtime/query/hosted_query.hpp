#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "placement/port.hpp"
#include "placement/wiring.hpp"
#include "plan/distribution.hpp"
#include "runtime/query/instance_pool.hpp"
#include "runtime/query/link_in.hpp"
#include "runtime/query/link_out.hpp"
#include "runtime/query/port.hpp"
#include "runtime/query/query_output.hpp"

namespace dart::runtime {

/// An instance that stands here.
struct StandingInstance {
  Key query;
  placement::InstanceId id;
  std::uint64_t epoch = 0;
  std::uint64_t run = 0;
  std::shared_ptr<const plan::Distribution> distribution;
  placement::Wiring wiring;
  InstancePool::SlotPtr slot;
  std::shared_ptr<QueryOutput::Writer> writer;
  std::vector<std::shared_ptr<LinkOut>> outs;
  std::vector<std::shared_ptr<LinkIn>> ins;
  std::optional<std::uint64_t> barrier;  ///< it holds still behind
  bool failed = false;
  bool finished = false;
  bool finished_told = false;
  bool state_wanted = false;
  std::optional<std::string> state;  ///< what it held behind the barrier, once somebody asked for it
};
using StandingPtr = std::shared_ptr<StandingInstance>;

/// A query that runs here, ran here a moment ago, or may not run here.
struct HostedQuery {
  Key key;
  std::string name;
  std::uint64_t floor = 0;  ///< nothing of an older epoch runs here
  std::uint64_t epoch = 0;  ///< of what follows
  std::uint64_t run = 0;
  /// What its instances run, decoded once; of the program beside it.
  std::shared_ptr<const plan::Distribution> distribution;
  std::string program;
  std::map<placement::InstanceId, StandingPtr> instances;
  /// What held still behind a barrier of an epoch before, until it goes on here, or `kept_until_us`.
  std::map<placement::InstanceId, StandingPtr> kept;
  std::int64_t kept_until_us = 0;
  struct Opening {
    placement::OpenInstance action;
    bool begun = false;  ///< a worker is at it
  };
  std::map<placement::InstanceId, Opening> opening;
  /// Openings wait until nothing of the epochs before is inside a sink any more.
  std::size_t closing = 0;
  std::vector<std::pair<placement::InstanceId, std::string>> deferred;  ///< and the state they begin with
  std::map<placement::InstanceId, std::shared_ptr<Port>> ports;
  std::shared_ptr<QueryOutput> output;
  bool has_result = false;               ///< an instance of the last stage is here, in the newest epoch
  std::optional<std::uint64_t> barrier;  ///< has been started
  bool sources_held = false;
  std::set<NodeId> silent;  ///< hosts that LinkDown was said of
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint64_t> fenced;
  std::int64_t idle_since_us = 0;  ///< nothing runs here; 0: something does
};

}  // namespace dart::runtime
