#include "unit/ring/node_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "api/http_client.hpp"

namespace dart::test {

bool await(std::chrono::milliseconds limit, const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

NodeProcess::NodeProcess(std::string folder, std::vector<std::string> flags, std::vector<std::string> wrapper)
    : folder_(std::move(folder)), flags_(std::move(flags)), wrapper_(std::move(wrapper)) {
  std::filesystem::create_directories(files());
}

void NodeProcess::start() {
  std::vector<std::string> command = {"/usr/bin/env", "-C",    files(),    DART_BINARY_DIR "/dart",
                                      "node",         "start", "-o",       "json",
                                      "--data",       folder_, "--listen", endpoint_,
                                      "--http",       http_};
  command.insert(command.begin(), wrapper_.begin(), wrapper_.end());
  command.insert(command.end(), flags_.begin(), flags_.end());
  child_ = std::make_unique<ChildProcess>(command);
  const auto line = Json::parse(child_->read_line(), nullptr, false);
  if (!line.is_object() || line.value("event", "") != "started") {
    child_->signal(SIGKILL);
    FAIL() << child_->finish().err;
  }
  endpoint_ = line["endpoint"];
  http_ = line["http"];
  id_ = line["node"];
}

void NodeProcess::kill() {
  child_->signal(SIGKILL);
  (void)child_->finish();
  child_.reset();
}

std::size_t NodeProcess::resident_bytes() const {
  std::ifstream statm("/proc/" + std::to_string(child_->pid()) + "/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

ProcessResult NodeProcess::leave() {
  child_->signal(SIGTERM);
  auto result = child_->finish();
  child_.reset();
  return result;
}

Json NodeProcess::get(const std::string& target) const {
  const auto response = api::http_get(http_, target, 2);
  if (!response || response->status != 200) return nullptr;
  return Json::parse(response->body, nullptr, false);
}

std::vector<std::string> NodeProcess::others() const {
  std::vector<std::string> ids;
  const Json known = get("/v1/nodes");
  if (!known.is_object()) return ids;
  for (const auto& node : known["nodes"]) {
    if (node["relation"] != "self") ids.push_back(node["node"]);
  }
  return ids;
}

std::uint64_t NodeProcess::counter(const std::string& name) const {
  const Json ring = get("/v1/ring");
  return ring.is_object() ? ring["counters"].value(name, std::uint64_t{0}) : 0;
}

}  // namespace dart::test
