#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "runtime/net/transport.hpp"
#include "runtime/query/link_in.hpp"
#include "runtime/query/link_out.hpp"

namespace dart::runtime {

/// Where frames for a node go: its first endpoint, or its second while the first fails.
[[nodiscard]] const Endpoint& endpoint_of(const overlay::NodeHandle& host, const Transport& transport);

/// What links tell of themselves, on the loop's thread.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  /// Frames are out for a while and nothing is acknowledged.
  virtual void on_silent(const LinkOut& link) = 0;
  /// What came cannot be read: the link does not go on.
  virtual void on_broken(const LinkIn& link, const Error& why) = 0;
  /// Everything that it was given has been taken.
  virtual void on_drained(const LinkOut& link) = 0;
};

/// All links of this node to other hosts: polls their senders and receivers, when something happened or is
/// due, and puts what they give on the network. Lives on the loop's thread.
class Links final : public LinkOut::Owner, public LinkIn::Owner {
 public:
  Links(boost::asio::io_context& loop, Transport& transport, InstancePool& pool,
        std::shared_ptr<LoopQueue> queue, LinkEvents& events);
  ~Links() override;

  std::shared_ptr<LinkOut> open_out(const engine::exchange::LinkId& id, const placement::InstanceId& other,
                                    const overlay::NodeHandle& host, engine::exchange::RowLayout layout);
  std::shared_ptr<LinkIn> open_in(const engine::exchange::LinkId& id, const placement::InstanceId& other,
                                  const overlay::NodeHandle& host, engine::exchange::RowLayout layout,
                                  const LinkIn::Entry& entry, const InstancePool::SlotPtr& slot);
  void close(const std::shared_ptr<LinkOut>& link);
  void close(const std::shared_ptr<LinkIn>& link);

  /// False: there is no such link.
  [[nodiscard]] bool take(const Endpoint& peer, const engine::exchange::DataFrame& frame);
  void take(const engine::exchange::AckFrame& frame);
  /// Puts a frame on the data channel.
  void send(const Endpoint& to, const engine::exchange::Frame& frame);

  void on_pushed(LinkOut& link) override;
  void on_used(LinkIn& link) override;

 private:
  void poll(LinkOut& link);
  void list_ack(LinkIn& link);
  void flush_acks();
  void arm(TimePoint due);
  void on_timer();

  boost::asio::io_context& loop_;
  Transport& transport_;
  InstancePool& pool_;
  std::shared_ptr<LoopQueue> queue_;
  LinkEvents& events_;
  std::map<engine::exchange::LinkId, std::shared_ptr<LinkOut>> outs_;
  std::map<engine::exchange::LinkId, std::shared_ptr<LinkIn>> ins_;
  std::set<std::shared_ptr<LinkOut>> active_;  // with something not acknowledged
  std::vector<std::shared_ptr<LinkIn>> acks_;
  boost::asio::steady_timer timer_;
  std::int64_t armed_us_ = INT64_MAX;
  bool acks_posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dart::runtime
