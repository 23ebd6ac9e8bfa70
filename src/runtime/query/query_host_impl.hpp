#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

#include "runtime/query/delays.hpp"
#include "runtime/query/hosted_query.hpp"
#include "runtime/query/instance_outlet.hpp"
#include "runtime/query/links.hpp"
#include "runtime/query/load_meter.hpp"
#include "runtime/query/loop_queue.hpp"
#include "runtime/query/output_connectors.hpp"
#include "runtime/query/query_host.hpp"
#include "runtime/query/shared_sources.hpp"
#include "runtime/query/state_fetches.hpp"
#include "runtime/query/tails.hpp"

namespace dart::runtime {

class QueryHost::Impl final : public LinkEvents, public std::enable_shared_from_this<QueryHost::Impl> {
 public:
  Impl(boost::asio::io_context& loop, Transport& transport, const overlay::NodeHandle& self,
       engine::ConnectorFactory& connectors, QueryHostSettings settings, Feed feed);
  ~Impl() override;
  /// The first call.
  void start();
  void stop();

  void open(placement::OpenInstance action);
  void fence(const placement::Fence& action);
  void start_barrier(const placement::StartBarrier& action);
  void hold_sources(const placement::HoldSources& action);
  Intake on_frame(const Endpoint& peer, std::string_view body);
  void fetch_rows(const overlay::NodeHandle& host, const Key& query, std::uint64_t run, std::uint64_t first,
                  Tails::Done done);
  [[nodiscard]] placement::Load load();
  [[nodiscard]] std::vector<HostedInstance> hosted();
  [[nodiscard]] QueryHost::Counters counters() const { return counters_; }

  void on_silent(const LinkOut& link) override;
  void on_broken(const LinkIn& link, const Error& why) override;
  void on_drained(const LinkOut& link) override;

 private:
  /// A unit that a worker has opened, or why not.
  struct Made {
    std::optional<Error> error;
    std::unique_ptr<RingUnit> unit;
    std::shared_ptr<const plan::Distribution> distribution;
    placement::Wiring wiring;
    std::shared_ptr<QueryOutput::Writer> writer;
  };
  using MadePtr = std::shared_ptr<Made>;

  // ---- opening.cpp: from an action to an instance that runs.

  void begin_epoch(HostedQuery& query, const placement::OpenInstance& action);
  void keep_or_fetch(HostedQuery& query, const placement::OpenInstance& action);
  void go_on(HostedQuery& query, const placement::OpenInstance& action, const StandingPtr& standing);
  void begin_opening(HostedQuery& query, const placement::InstanceId& id, std::string state);
  void opened(const Key& key, std::uint64_t epoch, const placement::InstanceId& id, const MadePtr& made);
  void install(HostedQuery& query, const placement::OpenInstance& action, const StandingPtr& standing,
               std::unique_ptr<RingUnit> unit);
  void lay_links_out(HostedQuery& query, StandingInstance& standing, InstanceOutlet& outlet);
  void lay_links_in(StandingInstance& standing);
  void refuse(HostedQuery& query, const placement::InstanceId& id, const Error& why);
  [[nodiscard]] std::shared_ptr<Port> port(HostedQuery& query, const placement::InstanceId& id);
  [[nodiscard]] std::shared_ptr<QueryOutput> output_of(HostedQuery& query);
  [[nodiscard]] std::optional<Error> no_memory();

  // ---- closing.cpp: fences, and what is kept behind barriers.

  void retire(HostedQuery& query);
  void remove(HostedQuery& query, const StandingPtr& standing);
  void close_links(StandingInstance& standing);
  void drop_kept(HostedQuery& query);
  void closed_one(const Key& key);
  void sweep();
  void serve_state(const Endpoint& peer, const engine::exchange::FetchStateFrame& frame);
  void want_state(const StandingPtr& standing);

  // ---- query_host_impl.cpp

  [[nodiscard]] HostedQuery& query_of(const Key& key);
  [[nodiscard]] HostedQuery* find(const Key& key);
  void on_event(const InstancePool::SlotPtr& slot, InstancePool::Event event);
  void on_data(const Endpoint& peer, const engine::exchange::DataFrame& frame);
  void on_fenced(const engine::exchange::FencedFrame& frame);
  void let_through(StandingInstance& standing, std::uint64_t barrier);
  void tell_finished(StandingInstance& standing);
  void fail_instance(StandingInstance& standing, const Error& why);
  void measure_load();
  [[nodiscard]] HostedInstance report(const HostedQuery& query, const StandingInstance& standing);

  boost::asio::io_context& loop_;
  Transport& transport_;
  overlay::NodeHandle self_;
  SharedSources connectors_;
  QueryHostSettings settings_;
  Feed feed_;
  QueryHost::Counters counters_;
  std::map<Key, HostedQuery> queries_;
  std::unordered_map<const InstancePool::Slot*, StandingPtr> by_slot_;
  LoadMeter meter_;
  placement::Load told_load_;
  std::int64_t told_load_us_ = 0;
  Delays delays_;
  std::shared_ptr<LoopQueue> queue_;
  std::unique_ptr<InstancePool> pool_;
  std::unique_ptr<Links> links_;
  std::unique_ptr<Tails> tails_;
  std::unique_ptr<StateFetches> states_;
};

}  // namespace dart::runtime
