#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/child_process.hpp"

namespace dart::test {

using Json = nlohmann::json;

/// Waits until `done`, asking every 10 ms; false when `limit` has passed.
[[nodiscard]] bool await(std::chrono::milliseconds limit, const std::function<bool()>& done);

/// One `dart node start` of a test, with a folder and ports of its own that it keeps over restarts.
class NodeProcess {
 public:
  /// `flags` are given at every start, behind those for folder, ports and JSON; `wrapper` is a command that
  /// runs it.
  NodeProcess(std::string folder, std::vector<std::string> flags, std::vector<std::string> wrapper = {});

  /// Starts it and waits for its first line.
  void start();
  void kill();
  /// SIGTERM, and waits for the end.
  [[nodiscard]] ProcessResult leave();
  void signal(int number) const { child_->signal(number); }
  /// Memory that it has in RAM, in bytes.
  [[nodiscard]] std::size_t resident_bytes() const;
  /// The folder that it works in: relative paths of its queries are from there.
  [[nodiscard]] std::string files() const { return folder_ + "-files"; }
  [[nodiscard]] bool running() const { return child_ != nullptr; }

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] const std::string& http() const { return http_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  /// A path of its API; null when nobody answers.
  [[nodiscard]] Json get(const std::string& target) const;
  /// Ids of the nodes that it knows, itself left out.
  [[nodiscard]] std::vector<std::string> others() const;
  [[nodiscard]] std::uint64_t counter(const std::string& name) const;

 private:
  std::string folder_;
  std::vector<std::string> flags_;
  std::vector<std::string> wrapper_;
  std::string endpoint_ = "127.0.0.1:0";
  std::string http_ = "127.0.0.1:0";
  std::string id_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace dart::test
