#pragma once

#include <functional>
#include <string>

#include "api/ring_port.hpp"

namespace dart::api {

/// A node with two neighbours that is the root of every key but one.
class FakeRing final : public RingPort {
 public:
  [[nodiscard]] NodeStatus status() const override {
    NodeStatus status;
    status.ring = "0102";
    status.profile = "lan";
    status.view.self.id = {1, 1};
    status.view.phase = overlay::Phase::Member;
    status.view.joined = status.view.ready = true;
    for (const std::uint64_t number : {2, 3}) {
      overlay::Contact contact;
      contact.node.id = {number, number};
      (number == 2 ? status.view.left : status.view.right).push_back(contact);
      status.view.table.push_back(contact);
    }
    status.counters = {{"lost", 5}};
    status.survives = 2;
    return status;
  }
  void route(const Key& key, std::function<void(Result<RoutePath>)> done) override {
    if (key == Key{9, 9}) return done(fail(ErrorCode::NotFound, "no answer", std::nullopt, "wait"));
    done(RoutePath{{{"me", "here"}, {key.text(), "there"}}, 42});
  }
  void total(const std::string& group, std::function<void(Result<GroupTotal>)> done) override {
    if (group == "label:zone=lost") return done(fail(ErrorCode::NotFound, "no answer"));
    if (group == "label:zone=eu") return done(GroupTotal{300, {{"01", 1}, {"02", 1}}});
    done(GroupTotal{8, {{"deaths", 3}, {group, 1}}});
  }
  [[nodiscard]] std::string endpoint_text(const overlay::Endpoint&) const override { return "somewhere"; }
  [[nodiscard]] Key key_of(const std::string& words) const override { return {words.size(), 7}; }
};

}  // namespace dart::api
