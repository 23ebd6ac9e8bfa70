#pragma once

#include <optional>
#include <string>
#include <vector>

#include "unit/ring/ring_of_processes.hpp"

namespace dart::test {

/// Tests over a ring of real processes that runs queries. Every node has the label role=cab.
class RingOfQueries : public RingOfProcesses {
 protected:
  using Clock = std::chrono::steady_clock;

  /// `more` flags for each.
  void start_cabs(std::size_t count, const std::vector<std::string>& more = {}) {
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::string> flags = {"--insecure", "--label", "role=cab"};
      flags.insert(flags.end(), more.begin(), more.end());
      if (i == 0) flags.emplace_back("--bootstrap");
      if (i > 0) flags.insert(flags.end(), {"--join", nodes_[0]->endpoint()});
      add(std::move(flags));
    }
  }
  void form_cabs(std::size_t count) {
    start_cabs(count);
    ASSERT_TRUE(whole(kPatience)) << "no ring of " << count;
    await_cabs(count);
  }
  /// A node is in the ring before all know its label.
  void await_cabs(std::size_t count) const {
    ASSERT_TRUE(await(kPatience, [&] {
      const Json cabs = nodes_[0]->get("/v1/nodes?label=role=cab");
      return cabs.is_object() && cabs["nodes"].size() == count;
    })) << "not all have their label";
  }
  /// `dart COMMAND… --http` of a node.
  [[nodiscard]] static ProcessResult dart(const NodeProcess& node, std::vector<std::string> command,
                                          const std::string& input = {}) {
    command.insert(command.begin(), DART_BINARY_DIR "/dart");
    command.insert(command.end(), {"--http", node.http()});
    return run_process(command, input);
  }
  void submit(const NodeProcess& node, const std::string& name, const std::string& sql) const {
    const auto submitted = dart(node, {"query", "submit", name, "-f", "-"}, sql);
    ASSERT_EQ(submitted.exit_code, 0) << submitted.err;
  }
  /// A node that runs and is not among these.
  [[nodiscard]] const NodeProcess& survivor() const {
    return **std::find_if(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->running(); });
  }
  [[nodiscard]] std::size_t at(const std::string& id) const {
    return static_cast<std::size_t>(
        std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node->id() == id; }) -
        nodes_.begin());
  }
};

/// What a node says of one query; nothing until it answers.
struct QueryView {
  Json json;

  [[nodiscard]] static std::optional<QueryView> of(const NodeProcess& node, const std::string& name) {
    const Json json = node.get("/v1/queries/" + name);
    if (!json.is_object() || !json.contains("instances")) return std::nullopt;
    return QueryView{json};
  }
  [[nodiscard]] std::uint64_t run() const { return json["run"]; }
  [[nodiscard]] std::string scheduler() const { return json["scheduler"]; }
  [[nodiscard]] std::string main_host() const {
    for (const Json& instance : json["instances"]) {
      if (instance["stage"] == "main") return instance["host"];
    }
    return {};
  }
  /// Hosts of instances that are there.
  [[nodiscard]] std::vector<std::string> hosts() const {
    std::vector<std::string> hosts;
    for (const Json& instance : json["instances"]) {
      if (instance["away"] != true) hosts.push_back(instance["host"]);
    }
    return hosts;
  }
  [[nodiscard]] bool runs_at(const std::string& host) const {
    const auto all = hosts();
    return std::find(all.begin(), all.end(), host) != all.end();
  }
};

}  // namespace dart::test
