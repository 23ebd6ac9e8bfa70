#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "sim/deploy_experiment.hpp"

namespace dart::sim {
namespace {

constexpr std::uint32_t kNodes = 40;

/// Every step that `central` and `cost` were seen to take costs `step_us`; no kind is known by itself.
ControlCosts costs(double step_us, double plan_us = 500) {
  ControlCosts made;
  made.plan = {plan_us, 1};
  made.open = {20, 1};
  made.steps["cost"][*step_kind_named("local.tick >")] = {step_us, 1};
  return made;
}

DeployReport deploy(std::uint32_t apps, const std::string& policy, const ControlCosts& costs,
                    std::uint64_t seed = 3) {
  DeployOptions options;
  options.nodes = kNodes;
  options.apps = apps;
  options.policy = policy;
  options.seed = seed;
  options.app = app_spec("app");
  options.app.program = std::string(2000, 'p');
  options.settle = {5'000'000};
  options.window = {12'000'000};
  return run_deploy(options, costs, *make_delay_model("transit-stub", Random(seed)));
}

double mean_ms(const DeployReport& report) {
  const auto& times = report.deployment_us;
  return std::accumulate(times.begin(), times.end(), 0.0) / 1000 / static_cast<double>(times.size());
}

TEST(DeployExperiment, apps_handed_in_at_once_all_run) {
  const DeployReport report = deploy(60, "cost", costs(5));
  EXPECT_EQ(report.joined, kNodes);
  EXPECT_EQ(report.running, 60U);
  EXPECT_EQ(report.refused, 0U) << report.refusal;
  EXPECT_EQ(report.deployment_us.size(), 60U);
  EXPECT_EQ(report.to_sink_us.size(), 60U * 4);
  EXPECT_GE(report.spread.operators, 60U);
  EXPECT_GT(report.schedulers, 20U);
  EXPECT_GT(report.window.messages, report.deploying.messages);
  EXPECT_GT(report.window.bytes, report.deploying.bytes);
  EXPECT_EQ(report.idle_deploying_per_s, 0) << "only what deploying costs is counted as such";
  std::uint64_t by_kind = 0;
  for (const KindTraffic& it : report.kinds) by_kind += it.traffic.messages;
  EXPECT_EQ(by_kind, report.deploying.messages);

  const DeployReport few = deploy(6, "cost", costs(5));
  EXPECT_NEAR(
      static_cast<double>(report.deploying.messages) / 60 * 6 / static_cast<double>(few.deploying.messages),
      1, 0.1)
      << "messages an app stay the same with more apps";
}

TEST(DeployExperiment, a_seed_repeats_a_run_and_dearer_control_takes_longer) {
  const DeployReport one = deploy(20, "route", costs(5));
  const DeployReport same = deploy(20, "route", costs(5));
  EXPECT_EQ(one.deployment_us, same.deployment_us);
  EXPECT_EQ(one.window.messages, same.window.messages);
  EXPECT_EQ(one.events, same.events);
  EXPECT_GT(mean_ms(deploy(20, "route", costs(2000))), mean_ms(one) + 20)
      << "some twenty steps follow one another, of 2 ms each";
}

TEST(DeployExperiment, refusals_are_met_by_one_question_each) {
  // Far more operators than nodes would take: hosts refuse, and others are asked in their place.
  const DeployReport report = deploy(80, "route", costs(5));
  EXPECT_EQ(report.running, 80U) << report.refusal;
  std::map<std::string, std::uint64_t> sent;
  for (const KindTraffic& it : report.kinds) sent[it.name] = it.traffic.messages;
  EXPECT_GT(sent["query.reserve"], 80U);
  EXPECT_LT(sent["query.reserve"], 80U * 40);
  EXPECT_LE(sent["query.reserved"], sent["query.reserve"]) << "one answer to each question";
}

TEST(DeployExperiment, central_schedules_at_one_node_which_pays_for_all) {
  constexpr double kPlanUs = 20'000;
  const DeployReport few = deploy(4, "central", costs(5, kPlanUs));
  const DeployReport many = deploy(64, "central", costs(5, kPlanUs));
  EXPECT_EQ(many.running, 64U);
  EXPECT_EQ(many.schedulers, 1U);
  EXPECT_EQ(many.busiest_scheduler, 64U);
  EXPECT_GT(many.busiest_ns, 64 * static_cast<std::int64_t>(kPlanUs) * 1000);
  EXPECT_LT(many.busiest_ns, 64 * static_cast<std::int64_t>(1.2 * kPlanUs) * 1000);
  // Plans are made one after the other: on average each waits for half of the others.
  EXPECT_GT(mean_ms(many), mean_ms(few) + 60 * kPlanUs / 1000 / 2 * 0.7);
}

/// Counts what passes, and lets each step take a millisecond.
class Counting final : public Processor {
 public:
  [[nodiscard]] bool urgent(const node::Input& input) const override {
    return std::holds_alternative<overlay::Received>(input);
  }
  void begin(const node::NodeCore&, const node::Input&) override { ++begun; }
  std::int64_t end(const node::NodeCore&, const std::vector<node::Action>&) override {
    ++ended;
    return 1'000'000;
  }
  std::uint64_t begun = 0;
  std::uint64_t ended = 0;
};

TEST(World, a_busy_machine_takes_what_waits_in_turn) {
  WorldOptions options;
  World world(options, *make_delay_model("plane", Random(1)));
  world.add_machine();
  world.start(0, {}, true);
  world.run_until(world.now() + Duration{5'000'000});
  Counting processor;
  world.set_processor(&processor);
  const TimePoint begin = world.now();
  for (int i = 0; i < 10; ++i)
    world.command(0, overlay::SetBadge{std::string(1, static_cast<char>('a' + i))});
  EXPECT_EQ(processor.begun, 1U) << "the others wait";
  EXPECT_EQ(world.free_at(0).us, begin.us + 1000);
  world.run_until(begin + Duration{9'500});
  EXPECT_EQ(processor.ended, 10U);
  EXPECT_EQ(world.free_at(0).us, begin.us + 10'000);
  EXPECT_EQ(world.server(0).busy_ns, 10'000'000);
  EXPECT_EQ(world.server(0).steps, 10U);
  EXPECT_EQ(world.server(0).longest_queue, 9U);
  EXPECT_EQ(world.server(0).longest_wait_us, 9'000);
}

TEST(ControlCosts, are_read_as_they_were_written) {
  ControlCosts written = costs(5);
  written.steps["route"][*step_kind_named("query.join > overlay.hop_ack query.reserve")] = {12.25, 7};
  const auto read = ControlCosts::parse("# by whom\n" + written.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text(), written.text());
  StepCosts route(*read, "route");
  EXPECT_EQ(route.of(*step_kind_named("query.join > overlay.hop_ack query.reserve")), 12'250);
  EXPECT_EQ(route.guessed(), 0U);
  EXPECT_EQ(route.of(*step_kind_named("query.join >")), 12'250) << "of what handles the same";
  EXPECT_EQ(route.guessed(), 1U);
}

TEST(ControlCosts, say_which_line_is_wrong) {
  const auto complaint = [](const std::string& text) {
    const auto read = ControlCosts::parse(text);
    return read ? std::string("none") : read.error().message;
  };
  EXPECT_THAT(complaint("plan 1 1\nopen -1 1\n"), testing::HasSubstr("line 2"));
  EXPECT_THAT(complaint("plan 1 1\npolicy cost\n1 1 local.nap >\n"), testing::HasSubstr("line 3"));
  EXPECT_THAT(complaint("plan 1 1\n1 1 local.tick >\n"), testing::HasSubstr("line 2")) << "of no policy";
  EXPECT_THAT(complaint("plan 1 1\npolicy cost\nnan 1 local.tick >\n"), testing::HasSubstr("line 3"));
  EXPECT_THAT(complaint("plan 1 0\n"), testing::HasSubstr("line 1"));
  EXPECT_THAT(complaint(""), testing::HasSubstr("no policy"));
}

TEST(MessageKind, names_stand_for_kinds) {
  for (std::size_t k = 0; k < message_kinds(); ++k) {
    const auto kind = static_cast<MessageKind>(k);
    EXPECT_EQ(kind_named(name_of(kind)), kind);
  }
  EXPECT_FALSE(kind_named("query.nothing"));
  EXPECT_TRUE(is_upkeep(*kind_named("overlay.heartbeat")));
  EXPECT_TRUE(is_upkeep(*kind_named("query.roll_call")));
  EXPECT_FALSE(is_upkeep(*kind_named("query.watch")));
  EXPECT_FALSE(is_upkeep(*kind_named("overlay.hop_ack")));
  EXPECT_EQ(kind_of(overlay::Direct{placement::kService, "no message"}), *kind_named("overlay.direct"));
}

}  // namespace
}  // namespace dart::sim
