#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "engine/connector.hpp"
#include "engine/instance.hpp"
#include "node/node_core.hpp"
#include "placement/port.hpp"
#include "runtime/net/transport.hpp"
#include "runtime/query/output_connectors.hpp"
#include "runtime/query/shared_sources.hpp"
#include "runtime/query/tails.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::runtime {

struct QueryHostSettings {
  std::size_t workers = 1;
  std::size_t chunk_rows = limits::kChunkRows;
  std::size_t memory_bytes = std::size_t{512} << 20;  ///< budget of all instances together
  std::size_t retained_bytes = 256U << 10;            ///< of rows of a query kept for tails
  /// Shows rows that would go to the standard output; null: queries with such rows are refused.
  OpenLines open_lines;
  /// Tables whose readers are shared by the queries of this node; null: none are.
  IsLive is_live;
};

/// What of one query runs on this host.
struct HostedInstance {
  Key query;
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t run = 0;
  placement::InstanceId id;
  std::string role;  ///< "source trips", "combine", "main", "result"
  std::vector<engine::OperatorReport> operators;
  struct ExchangeReport {
    std::string peer;  ///< endpoint, or "here"
    placement::InstanceId other;
    bool sends = false;
    std::uint64_t rows = 0;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;          ///< on the wire, after compression
    std::uint64_t bytes_before = 0;   ///< before it
    std::uint64_t repeated = 0;       ///< frames sent again, or heard again and not taken
    std::uint64_t fenced = 0;         ///< of an older epoch, refused
    std::uint64_t waiting_bytes = 0;  ///< not acknowledged, or not taken by the instance yet
    std::int64_t no_credit_us = 0;    ///< how long it had rows and no credit
  };
  std::vector<ExchangeReport> exchanges;
};

/// Runs the instances that NodeCore asks for on a pool of threads, and moves their rows between hosts over
/// the Transport's data channel. Thin: the protocol is engine's, decisions are placement's. Lives on the
/// loop's thread; only instances run elsewhere.
class QueryHost {
 public:
  /// In a later turn of the loop.
  using Feed = std::function<void(node::Input)>;
  /// What came from other hosts and was not taken, by reason.
  struct Counters {
    std::uint64_t malformed = 0;     ///< bytes that are no frame
    std::uint64_t fenced = 0;        ///< rows of an older epoch
    std::uint64_t unknown_link = 0;  ///< rows for an instance that is not here (yet)
    std::uint64_t broken_links = 0;  ///< rows that could not be read
  };

  QueryHost(boost::asio::io_context& loop, Transport& transport, overlay::NodeHandle self,
            engine::ConnectorFactory& connectors, const QueryHostSettings& settings, Feed feed);
  ~QueryHost();
  QueryHost(const QueryHost&) = delete;
  QueryHost& operator=(const QueryHost&) = delete;

  void open(placement::OpenInstance action);
  void fence(const placement::Fence& action);
  void start_barrier(const placement::StartBarrier& action);
  void hold_sources(const placement::HoldSources& action);

  /// The body of a message of Channel::Data.
  [[nodiscard]] Intake on_frame(const NodeId& from, const Endpoint& peer, std::string_view body);

  /// Asks the host of a query's result for rows from number `first` of run `run` on (another run: from its
  /// beginning); waits there a second for some. `done` gets an Error when that host does not answer, or has
  /// no such query.
  void fetch_rows(const overlay::NodeHandle& host, const Key& query, std::uint64_t run, std::uint64_t first,
                  std::function<void(Result<TailPiece>)> done);

  [[nodiscard]] placement::Load load() const;
  [[nodiscard]] std::vector<HostedInstance> hosted() const;
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dart::runtime
