#include "node/node_core.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace dart::node {

namespace {

constexpr std::int64_t kFirstWaitUs = 500'000;
constexpr std::int64_t kLongestWaitUs = 5'000'000;
/// Requests of machines have the top bit, then their service, then a number of their own.
constexpr std::uint64_t kOfMachine = std::uint64_t{1} << 63;
constexpr unsigned kServiceShift = 47;

/// What the machines of the node that is being stepped have given out and nobody has looked at yet. Empty
/// between steps; ten thousand nodes of one thread share the memory.
struct Given {
  std::vector<overlay::Action> by_overlay;
  OfSeats<Seats>::Actions by_machines;

  template <class Seat>
  [[nodiscard]] std::vector<typename Seat::Action>& by() {
    return std::get<std::vector<typename Seat::Action>>(by_machines);
  }
};
thread_local Given given;

/// Calls `each` with an object of every seat.
template <class Each>
void for_each_seat(const Each& each) {
  std::apply([&](auto... seat) { (each(seat), ...); }, Seats{});
}

std::optional<std::uint16_t> service_of_request(std::uint64_t request) {
  if (request < kOfMachine) return std::nullopt;
  return static_cast<std::uint16_t>(request >> kServiceShift);
}

/// Whose business an action of the overlay is alone; nothing: everybody's.
std::optional<std::uint16_t> service_of(const overlay::Action& action) {
  if (const auto* heard = std::get_if<overlay::DeliverDirect>(&action)) return heard->service;
  if (const auto* reached = std::get_if<overlay::Deliver>(&action)) return reached->routed.service;
  if (const auto* passing = std::get_if<overlay::Transit>(&action)) return passing->routed.service;
  if (const auto* done = std::get_if<overlay::Delivered>(&action)) return service_of_request(done->request);
  if (const auto* failed = std::get_if<overlay::RouteFailed>(&action))
    return service_of_request(failed->request);
  return std::nullopt;
}

/// A machine knows its requests by its own numbers.
void restore_number(overlay::Action& action) {
  constexpr std::uint64_t kNumber = (std::uint64_t{1} << kServiceShift) - 1;
  if (auto* done = std::get_if<overlay::Delivered>(&action)) done->request &= kNumber;
  if (auto* failed = std::get_if<overlay::RouteFailed>(&action)) failed->request &= kNumber;
}

}  // namespace

NodeCore::NodeCore(const overlay::Config& config, const overlay::NodeHandle& self, Random random,
                   const Beside& beside)
    : overlay_(config, self, random.split(1)), random_(random.split(2)) {
  for_each_seat([&](auto seat) {
    using Seat = decltype(seat);
    using Machine = typename Seat::Machine;
    const auto& own = std::get<std::optional<typename Seat::Config>>(beside);
    if (own) {
      std::get<std::unique_ptr<Machine>>(machines_) =
          std::make_unique<Machine>(*own, self, random.split(2U + Seat::kService));
    }
  });
}

void NodeCore::start(TimePoint now, StartPlan plan, std::vector<Action>& out) {
  plan_ = std::move(plan);
  const bool founds = plan_.bootstrap && plan_.remembered.empty();
  const bool founds_records = founds && plan_.disk.entries.empty() && !plan_.old_ring;
  if (auto* directory = machine<directory::Directory>()) {
    directory->start(now, plan_.disk, founds_records, given.by<DirectorySeat>());
  }
  plan_.disk = {};
  if (founds) {
    step_overlay(now, overlay::Bootstrap{});
  } else {
    join_again(now);
  }
  pass_on(now, out);
}

void NodeCore::join_again(TimePoint now) {
  retry_us_ = 0;
  if (failures_ > 0 && !plan_.remembered.empty()) {
    // Nobody of the ring answers: a site that lost power. Form the ring again; those that come up later, or
    // were only cut off, are found because all remembered peers are called from time to time.
    step_overlay(now, overlay::Bootstrap{plan_.remembered});
    return;
  }
  overlay::Join join{plan_.seeds};
  join.seeds.insert(join.seeds.end(), plan_.remembered.begin(), plan_.remembered.end());
  step_overlay(now, std::move(join));
}

void NodeCore::step(TimePoint now, Input&& input, std::vector<Action>& out) {
  std::visit(
      [&](auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_constructible_v<overlay::Input, One>) {
          step_overlay(now, std::move(one));
          if constexpr (!std::is_same_v<One, overlay::Tick>) return;
        }
        for_each_seat([&](auto seat) {
          using Seat = decltype(seat);
          const auto* there = machine<typename Seat::Machine>();
          if (there == nullptr) return;
          if constexpr (std::is_same_v<One, overlay::Tick>) {
            const auto due = there->next_deadline();
            if (due && *due <= now) step_machine<Seat>(now, typename Seat::Tick{});
          } else if constexpr (std::is_constructible_v<typename Seat::Input, One>) {
            step_machine<Seat>(now, std::move(one));
          }
        });
      },
      input);
  pass_on(now, out);
  if (retry_us_ != 0 && retry_us_ <= now.us) {
    join_again(now);
    pass_on(now, out);
  }
}

void NodeCore::step_overlay(TimePoint now, overlay::Input&& input) {
  overlay_.step(now, std::move(input), given.by_overlay);
}

template <class Seat>
void NodeCore::step_machine(TimePoint now, typename Seat::Input input) {
  machine<typename Seat::Machine>()->step(now, overlay_, std::move(input), given.by<Seat>());
}

/// What one machine wants of another is done here; the rest is the driver's.
void NodeCore::pass_on(TimePoint now, std::vector<Action>& out) {
  std::size_t overlay_done = 0;
  std::array<std::size_t, std::tuple_size_v<Seats>> done{};
  for (bool more = true; more;) {
    if (overlay_done < given.by_overlay.size()) {
      overlay::Action action = std::move(given.by_overlay[overlay_done++]);
      if (keep(now, action)) std::visit([&](auto& one) { out.emplace_back(std::move(one)); }, action);
      continue;
    }
    more = false;
    std::size_t place = 0;
    for_each_seat([&](auto seat) {
      std::size_t& own = done[place++];
      if (!more) more = pass_one_on<decltype(seat)>(now, own, out);
    });
  }
  given.by_overlay.clear();
  for_each_seat([](auto seat) { given.by<decltype(seat)>().clear(); });
}

/// Whether an action of one machine was for another.
template <class Seat, class Other>
bool NodeCore::hand_to(TimePoint now, typename Seat::Action& action) {
  if (machine<typename Other::Machine>() == nullptr) return false;
  std::optional<typename Other::Input> input;
  if constexpr (Uses<Seat, Other>) {
    input = Seat::asked_of(Other{}, action);
  } else if constexpr (Hears<Other, Seat>) {
    input = Other::heard(action);
  }
  if (!input) return false;
  step_machine<Other>(now, std::move(*input));
  return true;
}

/// False when the machine has given out nothing more.
template <class Seat>
bool NodeCore::pass_one_on(TimePoint now, std::size_t& done, std::vector<Action>& out) {
  auto& all = given.by<Seat>();
  if (done >= all.size()) return false;
  typename Seat::Action action = std::move(all[done++]);
  if (auto wanted = Seat::wanted(action)) {
    if (auto* route = std::get_if<overlay::Route>(&*wanted)) {
      if (route->request == 0) route->request = next_request_++;
      route->request |= kOfMachine | (std::uint64_t{Seat::kService} << kServiceShift);
    }
    step_overlay(now, std::move(*wanted));
    return true;
  }
  bool taken = false;
  for_each_seat([&](auto other) { taken = taken || hand_to<Seat, decltype(other)>(now, action); });
  if (taken) return true;
  std::visit(
      [&](auto& one) {
        if constexpr (std::is_constructible_v<Action, decltype(std::move(one))>) {
          out.emplace_back(std::move(one));
        }
      },
      action);
  return true;
}

/// Whether the driver is to see it too.
bool NodeCore::keep(TimePoint now, overlay::Action& action) {
  const auto service = service_of(action);
  bool taken = false;
  for_each_seat([&](auto seat) {
    using Seat = decltype(seat);
    if (taken || machine<typename Seat::Machine>() == nullptr) return;
    if (service && *service != Seat::kService) return;
    if (service) restore_number(action);
    taken = service.has_value();
    if (auto input = Seat::told(action)) step_machine<Seat>(now, std::move(*input));
  });
  if (taken) return false;
  look_at(now, action);
  return true;
}

void NodeCore::look_at(TimePoint now, const overlay::Action& action) {
  const auto* failed = std::get_if<overlay::JoinFailed>(&action);
  if (failed == nullptr || failed->reason == overlay::JoinFailure::DuplicateId) return;
  const std::int64_t most = std::min(kFirstWaitUs << std::min(failures_++, 8U), kLongestWaitUs);
  retry_us_ = now.us + most / 2 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most)));
}

}  // namespace dart::node
