#include "node/seats.hpp"

namespace dart::node {

namespace {

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

}  // namespace dart::node
