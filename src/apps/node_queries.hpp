#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/queries_port.hpp"
#include "apps/node_port.hpp"
#include "apps/query_compiler.hpp"
#include "apps/query_tail.hpp"
#include "apps/ring_catalogue.hpp"
#include "runtime/disk_queue.hpp"
#include "runtime/query/query_host.hpp"
#include "runtime/ring/query_client.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::apps {

/// What runs on this node, as runtime::QueryHost tells it.
struct QueryHostView {
  FetchRows fetch_rows;
  std::function<std::vector<runtime::HostedInstance>()> hosted;
};

/// Shows the queries of a ring to the API. Scripts are compiled on a thread beside the loop, tests run on
/// another; all else is on the loop's.
class NodeQueries final : public api::QueriesPort {
 public:
  NodeQueries(boost::asio::io_context& loop, api::RingPort& ring, api::KeysPort& keys,
              runtime::QueryClient& client, QueryHostView host);
  ~NodeQueries() override;

  void submit(api::Submission submission, bool update, Done<api::QueryOutcome> done) override;
  void explain(api::Submission submission, Done<api::QueryOutcome> done) override;
  void lint(api::Submission submission, Done<api::QueryOutcome> done) override;
  void test(api::QueryTest test, Done<api::QueryTestOutcome> done) override;
  void list(Done<std::vector<api::QueryInfo>> done) override;
  void show(const std::string& name, Done<api::QueryInfo> done) override;
  void change(const std::string& name, Change change, Done<api::QueryOutcome> done) override;
  [[nodiscard]] std::shared_ptr<void> tail(const std::string& name,
                                           std::weak_ptr<api::RowSink> sink) override;
  void catalogue(const std::string& kind, Done<std::vector<api::CatalogueEntry>> done) override;
  void drop_entry(const std::string& kind, const std::string& name, Done<bool> done) override;
  [[nodiscard]] std::shared_ptr<void> events(std::function<void(const api::QueryEventInfo&)> heard) override;
  [[nodiscard]] std::string operators_json() const override;
  [[nodiscard]] std::vector<Sample> samples() const override;

 private:
  using Compiled = std::function<void(api::QueryResult<CompiledScript>)>;
  using Planned = std::function<void(const CompiledScript&, placement::QuerySpec)>;

  /// Compiles behind what the script needs of the catalogue.
  void compile(const api::Submission& submission, Compiled done);
  void plan(const CompiledScript& script, const api::Submission& submission,
            std::function<void(api::QueryResult<placement::QuerySpec>)> done);
  void publish(CompiledScript script, Done<api::QueryOutcome> done);
  void request(placement::RequestKind kind, const std::string& name, std::optional<placement::QuerySpec> spec,
               Done<api::QueryOutcome> done);
  /// Says why a request was refused, by what the record is.
  void refuse(placement::RequestKind kind, const std::string& name, const std::string& text,
              const placement::RequestDone& refused, const Done<api::QueryOutcome>& done);
  [[nodiscard]] std::vector<api::InstanceInfo> instances_of(const std::vector<placement::Placed>& placed,
                                                            const std::vector<std::string>& stages) const;
  [[nodiscard]] api::QueryInfo info_of(const placement::QueryRecord& record, bool whole) const;
  /// `work` beside the loop, then `done` with what it gave on the loop, unless this is gone by then.
  template <class Work, class Then>
  void beside(runtime::DiskQueue& thread, Work work, Then then);

  boost::asio::io_context& loop_;
  api::RingPort& ring_;
  api::KeysPort& keys_;
  runtime::QueryClient& client_;
  QueryHostView host_;
  RingCatalogue catalogue_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  runtime::DiskQueue compiler_;
  runtime::DiskQueue tester_;
};

}  // namespace dart::apps
