#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "api/keys_port.hpp"
#include "api/queries_port.hpp"
#include "apps/query_compiler.hpp"

namespace dart::apps {

/// The catalogue of a ring: a firm record "table/NAME", "view/NAME" or "function/NAME" for each statement, so
/// that a name means the same at every node. Lives on the loop's thread.
class RingCatalogue {
 public:
  template <class T>
  using Done = std::function<void(api::QueryResult<T>)>;

  explicit RingCatalogue(api::KeysPort& keys) : keys_(keys) {}

  /// The statements behind these names and behind those that they mention in turn, what is mentioned first.
  /// Names that the catalogue does not have are left out.
  void find(const std::set<std::string>& names, Done<std::vector<CatalogueText>> done);
  /// Adds CREATE TABLE, CREATE VIEW and CREATE FUNCTION statements, one after the other. True: something is
  /// new. A statement that is there with another text is a failure.
  void publish(std::vector<sql::StatementOutline> statements, Done<bool> done);
  void list(const std::string& kind, Done<std::vector<api::CatalogueEntry>> done);
  /// False: there is none.
  void drop(const std::string& kind, const std::string& name, Done<bool> done);

 private:
  struct Search;
  struct Publication;

  api::KeysPort& keys_;
};

}  // namespace dart::apps
