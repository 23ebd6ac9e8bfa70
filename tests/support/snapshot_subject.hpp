#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/instance.hpp"
#include "plan/plan.hpp"
#include "support/memory_connectors.hpp"

namespace dart::support {

/// Queries whose operators hold every kind of state.
[[nodiscard]] const std::vector<std::string>& snapshot_queries();

/// One of them, run by one instance, two rows at a time.
class SnapshotSubject {
 public:
  /// `fed`: in the middle of its input; otherwise fresh, without input.
  explicit SnapshotSubject(const std::string& query, bool fed = true);

  [[nodiscard]] engine::Instance& instance() { return *instance_; }
  void feed();
  /// Goes on to the end, whatever the state is.
  void finish();

 private:
  plan::Plan plan_;
  engine::Stages stages_;
  MemoryConnectors connectors_;
  std::unique_ptr<engine::Instance> instance_;
};

}  // namespace dart::support
