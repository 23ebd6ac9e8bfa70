#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "placement/message.hpp"
#include "placement/plan_record.hpp"

namespace dart::placement {

/// A request that waits at the scheduler.
struct ClientAsk {
  Ask ask;
  overlay::NodeHandle client;
};

/// Why a query is being placed.
enum class Cause : std::uint8_t {
  Start,    ///< new, or another text, or resumed after a failure
  Repair,   ///< a host died, an instance could not go on: from the beginning of its sources
  Extend,   ///< a reader more, behind a barrier
  Move,     ///< somewhere better, or away from a node that leaves, behind a barrier
  Explain,  ///< only to tell
};

/// How far a placement has come.
enum class Phase : std::uint8_t {
  Loading,     ///< its record is being read
  Steady,      ///< nothing to do: it runs, or is paused, failed, finished
  Attracting,  ///< readers send their JOINs
  Reserving,   ///< hosts are asked
  Holding,     ///< a barrier goes through
  Committing,  ///< the record is being written
  Opening,     ///< hosts open their instances
  Waiting,     ///< a placement failed: again later
  Removing,    ///< the record is being deleted
};

/// An instance that looks for a host.
struct Choosing {
  Choice choice;
  std::size_t next = 0;     ///< of choice.candidates
  std::uint32_t level = 0;  ///< how often all candidates have refused
  std::uint32_t most = 0;   ///< see Reserve::most
  bool taken = false;
  bool asked = false;        ///< the host, which has not answered
  overlay::NodeHandle host;  ///< that was asked, or took it
};

/// One query as its scheduler knows it.
struct ScheduledQuery {
  std::string name;
  Key key;
  QueryRecord record;
  std::uint64_t version = 0;  ///< of the record; 0: there is none
  bool exists = false;        ///< the record
  Phase phase = Phase::Loading;
  std::int64_t due_us = INT64_MAX;       ///< when the phase is looked after
  std::int64_t deadline_us = INT64_MAX;  ///< when it has failed
  std::vector<ClientAsk> asks;           ///< wait until the phase is Steady
  std::optional<ClientAsk> serving;      ///< what the placement under way is for

  Cause cause = Cause::Start;
  std::string why;
  std::int64_t begun_us = 0;  ///< being placed
  QuerySpec spec;             ///< what is being placed
  std::uint64_t round = 0;
  std::size_t expected = 0;                  ///< readers, as far as they are counted
  std::size_t counts = 0;                    ///< labels whose members are still being counted
  bool uncounted = false;                    ///< the members of some label could not be counted
  std::vector<overlay::NodeHandle> invited;  ///< nodes that came up and may have a reader: it waits for them
  std::int64_t last_join_us = 0;
  std::vector<Route> routes;
  std::vector<Choosing> choosing;
  std::vector<Placed> away;           ///< readers that did not send a JOIN
  std::vector<Placed> placed;         ///< chosen, being committed
  std::set<NodeId> avoided;           ///< hosts that refused to open, do not answer, or leave
  std::uint32_t failures = 0;         ///< in a row
  std::optional<QueryRecord> before;  ///< an update that may have to be taken back

  std::set<InstanceId> to_open;
  std::set<InstanceId> finished;
  std::map<InstanceId, std::string> unopened;  ///< readers that cannot open their source, and why
  std::set<InstanceId> to_hold;                ///< have not reached the barrier
  std::uint64_t barrier = 0;                   ///< that the placement under way stands behind; 0: none
  std::uint64_t barrier_epoch = 0;             ///< in which it went through
  std::map<NodeId, std::uint32_t> probed;      ///< hosts that were asked for a sign of life, and how often
  std::vector<overlay::NodeHandle> deaths;     ///< heard of while the record was read or written
  std::vector<overlay::NodeHandle> arrivals;   ///< nodes with readers that came up while it was being placed
  std::vector<Placed> old_placed;              ///< where it ran before, to be stopped when it runs again
  std::uint64_t attempt = 0;                   ///< the operation on the record that counts
  std::uint32_t better = 0;                    ///< looks in a row at which another placement was better
  std::int64_t revise_us = INT64_MAX;
  std::int64_t count_us = INT64_MAX;  ///< when the readers of its labels are counted once more
  bool looking = false;               ///< the placement under way is only such a look
  bool broken = false;                ///< what runs is not whole, and could not be placed anew yet
};

/// Whether it should have instances that run.
[[nodiscard]] inline bool is_running(const ScheduledQuery& query) {
  return query.record.state == QueryState::Running || query.record.state == QueryState::Paused;
}

}  // namespace dart::placement
