#include "runtime/query/port.hpp"

#include <utility>

namespace dart::runtime {

void Port::open(const InstancePool::SlotPtr& slot) {
  while (true) {
    std::vector<engine::Message> early;
    {
      const std::lock_guard lock(mutex_);
      if (early_.empty()) slot_ = slot;
      early.swap(early_);
    }
    // In front of all that finds the slot set.
    if (early.empty()) break;
    pool_.put(slot, std::move(early));
  }
  pool_.room_changed();
}

void Port::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    slot_.reset();
    early_.clear();
  }
  pool_.room_changed();
}

void Port::put(std::vector<engine::Message>&& messages) {
  InstancePool::SlotPtr slot;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    slot = slot_;
    if (slot == nullptr) {
      for (auto& message : messages) early_.push_back(std::move(message));
    }
  }
  if (slot != nullptr) pool_.put(slot, std::move(messages));
}

bool Port::has_room() const {
  const std::lock_guard lock(mutex_);
  return closed_ || (slot_ != nullptr && !InstancePool::full(*slot_));
}

}  // namespace dart::runtime
