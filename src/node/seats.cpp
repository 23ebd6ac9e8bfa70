#include "node/seats.hpp"

namespace dart::node {

namespace {

/// Operations of queries have this bit in their tag; those of local clients do not.
constexpr std::uint64_t kOfQueries = std::uint64_t{1} << 62;
/// Multicasts about queries begin with this.
const std::string kCastMark = "dart/query:";

/// What the overlay means to a machine that hears payloads and minds its neighbours.
template <class Input>
std::optional<Input> told_of(overlay::Action& action) {
  if (auto* heard = std::get_if<overlay::DeliverDirect>(&action)) {
    return directory::Heard{heard->from, std::move(heard->payload)};
  }
  if (auto* reached = std::get_if<overlay::Deliver>(&action)) {
    return directory::Reached{reached->routed.origin, std::move(reached->routed.payload)};
  }
  if (std::holds_alternative<overlay::NeighboursChanged>(action)) return directory::Neighbours{};
  return std::nullopt;
}

/// And what it wants of it: payloads sent straight, or to the root of a key.
template <class Action>
std::optional<overlay::Input> wanted_of(Action& action, std::uint16_t service) {
  if (auto* tell = std::get_if<directory::Tell>(&action)) {
    return overlay::SendDirect{tell->to, service, std::move(tell->payload)};
  }
  if (auto* route = std::get_if<directory::RouteTo>(&action)) {
    return overlay::Route{route->key, 0, service, overlay::HopMode::Direct, false, std::move(route->payload)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<directory::Input> DirectorySeat::told(overlay::Action& action) {
  return told_of<directory::Input>(action);
}

std::optional<overlay::Input> DirectorySeat::wanted(directory::Action& action) {
  return wanted_of(action, kService);
}

std::optional<directory::tree::Input> TreeSeat::told(overlay::Action& action) {
  namespace tree = directory::tree;
  if (auto* heard = std::get_if<overlay::DeliverDirect>(&action)) {
    return tree::Heard{heard->from, std::move(heard->payload)};
  }
  if (auto* reached = std::get_if<overlay::Deliver>(&action))
    return tree::Reached{std::move(reached->routed)};
  if (auto* passing = std::get_if<overlay::Transit>(&action))
    return tree::Passing{std::move(passing->routed)};
  if (const auto* done = std::get_if<overlay::Delivered>(&action)) return tree::Arrived{done->request, true};
  if (const auto* failed = std::get_if<overlay::RouteFailed>(&action)) {
    return tree::Arrived{failed->request, false};
  }
  if (const auto* died = std::get_if<overlay::Died>(&action)) return tree::Died{died->node};
  return std::nullopt;
}

std::optional<overlay::Input> TreeSeat::wanted(directory::tree::Action& action) {
  namespace tree = directory::tree;
  if (auto* tell = std::get_if<tree::Tell>(&action)) {
    return overlay::SendDirect{tell->to, kService, std::move(tell->payload)};
  }
  if (auto* route = std::get_if<tree::RouteTo>(&action)) {
    return overlay::Route{route->key,  route->request, kService,
                          route->mode, route->receipt, std::move(route->payload)};
  }
  if (auto* on = std::get_if<tree::PassOn>(&action)) return overlay::Resume{std::move(on->routed)};
  return std::nullopt;
}

std::optional<directory::soft::Input> SoftSeat::told(overlay::Action& action) {
  return told_of<directory::soft::Input>(action);
}

std::optional<overlay::Input> SoftSeat::wanted(directory::soft::Action& action) {
  return wanted_of(action, kService);
}

std::optional<placement::Input> QueriesSeat::told(overlay::Action& action) {
  if (auto* heard = std::get_if<overlay::DeliverDirect>(&action)) {
    return placement::Heard{heard->from, std::move(heard->payload)};
  }
  if (auto* reached = std::get_if<overlay::Deliver>(&action)) {
    return placement::Reached{reached->routed.origin, std::move(reached->routed.payload)};
  }
  if (auto* passing = std::get_if<overlay::Transit>(&action)) {
    return placement::Passing{std::move(passing->routed)};
  }
  if (std::holds_alternative<overlay::NeighboursChanged>(action)) return placement::Neighbours{};
  if (const auto* died = std::get_if<overlay::Died>(&action)) return placement::Died{died->node};
  if (const auto* badge = std::get_if<overlay::BadgeChanged>(&action)) {
    return placement::BadgeShown{badge->node, badge->badge};
  }
  return std::nullopt;
}

std::optional<overlay::Input> QueriesSeat::wanted(placement::Action& action) {
  using overlay::HopMode;
  if (auto* tell = std::get_if<placement::Tell>(&action)) {
    return overlay::SendDirect{tell->to, kService, std::move(tell->payload)};
  }
  if (auto* route = std::get_if<placement::RouteTo>(&action)) {
    return overlay::Route{route->key, 0,
                          kService,   route->stepwise ? HopMode::Stepwise : HopMode::Direct,
                          false,      std::move(route->payload)};
  }
  if (auto* on = std::get_if<placement::PassOn>(&action)) return overlay::Resume{std::move(on->routed)};
  if (auto* badge = std::get_if<placement::ShowBadge>(&action))
    return overlay::SetBadge{std::move(badge->badge)};
  return std::nullopt;
}

std::optional<directory::Input> QueriesSeat::asked_of(DirectorySeat, placement::Action& action) {
  if (auto* record = std::get_if<placement::AskRecord>(&action)) {
    record->command.tag |= kOfQueries;
    return std::move(record->command);
  }
  if (auto* names = std::get_if<placement::AskNames>(&action)) {
    names->list.tag |= kOfQueries;
    return std::move(names->list);
  }
  return std::nullopt;
}

std::optional<directory::tree::Input> QueriesSeat::asked_of(TreeSeat, placement::Action& action) {
  if (const auto* count = std::get_if<placement::CountMembers>(&action)) {
    return directory::tree::AskTotal{count->tag | kOfQueries, count->group};
  }
  auto* cast = std::get_if<placement::Cast>(&action);
  if (cast == nullptr) return std::nullopt;
  return directory::tree::Multicast{kOfQueries, cast->group, kCastMark + cast->payload};
}

std::optional<placement::Input> QueriesSeat::heard(directory::Action& action) {
  if (auto* done = std::get_if<directory::Completed>(&action);
      done != nullptr && (done->tag & kOfQueries) != 0) {
    return placement::RecordDone{done->tag & ~kOfQueries, std::move(done->answer)};
  }
  if (auto* names = std::get_if<directory::Listed>(&action);
      names != nullptr && (names->tag & kOfQueries) != 0) {
    names->tag &= ~kOfQueries;
    return placement::NamesDone{std::move(*names)};
  }
  return std::nullopt;
}

std::optional<placement::Input> QueriesSeat::heard(directory::tree::Action& action) {
  if (const auto* published = std::get_if<directory::tree::Published>(&action)) {
    // Readers that a multicast did not reach are missed by the scheduler itself.
    if (published->tag == kOfQueries) return placement::Tick{};
  }
  if (const auto* total = std::get_if<directory::tree::Totalled>(&action)) {
    if ((total->tag & kOfQueries) == 0) return std::nullopt;
    return placement::MembersCounted{total->tag & ~kOfQueries, total->known, total->members};
  }
  auto* told = std::get_if<directory::tree::Delivered>(&action);
  if (told == nullptr || !told->payload.starts_with(kCastMark)) return std::nullopt;
  return placement::CastHeard{told->payload.substr(kCastMark.size())};
}

}  // namespace dart::node
