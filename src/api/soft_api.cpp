#include "api/soft_api.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "api/query.hpp"
#include "api/record_json.hpp"
#include "directory/soft/limits.hpp"

namespace dart::api {

namespace {

using directory::soft::Outcome;
using Json = nlohmann::ordered_json;
namespace limits = directory::soft::limits;

constexpr std::string_view kPath = "/v1/soft/";

Json json_of(const directory::soft::Record& record) {
  Json body = record_json(record.name, record.version.number, record.exists, record.value);
  if (record.version.number == 0) return body;
  body["writer"] = record.version.writer.text();
  body["lifetime_s"] = static_cast<double>(record.remaining_us) / 1e6;
  return body;
}

Response answered(const directory::soft::Done& done, bool reads) {
  Json body = Json::object();
  switch (done.outcome) {
    case Outcome::Ok:
      if (reads && !done.record.exists) body["error"] = "there is no such record";
      body.update(json_of(done.record));
      return {reads && !done.record.exists ? 404U : 200U, body.dump()};
    case Outcome::Stale:
      body["error"] = "there is a newer version";
      body.update(json_of(done.record));
      return {409, body.dump()};
    case Outcome::Refused:
      return error_response(422, done.reason);
    case Outcome::Unavailable:
      break;
  }
  return error_response(503, "the nodes that keep this record do not answer",
                        "try again; `dart ring ls` shows which nodes are there");
}

}  // namespace

void SoftApi::add_to(Router& router) {
  const auto serve = [this](const Call& call, const Done& done) { handle(call.request, done); };
  constexpr std::string_view kRecord = "/v1/soft/{name*}";
  router.add({"GET", kRecord, Role::Viewer, {}, {200, 404, 422, 503}, serve});
  router.add({"PUT", kRecord, Role::Admin, {}, {200, 400, 409, 413, 422, 503}, serve});
  router.add({"DELETE", kRecord, Role::Admin, {}, {200, 409, 422, 503}, serve});
}

void SoftApi::handle(const Request& request, Done done) {
  const auto mark = request.target.find('?');
  const std::string name =
      percent_decoded(std::string_view(request.target).substr(0, mark).substr(kPath.size()));
  if (name.empty() || name.size() > limits::kNameBytes || !is_utf8(name)) {
    return done(error_response(422, "a name is text of 1 to 255 bytes in UTF-8"));
  }
  if (request.method == "GET") {
    return port_.get_soft({0, name}, [done](const auto& got) { done(answered(got, true)); });
  }
  directory::soft::PutSoft put;
  put.name = name;
  put.exists = request.method == "PUT";
  // What was taken back has to be remembered for as long as anybody may still hold it.
  put.lifetime_us = limits::kLifetimeUs;
  if (put.exists) {
    auto body = parse_change(request.body);
    if (!body) return done(error_response(400, body.error().message, body.error().hint));
    if (!body->lifetime_s) return done(error_response(400, R"(a soft record needs "lifetime_s")"));
    if (!(*body->lifetime_s > 0 && *body->lifetime_s * 1e6 <= static_cast<double>(limits::kLifetimeUs))) {
      return done(
          error_response(422, "a soft record lives for more than nothing and at most 86,400 seconds"));
    }
    if (body->value.size() > limits::kValueBytes) {
      return done(error_response(413, "a soft value has at most 16,384 bytes"));
    }
    put.value = std::move(body->value);
    put.lifetime_us = static_cast<std::int64_t>(*body->lifetime_s * 1e6);
  } else if (request.method != "DELETE") {
    return done(error_response(405, "a record takes GET, PUT and DELETE"));
  }
  port_.put_soft(std::move(put), [done](const auto& ended) { done(answered(ended, false)); });
}

}  // namespace dart::api
