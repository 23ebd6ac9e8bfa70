#include "api/query_json.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace dart::api {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t kMostPartitions = 1024;

tl::unexpected<Error> bad(const std::string& what, const std::string& hint = {}) {
  return fail(ErrorCode::InvalidArgument, what, std::nullopt, hint);
}

/// Bytes that are no UTF-8 become the sign for that.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// "line 2, column 7", of the byte that could not be.
std::string position_of(const std::string& text, std::size_t byte) {
  const std::size_t at = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const auto begin = text.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(at);
  const auto line = 1 + std::count(begin, end, '\n');
  const auto last = text.substr(0, at).rfind('\n');
  return fmt::format("line {}, column {}", line, last == std::string::npos ? at + 1 : at - last);
}

Result<Json> parse_object(const std::string& body) {
  try {
    auto json = Json::parse(body);
    if (json.is_object()) return json;
    return bad("the body is no JSON object");
  } catch (const Json::parse_error& error) {
    return bad(fmt::format("the body is no JSON: it goes wrong at {}", position_of(body, error.byte)));
  } catch (const Json::exception&) {
    return bad("the body is no JSON: a number is too large");
  }
}

Result<std::map<std::string, std::string>> texts_of(const std::string& field, const Json& value) {
  std::map<std::string, std::string> texts;
  if (!value.is_object()) return bad(fmt::format("'{}' is no object of texts", field));
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) return bad(fmt::format("'{}' of '{}' is no text", name, field));
    texts[name] = text.get<std::string>();
  }
  return texts;
}

/// Takes one field; false when it is none of a submission. An Error: it is of the wrong type.
Result<bool> take_field(const std::string& field, const Json& value, Submission& submission) {
  const auto text = [&](std::string& into) -> Result<bool> {
    if (!value.is_string()) return bad(fmt::format("'{}' is no text", field));
    into = value.get<std::string>();
    return true;
  };
  if (field == "name") return text(submission.name);
  if (field == "sql") return text(submission.sql);
  if (field == "file_name") return text(submission.file_name);
  if (field == "policy") return text(submission.policy);
  if (field == "on_partition") return text(submission.on_partition);
  if (field == "variables") {
    DART_TRY(submission.variables, texts_of(field, value));
    return true;
  }
  if (field != "partitions") return false;
  const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 &&
                    value.get<std::uint64_t>() <= kMostPartitions;
  if (!fits) return bad(fmt::format("'partitions' is no number from 1 to {}", kMostPartitions));
  submission.partitions = value.get<std::uint32_t>();
  return true;
}

Status check(const Submission& submission) {
  if (submission.sql.empty()) return bad("the body needs \"sql\"", R"(send {"sql": "SELECT …"})");
  if (submission.on_partition != "continue" && submission.on_partition != "pause") {
    return bad("'on_partition' is continue or pause");
  }
  return {};
}

tl::unexpected<Error> unknown(const std::string& field) {
  return bad(fmt::format("the body's field '{}' is not known", field), "/v1/openapi.json has them all");
}

Json json_of(const std::vector<InstanceInfo>& instances) {
  Json list = Json::array();
  for (const auto& one : instances) {
    list.push_back({{"stage", one.stage},
                    {"number", one.number},
                    {"host", one.host},
                    {"host_name", one.host_name},
                    {"away", one.away}});
  }
  return list;
}

Json json_of(const QueryEventInfo& event) {
  return {{"at_us", event.at_us},
          {"query", event.query},
          {"epoch", event.epoch},
          {"state", event.state},
          {"what", event.what}};
}

Json json_of(const QueryInfo& query) {
  Json history = Json::array();
  for (const auto& event : query.history) history.push_back(json_of(event));
  return {{"name", query.name},
          {"state", query.state},
          {"epoch", query.epoch},
          {"run", query.run},
          {"scheduler", query.scheduler},
          {"policy", query.policy},
          {"text", query.text},
          {"instances", json_of(query.instances)},
          {"history", history}};
}

}  // namespace

Result<Submission> parse_submission(const std::string& body) {
  DART_TRY(const Json json, parse_object(body));
  Submission submission;
  for (const auto& [field, value] : json.items()) {
    DART_TRY(const bool taken, take_field(field, value, submission));
    if (!taken) return unknown(field);
  }
  DART_TRY_STATUS(check(submission));
  return submission;
}

Result<QueryTest> parse_query_test(const std::string& body) {
  DART_TRY(const Json json, parse_object(body));
  QueryTest test;
  bool expects = false;
  for (const auto& [field, value] : json.items()) {
    if (field == "input") {
      DART_TRY(test.input, texts_of(field, value));
    } else if (field == "expected" && value.is_string()) {
      test.expected = value.get<std::string>();
      expects = true;
    } else {
      DART_TRY(const bool taken, take_field(field, value, test.query));
      if (!taken) return unknown(field);
    }
  }
  DART_TRY_STATUS(check(test.query));
  if (!expects) return bad("the body needs \"expected\": the rows that have to come out, as text");
  return test;
}

std::string to_json(const QueryOutcome& outcome) {
  return text_of(Json{{"name", outcome.name},
                      {"changed", outcome.changed},
                      {"epoch", outcome.epoch},
                      {"instances", json_of(outcome.instances)},
                      {"notes", outcome.notes}});
}

std::string to_json(const QueryTestOutcome& outcome) {
  return text_of(Json{{"passed", outcome.passed}, {"difference", outcome.difference}});
}

std::string to_json(const QueryInfo& query) { return text_of(json_of(query)); }

std::string to_json(const std::vector<QueryInfo>& queries) {
  Json list = Json::array();
  for (const auto& query : queries) list.push_back(json_of(query));
  return text_of(Json{{"queries", list}});
}

std::string to_json(const std::vector<CatalogueEntry>& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) {
    list.push_back(
        {{"name", entry.name}, {"kind", entry.kind}, {"text", entry.text}, {"version", entry.version}});
  }
  return text_of(Json{{"entries", list}});
}

std::string to_json(const QueryEventInfo& event) { return text_of(json_of(event)); }

std::string to_json(const QueryFailure& failure) {
  Json body{{"error", failure.message}};
  if (!failure.hint.empty()) body["hint"] = failure.hint;
  return text_of(body);
}

std::string rows_json(std::uint64_t run, const std::vector<std::string>& lines) {
  return text_of(Json{{"run", run}, {"lines", lines}});
}

}  // namespace dart::api
