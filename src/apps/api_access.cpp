#include "apps/api_access.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/run_script.hpp"
#include "apps/secret.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr const char* kTokenVariable = "DART_TOKEN";

}  // namespace

void add_access(CLI::App& command, ApiAccess& access) {
  command.add_option("--http", access.http, "API of the node to ask")
      ->type_name("H:P")
      ->capture_default_str();
  command
      .add_option("--token", access.token,
                  "where the token is, ${env:NAME} or ${file:PATH} (default: what DART_TOKEN holds)")
      ->type_name("REF");
}

Result<std::string> authorization_of(const ApiAccess& access) {
  std::string token;
  if (!access.token.empty()) {
    DART_TRY(token, resolve_secret(access.token));
  } else if (const char* const given = std::getenv(kTokenVariable); given != nullptr) {
    token = given;
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorCode::InvalidArgument, "a token is one line");
  }
  return token.empty() ? std::string() : "Bearer " + token;
}

Result<api::HttpClient> connect(const ApiAccess& access) {
  DART_TRY(const auto authorization, authorization_of(access));
  return api::HttpClient::connect(access.http, kSilenceS, authorization);
}

Result<api::Response> ask(const ApiAccess& access, api::Request request) {
  DART_TRY(request.authorization, authorization_of(access));
  return api::http_ask(access.http, request, kPatienceS);
}

Error refusal_of(const ApiAccess& access, const api::Response& response) {
  const auto body = Json::parse(response.body, nullptr, false);
  if (!body.is_object()) {
    return {ErrorCode::Io, fmt::format("the node at {} said {}", access.http, response.status), std::nullopt,
            ""};
  }
  const auto text = [&](const char* field) {
    const auto found = body.find(field);
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::string hint = text("hint");
  if (const auto request = text("request"); !request.empty()) {
    hint = fmt::format("ask again with --request {}: the change is made once at most", request);
  }
  const auto error = text("error");
  return {ErrorCode::NotFound, error.empty() ? "no reason given" : error, std::nullopt, hint};
}

Result<std::string> ask_text(const ApiAccess& access, api::Request request) {
  DART_TRY(auto response, ask(access, std::move(request)));
  if (response.status == 200 || response.status == 201) return std::move(response.body);
  return tl::unexpected(refusal_of(access, response));
}

Result<Json> ask_json(const ApiAccess& access, api::Request request) {
  DART_TRY(const auto text, ask_text(access, std::move(request)));
  auto body = Json::parse(text, nullptr, false);
  if (body.is_object()) return body;
  return fail(ErrorCode::Data, "that is no answer of a node");
}

int finish(const Status& status) {
  if (status) return std::cout.flush() ? 0 : 1;
  std::cerr << error_line(status.error()) << '\n';
  return 1;
}

}  // namespace dart::apps
