#include "api/keys_api.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/key_watch.hpp"
#include "api/query.hpp"
#include "api/record_json.hpp"
#include "directory/limits.hpp"

namespace dart::api {

namespace {

using directory::Answer;
using directory::Command;
using directory::Operation;
using directory::Outcome;
using directory::RequestId;
using Json = nlohmann::ordered_json;

constexpr std::string_view kPath = "/v1/keys";
constexpr std::string_view kReform = "/v1/reform";
/// Versions are counted, so none is ever near that; kAnyVersion is beyond.
constexpr std::uint64_t kMostVersion = std::uint64_t{1} << 62;

template <class Number>
bool parse_number(const std::string& text, Number& number) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  return bad == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// The answer's record, with what went wrong in front.
Response with_record(unsigned status, const Command& command, const Answer& answer,
                     const std::string& message, const std::string& hint = {}) {
  Json body = Json::object();
  if (!message.empty()) body["error"] = message;
  if (!hint.empty()) body["hint"] = hint;
  body.update(record_json(command.name, answer.version, answer.exists, answer.value));
  return {status, body.dump()};
}

Response answered(const Command& command, const Answer& answer) {
  const bool reads = command.operation == Operation::Get;
  switch (answer.outcome) {
    case Outcome::Ok:
      if (reads && !answer.exists) return with_record(404, command, answer, "there is no such record");
      if (reads) return with_record(200, command, answer, {});
      return {200,
              Json{{"name", command.name}, {"version", answer.version}, {"exists", answer.exists}}.dump()};
    case Outcome::Conflict:
      return with_record(409, command, answer,
                         fmt::format("the record has version {}, not {}", answer.version, command.expected),
                         "read it again, decide anew, and expect the version that it has");
    case Outcome::Refused:
      return error_response(507, answer.value,
                            "delete records, or lend more disk (`dart node start --lend-disk`)");
    case Outcome::Unavailable:
    case Outcome::Unknown:
      break;
  }
  const bool unknown = answer.outcome == Outcome::Unknown;
  Json body{
      {"error", unknown ? "it is not known whether the change was made"
                        : "no majority of the nodes that keep this record answers; nothing was changed"},
      {"hint", unknown ? "ask again with this request id and \"again\": it is made once at most"
                       : "try again; `dart ring ls` shows which nodes are there"}};
  if (!reads) body["request"] = command.request.text();
  return {unknown ? 504U : 503U, body.dump()};
}

}  // namespace

void KeysApi::add_to(Router& router) {
  const auto serve = [this](const Call& call, const Done& done) { handle(call.request, done); };
  constexpr std::string_view kRecord = "/v1/keys/{name*}";
  router.add({"GET", kPath, Role::Viewer, {"prefix", "after", "limit"}, {200, 400, 422, 503}, serve});
  router.add({"GET", kRecord, Role::Viewer, {"watch"}, {200, 404, 422, 503, 504}, serve});
  router.add({"PUT", kRecord, Role::Admin, {}, {200, 400, 409, 413, 422, 503, 504, 507}, serve});
  router.add({"DELETE",
              kRecord,
              Role::Admin,
              {"expected", "request", "again"},
              {200, 400, 409, 422, 503, 504, 507},
              serve});
  router.add({"PUT", kReform, Role::Admin, {}, {200, 400, 409, 503}, serve});
}

void KeysApi::handle(const Request& request, Done done) {
  const auto mark = request.target.find('?');
  const std::string path = request.target.substr(0, mark);
  const std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
  if (path == kReform) return reform(request, done);
  if (path.size() <= kPath.size() + 1) {
    if (request.method != "GET") return done(error_response(405, "a list takes GET only"));
    return list(query, done);
  }
  const std::string name = percent_decoded(std::string_view(path).substr(kPath.size() + 1));
  if (name.size() > directory::limits::kNameBytes || !is_utf8(name)) {
    return done(error_response(422, "a name is text of 1 to 255 bytes in UTF-8"));
  }
  if (request.method == "PUT" || request.method == "DELETE") return change(request, name, query, done);
  if (request.method != "GET") return done(error_response(405, "a record takes GET, PUT and DELETE"));
  if (field_of(query, "watch").value_or("0") != "0") return watch(name, done);
  run({0, port_.draw_request(), Operation::Get, name, 0, {}, false}, done);
}

void KeysApi::change(const Request& request, const std::string& name, const std::string& query,
                     const Done& done) {
  Command command;
  command.operation = Operation::Set;
  command.name = name;
  command.expected = directory::kAnyVersion;
  std::string id;
  std::optional<std::uint64_t> expected;
  if (request.method == "PUT") {
    auto body = parse_change(request.body);
    if (!body) return done(error_response(400, body.error().message, body.error().hint));
    command.value = std::move(body->value);
    expected = body->expected;
    id = std::move(body->request);
    command.again = body->again;
  } else {
    command.operation = Operation::Delete;
    const auto words = field_of(query, "expected");
    if (words && !parse_number(*words, expected.emplace())) {
      return done(error_response(400, "'expected' is no version"));
    }
    id = field_of(query, "request").value_or("");
    command.again = field_of(query, "again").value_or("0") != "0";
  }
  if (expected && *expected > kMostVersion) return done(error_response(400, "'expected' is no version"));
  if (expected) command.expected = *expected;
  if (id.empty() && command.again) return done(error_response(400, "'again' needs the request id of before"));
  const auto parsed = id.empty() ? port_.draw_request() : RequestId::parse(id);
  if (!parsed) return done(error_response(400, "a request id has 32 hexadecimal digits"));
  command.request = *parsed;
  if (command.value.size() > directory::limits::kValueBytes) {
    return done(error_response(413, "a value has at most 65,536 bytes", "cut it into several records"));
  }
  run(std::move(command), done);
}

void KeysApi::run(Command command, const Done& done) {
  Command given = command;
  command.value.clear();
  port_.run(std::move(given),
            [asked = std::move(command), done](const Answer& answer) { done(answered(asked, answer)); });
}

void KeysApi::list(const std::string& query, const Done& done) {
  directory::ListNames asked;
  asked.prefix = field_of(query, "prefix").value_or("");
  asked.after = field_of(query, "after").value_or("");
  const auto limit = field_of(query, "limit");
  if (limit && !parse_number(*limit, asked.limit)) return done(error_response(400, "'limit' is no number"));
  port_.list(std::move(asked), [done](const directory::Listed& listed) {
    if (listed.outcome == Outcome::Refused) return done(error_response(422, listed.reason));
    if (listed.outcome != Outcome::Ok) {
      return done(error_response(503, "not all nodes that keep records answer",
                                 "try again; `dart ring ls` shows which nodes are there"));
    }
    Json names = Json::array();
    for (const auto& one : listed.names) names.push_back({{"name", one.name}, {"version", one.version}});
    const Json body{{"names", names}, {"more", listed.more}};
    done({200, body.dump(-1, ' ', false, Json::error_handler_t::replace)});
  });
}

void KeysApi::reform(const Request& request, const Done& done) {
  if (request.method != "PUT") return done(error_response(405, "/v1/reform takes PUT only"));
  const auto body = Json::parse(request.body, nullptr, false);
  if (!body.is_object() || body.value("accept_loss", Json()) != Json(true)) {
    return done(error_response(400, "what only the lost nodes knew will be gone",
                               R"(send {"accept_loss": true} once they are sure not to come back)"));
  }
  port_.reform([done](const directory::Reformed& reformed) {
    using directory::Reforming;
    const auto count = [&](Reforming how) { return reformed.shards[static_cast<std::size_t>(how)]; };
    if (reformed.refused)
      return done(error_response(409, "this node is at it already", "wait for that to end"));
    const std::uint32_t silent = reformed.shards[0];
    const std::uint32_t failed = count(Reforming::Failed);
    Json counts = Json::object();
    if (failed + silent > 0) {
      counts["error"] = fmt::format("{} of the {} parts of all names were not reformed", failed + silent,
                                    directory::limits::kShards);
      counts["hint"] = "ask again; `dart ring ls` shows which nodes are there";
    }
    counts["healthy"] = count(Reforming::Healthy);
    counts["survived"] = count(Reforming::Survived);
    counts["empty"] = count(Reforming::Empty);
    counts["failed"] = failed;
    counts["unanswered"] = silent;
    done({failed + silent > 0 ? 503U : 200U, counts.dump()});
  });
}

void KeysApi::watch(const std::string& name, const Done& done) {
  Response response;
  response.events = [this, name](std::weak_ptr<EventSink> sink) -> std::shared_ptr<void> {
    auto watch = std::make_shared<KeyWatch>(port_, name, std::move(sink));
    watch->begin();
    return watch;
  };
  done(std::move(response));
}

}  // namespace dart::api
