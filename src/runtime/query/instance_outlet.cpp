#include "runtime/query/instance_outlet.hpp"

#include <algorithm>
#include <utility>

namespace dart::runtime {

void InstanceOutlet::add(std::uint32_t exchange, std::vector<Receiver> receivers) {
  receivers_[exchange] = std::move(receivers);
}

void InstanceOutlet::give(const Receiver& to, engine::Message message) {
  if (const auto* link = std::get_if<std::shared_ptr<LinkOut>>(&to)) return (*link)->append(message);
  const Here& here = std::get<Here>(to);
  message.exchange = here.exchange;
  message.sender = here.sender;
  std::vector<engine::Message> one;
  one.push_back(std::move(message));
  here.port->put(std::move(one));
}

Status InstanceOutlet::send(std::vector<engine::Message>& messages) {
  for (engine::Message& message : std::exchange(messages, {})) {
    const auto found = receivers_.find(message.exchange);
    if (found == receivers_.end()) continue;
    const auto& receivers = found->second;
    const bool each = message.receiver == engine::Message::kEach;
    // A partition of several is meant; of one there is only that.
    const std::size_t first = each || receivers.size() == 1 ? 0 : message.receiver;
    const std::size_t end = each ? receivers.size() : first + 1;
    if (end > receivers.size()) return fail(ErrorCode::Data, "rows for a partition that does not exist");
    for (std::size_t r = first; r + 1 < end; ++r) give(receivers[r], message);
    if (end > first) give(receivers[end - 1], std::move(message));
  }
  return {};
}

void InstanceOutlet::flush() {
  for (const auto& [exchange, receivers] : receivers_) {
    for (const Receiver& one : receivers) {
      if (const auto* link = std::get_if<std::shared_ptr<LinkOut>>(&one)) (*link)->flush();
    }
  }
}

bool InstanceOutlet::has_room() const {
  return std::all_of(receivers_.begin(), receivers_.end(), [](const auto& entry) {
    return std::all_of(entry.second.begin(), entry.second.end(), [](const Receiver& one) {
      if (const auto* link = std::get_if<std::shared_ptr<LinkOut>>(&one)) return (*link)->has_room();
      return std::get<Here>(one).port->has_room();
    });
  });
}

}  // namespace dart::runtime
