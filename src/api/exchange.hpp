#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dart::api {

struct Request {
  std::string method;
  std::string target;  ///< path and query as they came
  std::string body;
  std::string authorization = {};  ///< the header of that name: "Bearer TOKEN"; empty: none
};

/// Where the events of one long answer go. On the thread of the server's loop.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// One server-sent event, its empty line included. Nothing happens once the client is gone; one that takes
  /// its events too slowly is sent away.
  virtual void send(const std::string& event) = 0;
  /// No more events.
  virtual void end() = 0;
};

struct Response {
  unsigned status = 200;
  std::string body;  ///< JSON, if `content_type` does not say otherwise
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside the usual ones
  /// Set: the answer is a stream of events. Called once, with where they go; what it gives is kept until the
  /// client or the server goes away.
  std::function<std::shared_ptr<void>(std::weak_ptr<EventSink>)> events = {};
};

/// `{"error": "…", "hint": "…"}`; no hint when it is empty.
[[nodiscard]] Response error_response(unsigned status, const std::string& message,
                                      const std::string& hint = {});

}  // namespace dart::api
