#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/checkers.hpp"
#include "sim/route_experiment.hpp"
#include "sim/world.hpp"
#include "support/temp_folder.hpp"

namespace dart::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint16_t kService = 9;

/// What the layers above would be told, in order.
class Listener final : public Observer {
 public:
  struct Told {
    std::uint32_t machine = 0;
    node::Action action;
  };
  void on_action(std::uint32_t machine, const node::Action& action) override {
    const bool wanted = std::holds_alternative<overlay::Transit>(action) ||
                        std::holds_alternative<overlay::Deliver>(action) ||
                        std::holds_alternative<overlay::Delivered>(action) ||
                        std::holds_alternative<overlay::BadgeChanged>(action);
    if (wanted) told.push_back({machine, action});
  }
  template <class Kind>
  std::vector<std::pair<std::uint32_t, Kind>> take() {
    std::vector<std::pair<std::uint32_t, Kind>> found;
    for (const Told& one : told) {
      if (const auto* it = std::get_if<Kind>(&one.action)) found.emplace_back(one.machine, *it);
    }
    std::erase_if(told, [](const Told& one) { return std::holds_alternative<Kind>(one.action); });
    return found;
  }
  std::vector<Told> told;
};

/// Forty nodes that have settled; every message goes through its bytes.
class Services : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kNodes = 40;

  Services() : world_(options(), *make_delay_model("plane", Random(1))) {
    world_.set_observer(&listener_);
    for (std::uint32_t i = 0; i < kNodes; ++i) world_.add_machine();
    world_.start(0, {}, true);
    for (std::uint32_t i = 1; i < kNodes; ++i) {
      world_.start(i, {0});
      run(1);
    }
    run(10);
    EXPECT_EQ(wrong_leaf_set(world_), "");
    listener_.told.clear();
  }
  static WorldOptions options() {
    WorldOptions options;
    options.seed = 11;
    options.codec_every = 1;
    options.check_every = 1;
    return options;
  }
  void run(int seconds) { world_.run_until(world_.now() + Duration{seconds * kSecond}); }
  /// A key whose root is far enough from an origin that the way has hops between.
  std::pair<std::uint32_t, Key> far_pair() {
    Random random(5);
    const RingTruth truth = truth_of(world_);
    while (true) {
      const auto origin = static_cast<std::uint32_t>(random.below(kNodes));
      const Key key = NodeId::draw(random);
      const auto next = world_.core(origin)->overlay().next_hop(key);
      if (next && World::machine_of(*next) != truth.root(key)) return {origin, key};
    }
  }
  /// Lets every stopped message go on with one more letter; returns the machines where it stopped.
  std::vector<std::uint32_t> pass_on(int seconds) {
    std::vector<std::uint32_t> stops;
    for (int i = 0; i < seconds * 20; ++i) {
      world_.run_until(world_.now() + Duration{kSecond / 20});
      for (auto& [machine, transit] : listener_.take<overlay::Transit>()) {
        stops.push_back(machine);
        transit.routed.payload += '+';
        world_.command(machine, overlay::Resume{std::move(transit.routed)});
      }
    }
    return stops;
  }

  World world_;
  Listener listener_;
};

TEST_F(Services, a_stepwise_message_stops_at_each_hop_and_goes_on_changed) {
  const auto [origin, key] = far_pair();
  world_.command(origin, overlay::Route{key, 1, kService, overlay::HopMode::Stepwise, true, "start"});
  const auto stops = pass_on(3);
  ASSERT_GE(stops.size(), 2U);
  EXPECT_EQ(stops.front(), origin);
  const auto delivered = listener_.take<overlay::Deliver>();
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].first, truth_of(world_).root(key));
  EXPECT_EQ(delivered[0].second.routed.payload, "start" + std::string(stops.size(), '+'));
  EXPECT_EQ(delivered[0].second.routed.hops, stops.size());
  EXPECT_EQ(delivered[0].second.routed.service, kService);
  const auto receipts = listener_.take<overlay::Delivered>();
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].first, origin);
  EXPECT_EQ(receipts[0].second.request, 1U);
}

TEST_F(Services, a_stopped_message_that_nobody_resumes_is_not_delivered) {
  const auto [origin, key] = far_pair();
  world_.command(origin, overlay::Route{key, 1, kService, overlay::HopMode::Stepwise, false, "start"});
  run(5);
  EXPECT_EQ(listener_.take<overlay::Transit>().size(), 1U);
  EXPECT_TRUE(listener_.take<overlay::Deliver>().empty());
}

TEST_F(Services, a_resumed_message_goes_another_way_when_the_next_hop_has_died) {
  const auto [origin, key] = far_pair();
  world_.command(origin, overlay::Route{key, 1, kService, overlay::HopMode::Stepwise, true, "start"});
  const auto stopped = listener_.take<overlay::Transit>();
  ASSERT_EQ(stopped.size(), 1U);
  world_.crash(World::machine_of(stopped[0].second.next), false);
  world_.command(origin, overlay::Resume{stopped[0].second.routed});
  pass_on(10);
  const auto delivered = listener_.take<overlay::Deliver>();
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].first, truth_of(world_).root(key));
}

TEST_F(Services, badges_reach_every_leaf_set_that_a_node_stands_in) {
  const RingTruth truth = truth_of(world_);
  const std::uint32_t me = 7;
  const std::size_t place = truth.place(world_.id(me));
  const auto seen_by = [&](const overlay::Badge& badge) {
    std::vector<std::uint32_t> machines;
    for (const auto& [machine, shown] : listener_.take<overlay::BadgeChanged>()) {
      EXPECT_EQ(World::machine_of(shown.node), me);
      EXPECT_EQ(shown.badge, badge);
      machines.push_back(machine);
    }
    std::sort(machines.begin(), machines.end());
    return machines;
  };
  std::vector<std::uint32_t> expected;
  for (std::size_t i = 1; i <= overlay::limits::kLeafSide; ++i) {
    expected.push_back(truth.at(place + i));
    expected.push_back(truth.at(place + truth.size() - i));
  }
  std::sort(expected.begin(), expected.end());

  world_.command(me, overlay::SetBadge{"load 1"});
  run(1);
  EXPECT_GE(listener_.told.size(), 2U) << "both neighbours know after a heartbeat";
  run(40);
  EXPECT_EQ(seen_by("load 1"), expected) << "each once: a badge that stays the same is no news";
  const std::string largest(overlay::limits::kBadgeBytes, 'x');
  world_.command(me, overlay::SetBadge{largest});
  run(40);
  EXPECT_EQ(seen_by(largest), expected);
  world_.command(me, overlay::SetBadge{largest + 'x'});
  run(40);
  EXPECT_TRUE(listener_.take<overlay::BadgeChanged>().empty()) << "one too large is refused";
  EXPECT_EQ(world_.core(me)->overlay().counters().dropped_full, 1U);
}

TEST(Matrix, a_ring_over_round_trips_from_a_file) {
  // Two far apart places with three sites each; DART_RTT_MATRIX names a measured matrix instead.
  const support::TempFolder folder;
  std::string path = folder.file("rtt.csv");
  if (const char* given = std::getenv("DART_RTT_MATRIX"); given != nullptr) {
    path = given;
  } else {
    std::ofstream(path) << "0,4,6,180,0,186\n4,0,5,182,184,188\n6,5,0,181,183,185\n"
                           "180,182,181,0,3,8\n0,184,183,3,0,7\n186,188,185,8,7,0\n";
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  auto delays = make_delay_model("matrix", Random(1), text.str());
  ASSERT_TRUE(delays.has_value()) << delays.error().message;
  RouteOptions options;
  options.nodes = 150;
  options.sinks = 0;
  options.settle = {30 * kSecond};
  const RouteReport report = run_route(options, std::move(*delays));
  EXPECT_EQ(report.joined, 150U);
  EXPECT_EQ(report.delivered, 150U);
  EXPECT_EQ(report.wrong_root, 0U);
  EXPECT_LT(report.stretch.ratio_of_means, 1.6);
}

TEST(Matrix, delays_are_half_the_round_trip_and_the_last_miles) {
  auto delays = make_delay_model("matrix", Random(1), "0,100,20\r\n100,0,0\r\n20,0,0\r\n");
  ASSERT_TRUE(delays.has_value());
  Random random(2);
  for (int i = 0; i < 3; ++i) (*delays)->add_machine(random);
  const auto between = [&](std::uint32_t a, std::uint32_t b, std::int64_t round_trip_us) {
    EXPECT_GE((*delays)->delay(a, b).us, round_trip_us / 2);
    EXPECT_LE((*delays)->delay(a, b).us, round_trip_us / 2 + 10'000) << "two last miles of at most 5 ms";
    EXPECT_EQ((*delays)->delay(a, b), (*delays)->delay(b, a));
  };
  between(0, 1, 100'000);
  between(0, 2, 20'000);
  between(1, 2, 120'000);  // not measured: through site 0
}

TEST(Matrix, what_is_no_square_of_round_trips_is_refused) {
  for (const auto* text : {"", "0\n", "0,1\n1\n", "0,x\n1,0\n", "0,-1\n-1,0\n", "0,1,2\n1,0,2\n"}) {
    EXPECT_FALSE(make_delay_model("matrix", Random(1), text).has_value()) << text;
  }
}

}  // namespace
}  // namespace dart::sim
