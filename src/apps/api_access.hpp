#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "api/exchange.hpp"
#include "api/http_client.hpp"
#include "base/result.hpp"

namespace CLI {
class App;
}

namespace dart::apps {

/// Longer than a node tries.
inline constexpr std::int64_t kPatienceS = 200;
/// A stream says something every five seconds.
inline constexpr std::int64_t kSilenceS = 30;

/// Which node a command asks, and who asks.
struct ApiAccess {
  std::string http = "127.0.0.1:7480";
  std::string token;  ///< a reference; empty: what DART_TOKEN holds, if anything
};

/// `--http H:P` and `--token REF`.
void add_access(CLI::App& command, ApiAccess& access);

/// The header that shows the token; empty without one.
[[nodiscard]] Result<std::string> authorization_of(const ApiAccess& access);
/// A connection for a stream of events.
[[nodiscard]] Result<api::HttpClient> connect(const ApiAccess& access);
/// One request. An Error when nobody answers.
[[nodiscard]] Result<api::Response> ask(const ApiAccess& access, api::Request request);
/// The same; any status but 200 and 201 is an Error, too.
[[nodiscard]] Result<std::string> ask_text(const ApiAccess& access, api::Request request);
/// The same, of an answer that is a JSON object.
[[nodiscard]] Result<nlohmann::json> ask_json(const ApiAccess& access, api::Request request);
/// What the node says instead of what was asked for.
[[nodiscard]] Error refusal_of(const ApiAccess& access, const api::Response& response);

/// The exit code of a command, after its error was said.
[[nodiscard]] int finish(const Status& status);

}  // namespace dart::apps
