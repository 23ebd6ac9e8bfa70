#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace dart::apps {

/// A ring of `dart node start` processes on this machine, over TLS with certificates of its own, each with a
/// folder below one that is gone at the end. The processes end with this object.
class ChildRing {
 public:
  /// Starts `nodes` of them and waits until firm records have all the members that they will have. `parent`:
  /// where the folder is made; empty: the system's place for such.
  [[nodiscard]] static Result<std::unique_ptr<ChildRing>> start(std::size_t nodes, const std::string& parent);
  ~ChildRing();
  ChildRing(const ChildRing&) = delete;
  ChildRing& operator=(const ChildRing&) = delete;

  [[nodiscard]] std::size_t nodes() const { return children_.size(); }
  /// "127.0.0.1:PORT" of a node's API.
  [[nodiscard]] const std::string& http(std::size_t node) const { return children_[node].http; }
  /// Processor time that all nodes have used so far, in seconds.
  [[nodiscard]] double cpu_s() const;
  /// A counter of `/v1/ring`, of all nodes together.
  [[nodiscard]] std::uint64_t counter(const std::string& name) const;

 private:
  struct Child {
    pid_t pid = -1;
    int out = -1;
    std::string endpoint;
    std::string http;
  };

  explicit ChildRing(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Status make_certificates(std::size_t nodes) const;
  [[nodiscard]] Status add_node();
  [[nodiscard]] Status settle() const;

  std::string folder_;
  std::vector<Child> children_;
};

}  // namespace dart::apps
