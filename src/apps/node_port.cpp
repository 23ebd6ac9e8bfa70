#include "apps/node_port.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/net/net_counters.hpp"
#include "runtime/ring/node_counters.hpp"

namespace dart::apps {

namespace {

using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

void add_net(const runtime::NetCounters& net, Counters& out) {
  const Counters plain = {{"frames_sent", net.frames_sent},
                          {"frames_received", net.frames_received},
                          {"messages_sent", net.messages_sent},
                          {"messages_received", net.messages_received},
                          {"socket_bytes_sent", net.socket_bytes_sent},
                          {"socket_bytes_received", net.socket_bytes_received},
                          {"dialled", net.dialled},
                          {"dial_failures", net.dial_failures},
                          {"accepted", net.accepted},
                          {"accept_failures", net.accept_failures},
                          {"lost", net.lost},
                          {"refused_by_peer", net.refused_by_peer},
                          {"tie_breaks", net.tie_breaks}};
  out.insert(out.end(), plain.begin(), plain.end());
  for (std::size_t i = 0; i < net.dropped.size(); ++i) {
    out.emplace_back(fmt::format("dropped_{}", name_of(static_cast<runtime::Drop>(i))), net.dropped[i]);
  }
  for (std::size_t i = 0; i < net.refused.size(); ++i) {
    out.emplace_back(fmt::format("refused_{}", name_of(static_cast<runtime::Refusal>(i))), net.refused[i]);
  }
}

/// Of the groups that this node is in, else of those that it knows of, the smallest says how many members may
/// be lost. What it knows of others may be old.
std::optional<std::size_t> survived_losses(const runtime::RingNode& node) {
  const auto* directory = node.driver().core(0).directory();
  if (directory == nullptr) return std::nullopt;
  const NodeId self = node.driver().core(0).overlay().self().id;
  std::optional<std::size_t> own;
  std::optional<std::size_t> known;
  for (directory::ShardNumber number = 0; number < directory::limits::kShards; ++number) {
    const auto& group = directory->shard(number).group;
    if (!group.known()) continue;
    const std::size_t losses = (group.members.size() - 1) / 2;
    known = std::min(known.value_or(losses), losses);
    if (group.contains(self)) own = std::min(own.value_or(losses), losses);
  }
  return own ? own : known;
}

}  // namespace

api::NodeStatus NodePort::status() const {
  api::NodeStatus status;
  status.ring = runtime::hex_text(node_.ring());
  status.name = name_;
  status.profile = profile_;
  status.secure = node_.secure();
  status.uptime_us = (runtime::node_now() - began_).us;
  status.view = node_.view();
  status.counters.emplace_back("connections", node_.driver().transport().connections());
  status.counters.emplace_back("disk_failures", node_.disk_failures());
  status.counters.emplace_back("slow_steps", node_.driver().slow_steps());
  status.counters.emplace_back("longest_step_us",
                               static_cast<std::uint64_t>(node_.driver().longest_step_us()));
  status.counters.emplace_back("record_commits", node_.record_commits());
  status.counters.emplace_back("record_bytes", node_.record_bytes());
  status.survives = survived_losses(node_);
  const auto of_machines = runtime::counters_of(node_.driver().core(0));
  status.counters.insert(status.counters.end(), of_machines.begin(), of_machines.end());
  add_net(node_.driver().transport().counters(), status.counters);
  return status;
}

void NodePort::route(const Key& key, std::function<void(Result<api::RoutePath>)> done) {
  node_.route(key, [done = std::move(done)](Result<runtime::RouteOutcome> outcome) {
    if (!outcome) return done(tl::unexpected(outcome.error()));
    api::RoutePath path;
    path.round_trip_us = outcome->round_trip_us;
    for (const auto& step : outcome->path)
      path.steps.push_back({step.id.text(), runtime::text_of(step.endpoint)});
    done(std::move(path));
  });
}

void NodePort::total(const std::string& group, std::function<void(Result<api::GroupTotal>)> done) {
  node_.trees().total(group, [done = std::move(done)](const directory::tree::Totalled& totalled) {
    if (!totalled.known) {
      return done(fail(ErrorCode::NotFound, "no answer from the root of the group in time", std::nullopt,
                       "try again when `dart ring ls` shows neighbours"));
    }
    api::GroupTotal total{totalled.members, {}};
    for (const auto& partial : totalled.partials) {
      if (partial.combine == directory::tree::Combine::Counters) total.counters = partial.value.counters;
    }
    done(std::move(total));
  });
}

directory::RequestId NodePort::draw_request() { return runtime::random_value<directory::RequestId>(); }

void NodePort::run(directory::Command command, std::function<void(const directory::Answer&)> done) {
  node_.records().run(std::move(command), std::move(done));
}

void NodePort::list(directory::ListNames list, std::function<void(const directory::Listed&)> done) {
  node_.records().list(std::move(list), std::move(done));
}

void NodePort::reform(std::function<void(const directory::Reformed&)> done) {
  node_.records().reform(std::move(done));
}

void NodePort::put_soft(directory::soft::PutSoft put,
                        std::function<void(const directory::soft::Done&)> done) {
  node_.records().put_soft(std::move(put), std::move(done));
}

void NodePort::get_soft(directory::soft::GetSoft get,
                        std::function<void(const directory::soft::Done&)> done) {
  node_.records().get_soft(std::move(get), std::move(done));
}

std::uint64_t NodePort::watch(const std::string& name, std::function<void(std::uint64_t version)> changed) {
  return node_.records().watch(name, std::move(changed));
}

void NodePort::unwatch(std::uint64_t watch) { node_.records().unwatch(watch); }

std::string NodePort::endpoint_text(const overlay::Endpoint& endpoint) const {
  return runtime::text_of(endpoint);
}

Key NodePort::key_of(const std::string& words) const {
  const auto digest = runtime::sha256(words);
  Key key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.high = (key.high << 8) | digest[i];
    key.low = (key.low << 8) | digest[8 + i];
  }
  return key;
}

}  // namespace dart::apps
