#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sim/linearizability.hpp"

namespace dart::test {

/// Clients that read, change and delete a few firm records through the nodes of a ring, each on a thread and
/// with at most one operation under way. What they asked and heard is kept for a judge.
class KeyClients {
 public:
  using Operation = sim::RegisterOperation;

  /// `servers`: the addresses of all nodes' APIs, whether they run or not.
  KeyClients(std::vector<std::string> servers, std::size_t clients, std::size_t keys, unsigned seed);
  ~KeyClients() { stop(); }
  KeyClients(const KeyClients&) = delete;
  KeyClients& operator=(const KeyClients&) = delete;

  /// No more operations; waits for those under way.
  void stop();
  /// Reads each key until that succeeds somewhere, for `patience_s` at most. False when one cannot be read.
  [[nodiscard]] bool read_all(int patience_s);
  /// Changes that were acknowledged so far.
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t reads() const { return reads_; }
  /// After `stop`: what no register can have done, in words.
  [[nodiscard]] std::optional<std::string> contradiction() const;

 private:
  void run(std::uint32_t client, unsigned seed);
  void operate(std::uint32_t client, std::mt19937& random, const std::string& server);
  bool perform(const std::string& server, const std::string& key, Operation operation);
  [[nodiscard]] std::string key(std::size_t number) const { return "key-" + std::to_string(number); }

  std::vector<std::string> servers_;
  std::size_t keys_;
  std::atomic<bool> ending_{false};
  std::atomic<std::size_t> acknowledged_{0};
  std::atomic<std::size_t> reads_{0};
  std::atomic<std::uint64_t> values_{0};
  std::mutex mutex_;
  std::map<std::string, std::vector<Operation>> histories_;
  std::map<std::string, std::uint64_t> newest_;  // versions that somebody has seen
  std::vector<std::thread> threads_;
};

}  // namespace dart::test
