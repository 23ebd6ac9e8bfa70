#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/disk_queue.hpp"
#include "runtime/query/query_host.hpp"
#include "runtime/ring/node_driver.hpp"
#include "runtime/ring/node_store.hpp"
#include "runtime/ring/query_client.hpp"
#include "runtime/ring/record_client.hpp"
#include "runtime/ring/record_writer.hpp"
#include "runtime/ring/route_trace.hpp"
#include "runtime/ring/tree_client.hpp"

namespace dart::runtime {

struct RingNodeSettings {
  std::string folder;
  std::vector<Endpoint> listen;
  std::vector<Endpoint> advertise;  ///< empty: `listen`
  std::vector<std::string>
      join;  ///< endpoints or names with ports; asked of the resolver again with every try
  bool bootstrap = false;
  overlay::Config profile = overlay::lan_profile();
  directory::Config directory;
  std::vector<std::string> labels;  ///< "k=v", each once
  placement::Config queries;
  QueryHostSettings hosting;
  engine::ConnectorFactory* connectors = nullptr;  ///< outlives the node; null: it runs no queries
  std::shared_ptr<const HostIdentity> identity;    ///< null: the key in the folder, without proof
};

/// Where a key's route led.
struct RouteOutcome {
  std::vector<TraceStep> path;  ///< this node first, the root last
  std::int64_t round_trip_us = 0;
};

/// The one node of a `dart node start`: a NodeDriver with its folder. Joins, and joins again until somebody
/// answers; when the whole ring lost power, one node after the other forms it anew and calls the peers it
/// knew. Lives on the loop's thread; disk and resolver work is done on another.
class RingNode final : public NodeEvents {
 public:
  /// Why it stopped by itself; empty: it was told to leave.
  using Stopped = std::function<void(std::optional<Error>)>;

  [[nodiscard]] static Result<std::unique_ptr<RingNode>> start(boost::asio::io_context& loop,
                                                               RingNodeSettings settings, Stopped stopped);
  ~RingNode() override;

  /// Hands over what runs here (for as long as Config::drain), says goodbye, waits until that is written
  /// (half a second at most), then calls `stopped`.
  void leave();
  /// The path to the root of a key; an Error after the profile's patience.
  void route(const Key& key, std::function<void(Result<RouteOutcome>)> done);

  [[nodiscard]] overlay::View view() const { return driver_->core(0).view(); }
  [[nodiscard]] const NodeDriver& driver() const { return *driver_; }
  [[nodiscard]] const RingId& ring() const { return ring_; }
  /// Files that could not be written since the start.
  [[nodiscard]] std::uint64_t disk_failures() const { return disk_failures_; }
  [[nodiscard]] RecordClient& records() { return client_; }
  [[nodiscard]] TreeClient& trees() { return trees_; }
  [[nodiscard]] QueryClient& queries() { return queries_; }
  /// What runs here; null in a node that runs no queries.
  [[nodiscard]] QueryHost* host() { return host_.get(); }
  [[nodiscard]] const QueryHost* host() const { return host_.get(); }
  /// Commits of firm records to the disk since the start (each one fsync), and what lies there.
  [[nodiscard]] std::uint64_t record_commits() const { return record_commits_; }
  [[nodiscard]] std::uint64_t record_bytes() const { return record_bytes_; }
  [[nodiscard]] bool secure() const { return settings_.identity != nullptr; }

  void on_action(std::uint32_t node, node::Action&& action) override;

 private:
  struct Timers;
  struct Asked {
    std::function<void(Result<RouteOutcome>)> done;
    TimePoint since;
  };

  RingNode(boost::asio::io_context& loop, RingNodeSettings settings, NodeStore store, Stopped stopped);
  [[nodiscard]] Status open();
  [[nodiscard]] Status open_records();
  void persisted(std::uint64_t token, std::uint64_t bytes);
  void begin();
  /// Runs a write on the disk's thread; a failure is counted and said once.
  void write(std::function<Status()> work);
  void resolve();
  void join(std::vector<overlay::NodeHandle> seeds);
  void adopt(const RingId& ring);
  void remember_neighbours();
  /// Puts these in front of the peers known from before, and all on disk.
  void remember(std::vector<overlay::NodeHandle> peers);
  void on_records(node::Action&& action);
  void on_queries(node::Action&& action);
  void say_goodbye();
  void enter_groups();
  /// Tells the ring what this node counted, and again after a while.
  void tell_counters();
  void arrived(overlay::Routed&& routed);
  void answered(std::string_view payload);
  void fail_route(std::uint64_t request, const char* why);
  void wait_for_farewell(TimePoint until);
  void stop(std::optional<Error> why);
  void after(Duration wait, std::function<void()> work);

  boost::asio::io_context& loop_;
  RingNodeSettings settings_;
  NodeStore store_;  // after `open` only the disk thread uses it
  Stopped stopped_;
  std::unique_ptr<NodeDriver> driver_;
  std::vector<overlay::NodeHandle> remembered_;
  RingId ring_{};
  bool had_ring_ = false;
  bool joined_ = false;
  bool leaving_ = false;
  bool said_goodbye_ = false;
  bool peers_dirty_ = false;
  std::atomic<std::uint64_t> disk_failures_{0};
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, Asked> asked_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  RecordClient client_;
  TreeClient trees_;
  QueryClient queries_;
  std::unique_ptr<QueryHost> host_;         // before the driver goes, whose transport it uses
  directory::Disk found_records_;           // from `open` to `join`
  std::optional<RecordStore::Write> home_;  // which file the records were first written to, if that is news
  bool founding_ = false;  // until the first records of the ring that it made lie on the disk
  std::uint64_t record_commits_ = 0;
  std::uint64_t record_bytes_ = 0;
  DiskQueue disk_;          // after all that its thread uses
  DiskQueue records_disk_;  // of its own: a resolver must not delay an fsync
  std::unique_ptr<RecordWriter> writer_;
};

}  // namespace dart::runtime
