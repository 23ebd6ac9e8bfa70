#pragma once

#include <mutex>
#include <vector>

#include "runtime/query/instance_pool.hpp"

namespace dart::runtime {

/// Where messages for an instance of this node go in. It is there before the instance is: what comes until
/// then waits here, and whoever sends it has no room. From any thread.
class Port {
 public:
  explicit Port(InstancePool& pool) : pool_(pool) {}

  void open(const InstancePool::SlotPtr& slot);
  /// Nobody reads it any more: what comes is dropped.
  void close();
  void put(std::vector<engine::Message>&& messages);
  /// Called with the pool's lock.
  [[nodiscard]] bool has_room() const;

 private:
  InstancePool& pool_;
  mutable std::mutex mutex_;  // never held while the pool's is asked for
  InstancePool::SlotPtr slot_;
  std::vector<engine::Message> early_;
  bool closed_ = false;
};

}  // namespace dart::runtime
