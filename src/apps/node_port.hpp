#pragma once

#include <functional>
#include <string>

#include "api/keys_port.hpp"
#include "api/ring_port.hpp"
#include "runtime/ring/ring_node.hpp"

namespace dart::apps {

/// Shows a RingNode to the API.
class NodePort final : public api::RingPort, public api::KeysPort {
 public:
  NodePort(runtime::RingNode& node, std::string name, std::string profile)
      : node_(node), name_(std::move(name)), profile_(std::move(profile)), began_(runtime::node_now()) {}

  [[nodiscard]] api::NodeStatus status() const override;
  void route(const Key& key, std::function<void(Result<api::RoutePath>)> done) override;
  void total(const std::string& group, std::function<void(Result<api::GroupTotal>)> done) override;
  [[nodiscard]] std::string endpoint_text(const overlay::Endpoint& endpoint) const override;
  [[nodiscard]] Key key_of(const std::string& words) const override;

  [[nodiscard]] directory::RequestId draw_request() override;
  void run(directory::Command command, std::function<void(const directory::Answer&)> done) override;
  void list(directory::ListNames list, std::function<void(const directory::Listed&)> done) override;
  void reform(std::function<void(const directory::Reformed&)> done) override;
  void put_soft(directory::soft::PutSoft put,
                std::function<void(const directory::soft::Done&)> done) override;
  void get_soft(directory::soft::GetSoft get,
                std::function<void(const directory::soft::Done&)> done) override;
  [[nodiscard]] std::uint64_t watch(const std::string& name,
                                    std::function<void(std::uint64_t version)> changed) override;
  void unwatch(std::uint64_t watch) override;

 private:
  runtime::RingNode& node_;
  std::string name_;
  std::string profile_;
  TimePoint began_;
};

}  // namespace dart::apps
