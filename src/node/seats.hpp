#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "directory/directory.hpp"
#include "directory/soft/soft_records.hpp"
#include "directory/tree/tree.hpp"
#include "overlay/action.hpp"
#include "overlay/input.hpp"
#include "placement/query_service.hpp"

namespace dart::node {

/// The Directory's place beside the overlay. A seat says what NodeCore has to know of a machine:
/// - which service's messages are for it;
/// - which of its inputs a driver feeds (Commands), and which of its actions a driver performs (Answers);
/// - `told`: what an action of the overlay means to it. Of those that belong to a service it sees only its
///   own, and nobody else does;
/// - `wanted`: what an action of it wants of the overlay; nothing: it is an Answer.
struct DirectorySeat {
  using Machine = directory::Directory;
  using Config = directory::Config;
  using Tick = directory::Tick;
  using Input = directory::Input;
  using Action = directory::Action;
  using Commands = std::variant<directory::Persisted, directory::Command, directory::ListNames,
                                directory::Reform, directory::StartWatch, directory::StopWatch>;
  using Answers = std::variant<directory::Persist, directory::Completed, directory::Listed,
                               directory::Reformed, directory::Changed>;
  static constexpr std::uint16_t kService = directory::kService;

  [[nodiscard]] static std::optional<Input> told(overlay::Action& action);
  [[nodiscard]] static std::optional<overlay::Input> wanted(Action& action);
};

/// The Tree's place.
struct TreeSeat {
  using Machine = directory::tree::Tree;
  using Config = directory::tree::Config;
  using Tick = directory::tree::Tick;
  using Input = directory::tree::Input;
  using Action = directory::tree::Action;
  using Commands =
      std::variant<directory::tree::EnterGroup, directory::tree::LeaveGroup, directory::tree::Multicast,
                   directory::tree::Anycast, directory::tree::AnswerOffer, directory::tree::SetValue,
                   directory::tree::AskTotal>;
  using Answers =
      std::variant<directory::tree::Delivered, directory::tree::Published, directory::tree::Offered,
                   directory::tree::OfferGone, directory::tree::CastEnded, directory::tree::Totalled>;
  static constexpr std::uint16_t kService = directory::tree::kService;

  [[nodiscard]] static std::optional<Input> told(overlay::Action& action);
  [[nodiscard]] static std::optional<overlay::Input> wanted(Action& action);
};

/// The place of soft records.
struct SoftSeat {
  using Machine = directory::soft::SoftRecords;
  using Config = directory::soft::Config;
  using Tick = directory::soft::Tick;
  using Input = directory::soft::Input;
  using Action = directory::soft::Action;
  using Commands = std::variant<directory::soft::PutSoft, directory::soft::GetSoft>;
  using Answers = std::variant<directory::soft::Done>;
  static constexpr std::uint16_t kService = directory::soft::kService;

  [[nodiscard]] static std::optional<Input> told(overlay::Action& action);
  [[nodiscard]] static std::optional<overlay::Input> wanted(Action& action);
};

/// The place of queries. They use the Directory and the Tree of their node, so this seat says more:
/// - `asked`: what an action of it wants of another machine;
/// - `heard`: what an action of another machine means to it alone; nothing: it is somebody else's.
struct QueriesSeat {
  using Machine = placement::QueryService;
  using Config = placement::Config;
  using Tick = placement::Tick;
  using Input = placement::Input;
  using Action = placement::Action;
  using Commands =
      std::variant<placement::Identity, placement::Request, placement::Opened, placement::BarrierPassed,
                   placement::InstanceFailed, placement::InstanceFinished, placement::LinkDown,
                   placement::LoadReport, placement::Drain>;
  using Answers =
      std::variant<placement::RequestDone, placement::OpenInstance, placement::Fence, placement::StartBarrier,
                   placement::HoldSources, placement::Drained, placement::QueryEvent>;
  static constexpr std::uint16_t kService = placement::kService;

  [[nodiscard]] static std::optional<Input> told(overlay::Action& action);
  [[nodiscard]] static std::optional<overlay::Input> wanted(Action& action);
  [[nodiscard]] static std::optional<directory::Input> asked_of(DirectorySeat seat, Action& action);
  [[nodiscard]] static std::optional<directory::tree::Input> asked_of(TreeSeat seat, Action& action);
  [[nodiscard]] static std::optional<Input> heard(directory::Action& action);
  [[nodiscard]] static std::optional<Input> heard(directory::tree::Action& action);
};

/// All machines beside the overlay, in the order in which they are served. A new one is one entry more.
using Seats = std::tuple<DirectorySeat, TreeSeat, SoftSeat, QueriesSeat>;

/// Whether machines of `Seat` use those of `Other`, and hear from them.
template <class Seat, class Other>
concept Uses = requires(Other other, typename Seat::Action action) {
  Seat::asked_of(other, action);
};
template <class Seat, class Other>
concept Hears = requires(typename Other::Action action) {
  Seat::heard(action);
};

/// Types made from those of all seats.
template <class List>
struct OfSeats;
template <class... Seat>
struct OfSeats<std::tuple<Seat...>> {
  /// How a node's machines are set up; a machine without a configuration is not there.
  using Configs = std::tuple<std::optional<typename Seat::Config>...>;
  using Machines = std::tuple<std::unique_ptr<typename Seat::Machine>...>;
  using Actions = std::tuple<std::vector<typename Seat::Action>...>;
};

template <class... List>
struct Joined;
template <class... Only>
struct Joined<std::variant<Only...>> {
  using type = std::variant<Only...>;
};
template <class... First, class... Second, class... More>
struct Joined<std::variant<First...>, std::variant<Second...>, More...> {
  using type = typename Joined<std::variant<First..., Second...>, More...>::type;
};
template <class Own, class List>
struct WithSeats;
template <class Own, class... Seat>
struct WithSeats<Own, std::tuple<Seat...>> {
  using Commands = typename Joined<Own, typename Seat::Commands...>::type;
  using Answers = typename Joined<Own, typename Seat::Answers...>::type;
};

}  // namespace dart::node
