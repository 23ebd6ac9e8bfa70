#include "api/queries_api.hpp"

#include <fmt/format.h>

#include <utility>

#include "api/query_json.hpp"
#include "api/row_stream.hpp"

namespace dart::api {

namespace {

using Done = Route::Done;

Response failed(const QueryFailure& failure) { return {failure.status, to_json(failure)}; }

Response refused(const Error& error) { return error_response(400, error.message, error.hint); }

/// What `done` of the port is given: the answer as JSON, or why there is none.
template <class T>
QueriesPort::Done<T> answer_to(const Done& done) {
  return [done](const QueryResult<T>& result) {
    done(result ? Response{200, to_json(*result)} : failed(result.error()));
  };
}

}  // namespace

void QueriesApi::add_to(Router& router) {
  add_queries(router);
  add_changes(router);
  add_streams(router);
  add_catalogue(router);
}

void QueriesApi::add_queries(Router& router) {
  constexpr std::string_view kAll = "/v1/queries";
  constexpr std::string_view kOne = "/v1/queries/{name}";
  router.add({"GET", kAll, Role::Viewer, {}, {200, 503}, [this](const Call&, const Done& done) {
                port_.list(answer_to<std::vector<QueryInfo>>(done));
              }});
  router.add({"POST",
              kAll,
              Role::Operator,
              {},
              {200, 201, 400, 409, 422, 503, 504},
              [this](const Call& call, const Done& done) { submit(call, false, done); }});
  router.add({"GET", kOne, Role::Viewer, {}, {200, 404, 503}, [this](const Call& call, const Done& done) {
                port_.show(call.arguments[0], answer_to<QueryInfo>(done));
              }});
  router.add({"PUT",
              kOne,
              Role::Operator,
              {},
              {200, 400, 404, 409, 422, 503, 504},
              [this](const Call& call, const Done& done) { submit(call, true, done); }});
  router.add({"POST",
              "/v1/queries/explain",
              Role::Viewer,
              {},
              {200, 400, 422, 503, 504},
              [this](const Call& call, const Done& done) {
                auto submission = parse_submission(call.request.body);
                if (!submission) return done(refused(submission.error()));
                port_.explain(*std::move(submission), answer_to<QueryOutcome>(done));
              }});
  router.add({"POST",
              "/v1/queries/lint",
              Role::Viewer,
              {},
              {200, 400, 422, 503, 504},
              [this](const Call& call, const Done& done) {
                auto submission = parse_submission(call.request.body);
                if (!submission) return done(refused(submission.error()));
                port_.lint(*std::move(submission), answer_to<QueryOutcome>(done));
              }});
  router.add({"POST",
              "/v1/queries/test",
              Role::Operator,
              {},
              {200, 400, 422, 503, 504},
              [this](const Call& call, const Done& done) { test(call, done); }});
}

void QueriesApi::add_changes(Router& router) {
  const std::vector<unsigned> statuses = {200, 404, 409, 503, 504};
  const auto add = [&](std::string_view method, std::string_view path, QueriesPort::Change what) {
    router.add({method, path, Role::Operator, {}, statuses, [this, what](const Call& call, const Done& done) {
                  change(call.arguments[0], what, done);
                }});
  };
  add("DELETE", "/v1/queries/{name}", QueriesPort::Change::Drop);
  add("POST", "/v1/queries/{name}/pause", QueriesPort::Change::Pause);
  add("POST", "/v1/queries/{name}/resume", QueriesPort::Change::Resume);
}

void QueriesApi::add_streams(Router& router) {
  router.add({"GET",
              "/v1/streams/{name}",
              Role::Viewer,
              {},
              {200, 404, 503},
              [this](const Call& call, const Done& done) {
                // A name that is not there is an answer, not the end of a stream.
                port_.show(call.arguments[0],
                           [this, name = call.arguments[0], done](const QueryResult<QueryInfo>& query) {
                             if (!query) return done(failed(query.error()));
                             Response response;
                             response.events = [this, name](std::weak_ptr<EventSink> client) {
                               return RowStream::follow(port_, name, std::move(client));
                             };
                             done(std::move(response));
                           });
              }});
  router.add({"GET", "/v1/events", Role::Viewer, {}, {200, 503}, [this](const Call&, const Done& done) {
                Response response;
                response.events = [this](const std::weak_ptr<EventSink>& client) {
                  return port_.events([client](const QueryEventInfo& event) {
                    const auto there = client.lock();
                    if (there) there->send(fmt::format("event: query\ndata: {}\n\n", to_json(event)));
                  });
                };
                done(std::move(response));
              }});
  router.add({"GET", "/v1/operators", Role::Viewer, {}, {200}, [this](const Call&, const Done& done) {
                done({200, port_.operators_json()});
              }});
}

void QueriesApi::add_catalogue(Router& router) {
  const auto add_list = [&](std::string_view path, const char* kind) {
    router.add({"GET", path, Role::Viewer, {}, {200, 503}, [this, kind](const Call&, const Done& done) {
                  list_catalogue(kind, done);
                }});
  };
  const auto add_drop = [&](std::string_view path, const char* kind) {
    router.add(
        {"DELETE",
         path,
         Role::Operator,
         {},
         {200, 404, 409, 503, 504},
         [this, kind](const Call& call, const Done& done) { drop_entry(kind, call.arguments[0], done); }});
  };
  add_list("/v1/tables", "table");
  add_list("/v1/views", "view");
  add_list("/v1/functions", "function");
  add_drop("/v1/tables/{name}", "table");
  add_drop("/v1/views/{name}", "view");
  add_drop("/v1/functions/{name}", "function");
}

void QueriesApi::submit(const Call& call, bool update, const Done& done) {
  auto submission = parse_submission(call.request.body);
  if (!submission) return done(refused(submission.error()));
  if (update) {
    const auto& name = call.arguments[0];
    if (!submission->name.empty() && submission->name != name) {
      return done(error_response(400, fmt::format("the path names {}, the body {}", name, submission->name)));
    }
    submission->name = name;
  }
  port_.submit(*std::move(submission), update, [done, update](const QueryResult<QueryOutcome>& result) {
    if (!result) return done(failed(result.error()));
    done({result->changed && !update ? 201U : 200U, to_json(*result)});
  });
}

void QueriesApi::change(const std::string& name, QueriesPort::Change change, const Done& done) {
  port_.change(name, change, answer_to<QueryOutcome>(done));
}

void QueriesApi::test(const Call& call, const Done& done) {
  auto parsed = parse_query_test(call.request.body);
  if (!parsed) return done(refused(parsed.error()));
  port_.test(*std::move(parsed), answer_to<QueryTestOutcome>(done));
}

void QueriesApi::list_catalogue(const std::string& kind, const Done& done) {
  port_.catalogue(kind, answer_to<std::vector<CatalogueEntry>>(done));
}

void QueriesApi::drop_entry(const std::string& kind, const std::string& name, const Done& done) {
  port_.drop_entry(kind, name, [done, kind, name](const QueryResult<bool>& dropped) {
    if (!dropped) return done(failed(dropped.error()));
    if (!*dropped) return done(error_response(404, fmt::format("there is no {} {}", kind, name)));
    done({200, to_json(QueryOutcome{name, true, 0, {}, {}})});
  });
}

}  // namespace dart::api
