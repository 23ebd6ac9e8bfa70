#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "engine/exchange/message_bytes.hpp"
#include "engine/exchange/sender.hpp"
#include "overlay/node_handle.hpp"
#include "placement/plan_record.hpp"
#include "runtime/query/loop_queue.hpp"

namespace dart::runtime {

/// The sending end of a link to another host. Workers append messages, which go over to the loop's thread in
/// pieces; everything else is the loop's.
class LinkOut : public std::enable_shared_from_this<LinkOut> {
 public:
  /// Whoever puts its frames on the network.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_pushed(LinkOut& link) = 0;
  };

  LinkOut(const engine::exchange::LinkId& id, const placement::InstanceId& other,
          const overlay::NodeHandle& host, engine::exchange::RowLayout layout,
          std::shared_ptr<LoopQueue> queue, Owner& owner);

  // ---- By a worker.

  void append(const engine::Message& message);
  void flush();
  [[nodiscard]] bool has_room() const;

  // ---- On the loop's thread.

  [[nodiscard]] const engine::exchange::LinkId& id() const { return id_; }
  [[nodiscard]] const placement::InstanceId& other() const { return other_; }
  [[nodiscard]] const overlay::NodeHandle& host() const { return host_; }
  [[nodiscard]] engine::exchange::Sender& sender() { return sender_; }
  [[nodiscard]] const engine::exchange::Sender& sender() const { return sender_; }
  /// All that was appended and flushed has been acknowledged.
  [[nodiscard]] bool drained() const { return unpushed_ == 0 && sender_.drained(); }
  /// Nothing goes out for now: the receiver knows of a newer epoch.
  void hold() { held_ = true; }
  [[nodiscard]] bool held() const { return held_; }
  /// Nothing goes out any more.
  void close() { closed_ = true; }
  [[nodiscard]] bool closed() const { return closed_; }
  /// Looks whether there is room; true when there is, and a worker was told that there was none.
  bool room_returned();

  std::optional<TimePoint> silent_since;  ///< frames are out and no answer came
  std::uint64_t acknowledged = 0;         ///< sequence

 private:
  engine::exchange::LinkId id_;
  placement::InstanceId other_;
  overlay::NodeHandle host_;
  engine::exchange::RowLayout layout_;
  std::shared_ptr<LoopQueue> queue_;
  Owner& owner_;
  engine::exchange::Sender sender_;
  ByteWriter content_;  // of a worker
  std::uint64_t rows_ = 0;
  std::atomic<std::size_t> unpushed_{0};  // bytes on their way to the sender
  std::atomic<bool> sender_room_{true};
  mutable std::atomic<bool> refused_{false};  // a worker has been told that there is no room
  bool held_ = false;
  bool closed_ = false;
};

}  // namespace dart::runtime
