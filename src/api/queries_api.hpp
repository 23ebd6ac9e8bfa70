#pragma once

#include <string>

#include "api/queries_port.hpp"
#include "api/router.hpp"

namespace dart::api {

/// `/v1/queries`, `/v1/streams`, `/v1/events`, the catalogue (`/v1/tables`, `/v1/views`, `/v1/functions`) and
/// `/v1/operators`.
class QueriesApi {
 public:
  explicit QueriesApi(QueriesPort& port) : port_(port) {}
  /// Lives as long as the router.
  void add_to(Router& router);

 private:
  using Done = Route::Done;
  void add_queries(Router& router);
  void add_changes(Router& router);
  void add_streams(Router& router);
  void add_catalogue(Router& router);
  void submit(const Call& call, bool update, const Done& done);
  void change(const std::string& name, QueriesPort::Change change, const Done& done);
  void test(const Call& call, const Done& done);
  void list_catalogue(const std::string& kind, const Done& done);
  void drop_entry(const std::string& kind, const std::string& name, const Done& done);

  QueriesPort& port_;
};

}  // namespace dart::api
