#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "api/keys_port.hpp"
#include "api/queries_port.hpp"
#include "placement/plan_record.hpp"
#include "runtime/query/query_host.hpp"

namespace dart::apps {

/// Asks the host of a query's result for rows: runtime::QueryHost::fetch_rows.
using FetchRows =
    std::function<void(const overlay::NodeHandle& host, const Key& query, std::uint64_t run,
                       std::uint64_t first, std::function<void(Result<runtime::TailPiece>)> done)>;

/// Hands the rows of one query to one client, wherever its result runs: reads the query's record, asks that
/// host again and again, and reads the record anew when the host does not answer, has no such query any more,
/// or says that all rows were there. Lives on the loop's thread, for as long as somebody holds it.
class QueryTail : public std::enable_shared_from_this<QueryTail> {
 public:
  QueryTail(boost::asio::io_context& loop, api::KeysPort& keys, FetchRows fetch, std::string name,
            std::weak_ptr<api::RowSink> sink);

  /// Once, when a shared_ptr has it.
  void begin() { read(); }

 private:
  void read();
  void read_later();
  void have(const placement::QueryRecord& record);
  void fetch();
  void have(const runtime::TailPiece& piece);
  void end(std::optional<api::QueryFailure> why);

  api::KeysPort& keys_;
  FetchRows fetch_;
  std::string name_;
  std::weak_ptr<api::RowSink> sink_;
  boost::asio::steady_timer pause_;
  overlay::NodeHandle host_;
  std::uint64_t run_ = 0;
  std::uint64_t next_ = 0;  // number of the first row that was not handed out
  bool idle_ = false;       // said so, and nothing came since
  bool over_ = false;       // the host said that all rows were there
};

}  // namespace dart::apps
