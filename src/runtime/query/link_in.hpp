#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/exchange/message_bytes.hpp"
#include "engine/exchange/receiver.hpp"
#include "overlay/node_handle.hpp"
#include "placement/plan_record.hpp"
#include "runtime/net/endpoint.hpp"
#include "runtime/query/instance_pool.hpp"
#include "runtime/query/loop_queue.hpp"

namespace dart::runtime {

/// The receiving end of a link from another host: its bytes wait in the mailbox of the instance and become
/// messages on a worker.
class LinkIn final : public Inlet, public std::enable_shared_from_this<LinkIn> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_used(LinkIn& link) = 0;
  };
  /// As what its messages come in.
  struct Entry {
    std::uint32_t exchange = 0;
    std::uint32_t sender = 0;  ///< place among the senders of that exchange
  };

  LinkIn(const engine::exchange::LinkId& id, const placement::InstanceId& other,
         const overlay::NodeHandle& host, engine::exchange::RowLayout layout, const Entry& entry,
         InstancePool::SlotPtr slot, std::shared_ptr<LoopQueue> queue, Owner& owner);

  Result<std::vector<engine::Message>> unpack(std::string_view bytes) override;
  void used(std::size_t bytes) override;

  // ---- On the loop's thread.

  [[nodiscard]] const engine::exchange::LinkId& id() const { return id_; }
  [[nodiscard]] const placement::InstanceId& other() const { return other_; }
  [[nodiscard]] const overlay::NodeHandle& host() const { return host_; }
  [[nodiscard]] engine::exchange::Receiver& receiver() { return receiver_; }
  [[nodiscard]] const engine::exchange::Receiver& receiver() const { return receiver_; }
  [[nodiscard]] const InstancePool::SlotPtr& slot() const { return slot_; }
  /// What tells the sender that this end is there now.
  [[nodiscard]] engine::exchange::AckFrame greeting() const;
  /// About how many rows such content holds.
  [[nodiscard]] MessageSize size_of(const std::string& content) const;
  /// That became messages.
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  void close() { closed_ = true; }

  bool ack_listed = false;
  Endpoint peer;  ///< where its frames came from, as its host calls itself

 private:
  engine::exchange::LinkId id_;
  placement::InstanceId other_;
  overlay::NodeHandle host_;
  engine::exchange::RowLayout layout_;
  Entry entry_;
  InstancePool::SlotPtr slot_;
  std::shared_ptr<LoopQueue> queue_;
  Owner& owner_;
  engine::exchange::Receiver receiver_;
  std::size_t row_bytes_ = 0;
  std::atomic<std::uint64_t> rows_{0};
  std::atomic<std::size_t> used_{0};  // told to nobody yet
  bool closed_ = false;
};

}  // namespace dart::runtime
