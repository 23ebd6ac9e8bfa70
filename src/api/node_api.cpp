#include "api/node_api.hpp"

#include "api/metrics.hpp"
#include "api/openapi.hpp"

namespace dart::api {

NodeApi::NodeApi(RingPort& ring, KeysPort& keys, QueriesPort& queries, const Tokens* tokens)
    : ring_(ring), keys_(keys), soft_(keys), queries_(queries), router_(tokens) {
  ring_.add_to(router_);
  queries_.add_to(router_);
  keys_.add_to(router_);
  soft_.add_to(router_);
  router_.add(
      {"GET", "/metrics", Role::Viewer, {}, {200}, [&ring, &queries](const Call&, const Route::Done& done) {
         done({200, metrics_text(ring.status(), queries.samples()), kMetricsType});
       }});
  router_.add({"GET", "/v1/openapi.json", Role::Anyone, {}, {200}, [](const Call&, const Route::Done& done) {
                 done({200, std::string(openapi_text())});
               }});
}

}  // namespace dart::api
