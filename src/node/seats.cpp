#include "node/seats.hpp"

namespace dart::node {

std::optional<directory::Input> DirectorySeat::told(overlay::Action& action) {
  if (auto* heard = std::get_if<overlay::DeliverDirect>(&action)) {
    return directory::Heard{heard->from, std::move(heard->payload)};
  }
  if (auto* reached = std::get_if<overlay::Deliver>(&action)) {
    return directory::Reached{reached->routed.origin, std::move(reached->routed.payload)};
  }
  if (std::holds_alternative<overlay::NeighboursChanged>(action)) return directory::Neighbours{};
  return std::nullopt;
}

std::optional<overlay::Input> DirectorySeat::wanted(directory::Action& action) {
  if (auto* tell = std::get_if<directory::Tell>(&action)) {
    return overlay::SendDirect{tell->to, kService, std::move(tell->payload)};
  }
  if (auto* route = std::get_if<directory::RouteTo>(&action)) {
    return overlay::Route{
        route->key, 0, kService, overlay::HopMode::Direct, false, std::move(route->payload)};
  }
  return std::nullopt;
}

}  // namespace dart::node
