#include "runtime/query/query_host.hpp"

#include <utility>

#include "runtime/query/query_host_impl.hpp"

namespace dart::runtime {

QueryHost::QueryHost(boost::asio::io_context& loop, Transport& transport, overlay::NodeHandle self,
                     engine::ConnectorFactory& connectors, const QueryHostSettings& settings, Feed feed)
    : impl_(std::make_shared<Impl>(loop, transport, self, connectors, settings, std::move(feed))) {
  impl_->start();
}

QueryHost::~QueryHost() { impl_->stop(); }

void QueryHost::open(placement::OpenInstance action) { impl_->open(std::move(action)); }
void QueryHost::fence(const placement::Fence& action) { impl_->fence(action); }
void QueryHost::start_barrier(const placement::StartBarrier& action) { impl_->start_barrier(action); }
void QueryHost::hold_sources(const placement::HoldSources& action) { impl_->hold_sources(action); }

Intake QueryHost::on_frame(const NodeId& /*from*/, const Endpoint& peer, std::string_view body) {
  return impl_->on_frame(peer, body);
}

void QueryHost::fetch_rows(const overlay::NodeHandle& host, const Key& query, std::uint64_t run,
                           std::uint64_t first, std::function<void(Result<TailPiece>)> done) {
  impl_->fetch_rows(host, query, run, first, std::move(done));
}

placement::Load QueryHost::load() const { return impl_->load(); }
std::vector<HostedInstance> QueryHost::hosted() const { return impl_->hosted(); }
QueryHost::Counters QueryHost::counters() const { return impl_->counters(); }

}  // namespace dart::runtime
